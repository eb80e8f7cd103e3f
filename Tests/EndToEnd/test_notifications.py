"""Notifications: those named are told, by a signed webhook, at least once, whatever dies on the way."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import pytest
import requests

import martlet
from receiver import Message, Receiver

KEY = "whsec_" + base64.b64encode(b"a key of the test's own").decode()
PROJECT = """
martlet: 1
project: tiny
charter: {problem: none, owner: owner@example.com}
data:
  rows:
    source: data/{partition}.csv
    key: [id]
    partition: {by: day, column: day}
    card: {owner: data@example.com}
    schema: {id: {type: string}, day: date, x: {type: float, min: 0}}
steps:
  a: {run: "exit 3"}
notify:
  - {events: [run.failed, data.quarantined], to: "webhook:secret:oncall"}
  - {events: [run.failed], to: log}
"""


@pytest.fixture
def receiver():
    receiver = Receiver("/hooks/its-path-is-a-secret", usual=204)
    yield receiver
    receiver.stop()


@pytest.fixture
def told(new_server, receiver):
    """A server that may reach the receiver, with a project that names it."""
    server = new_server("--allow-outbound", f"127.0.0.1:{receiver.port}", MARTLET_SECRET_ONCALL=receiver.url,
                        MARTLET_SECRET_ONCALL_KEY=KEY)
    return with_project(server)


def with_project(server):
    answer = requests.put(server.url + "/api/v1/projects/tiny", json={"files": [{"path": "martlet.yaml", "text": PROJECT}]}, timeout=30)
    assert answer.status_code == 200, answer.text
    return server


def quarantine(server, day="2013-01-01") -> None:
    answer = requests.put(f"{server.url}/api/v1/projects/tiny/datasets/rows/partitions/{day}", params={"file": "rows.csv"},
                          data=f"id,day,x\na,{day},1\nb,{day},-5\n", headers={"Content-Type": "text/csv"}, timeout=60)
    assert answer.status_code == 200 and answer.json()["state"] == "quarantined", answer.text


def fail_a_run(server) -> str:
    answer = requests.post(server.url + "/api/v1/projects/tiny/pipeline-runs", json={}, timeout=30)
    assert answer.status_code == 202, answer.text
    run = answer.json()["id"]
    martlet.wait_until(lambda: requests.get(f"{server.url}/api/v1/pipeline-runs/{run}", timeout=10).json()["state"] == "failed", 30)
    return run


def deliveries(server, **query):
    answer = requests.get(server.url + "/api/v1/notifications", params=query, timeout=10)
    assert answer.status_code == 200, answer.text
    return [item for item in answer.json()["items"] if item["destination"] != "log"]


def wait_for_state(server, state, seconds=30):
    return martlet.wait_until(lambda: deliveries(server, state=state), seconds, f"a notification that is {state}")


def verify(message: Message) -> dict:
    """The message's body, its signature checked as the Standard Webhooks specification says."""
    headers, body = message.headers, message.body
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(KEY.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["content-type"] == "application/json"
    return json.loads(body)


def test_a_quarantined_partition_reaches_the_webhook_signed_and_is_shown(told, receiver):
    receiver.start()
    quarantine(told)
    [message] = receiver.wait(1)
    assert message.path == receiver.path
    body = verify(message)
    [alert] = told.json("alert", "list")
    assert body["event"] == "data.quarantined" and body["project"] == "tiny" and body["subject"] == "dataset:tiny/rows"
    assert body["severity"] == "error" and body["owner"] == "data@example.com" and body["alert_id"] == alert["id"]
    assert body["reason"] == alert["reason"] and body["event_time"] == alert["first_at"]
    assert body["link"] == f"{told.url}/alerts?all=1#{alert['id']}"
    assert body["text"].startswith("tiny · data.quarantined (error): partition 2013-01-01") and body["link"] in body["text"]
    [delivery] = wait_for_state(told, "delivered")
    assert delivery["attempts"] == 1 and delivery["status"] == 204 and delivery["alert_id"] == alert["id"]
    assert delivery["id"] == message.headers["webhook-id"]
    page = requests.get(told.url + "/alerts", timeout=10).text
    assert "webhook:secret:oncall, delivered" in page
    shown = told.json("alert", "deliveries", "--alert", alert["id"][:8])
    assert [item["state"] for item in shown] == ["delivered"]

    quarantine(told)
    assert told.json("alert", "show", alert["id"])["occurrences"] == 2
    fail_a_run(told)
    assert verify(receiver.wait(2)[1])["event"] == "run.failed", "the second occurrence told nobody"
    martlet.wait_until(lambda: "tiny · run.failed (error)" in told.output, 10, "the log is told too")


def test_neither_the_address_nor_the_key_is_anywhere(told, receiver):
    receiver.answers = [500]
    receiver.start()
    quarantine(told)
    receiver.wait(2)
    wait_for_state(told, "delivered")
    listed = requests.get(told.url + "/api/v1/notifications", timeout=10).text
    ledger = requests.get(told.url + "/api/v1/ledger", timeout=10).text
    pages = requests.get(told.url + "/alerts?all=1", timeout=10).text + requests.get(told.url + "/audit", timeout=10).text
    told.stop()
    stored = b"".join(path.read_bytes() for path in sorted(told.data.rglob("*")) if path.is_file())
    for secret in [receiver.path.rsplit("/", 1)[1], KEY, KEY.removeprefix("whsec_")]:
        for text in [listed, ledger, pages, told.output]:
            assert secret not in text
        assert secret.encode() not in stored


def test_no_child_of_the_server_is_given_its_secrets(told):
    quarantine(told)

    def children():
        found = {}
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == told.process.pid:
                    found[int(folder.name)] = (folder / "environ").read_bytes()
            except OSError:
                continue
        return found

    scoring = martlet.wait_until(told.scoring_processes)
    found = children()
    assert set(scoring) & set(found) and set(found) - set(scoring), "the scoring process, and a worker that stays warm"
    assert all(b"PATH=" in variables for variables in found.values())
    assert not any(b"MARTLET_SECRET" in variables for variables in found.values())


def test_a_receiver_that_is_down_is_told_when_it_is_up_again(told, receiver):
    fail_a_run(told)
    [waiting] = martlet.wait_until(lambda: [d for d in deliveries(told, state="pending") if d["attempts"] > 0], 30)
    assert waiting["problem"].startswith("the webhook could not be reached") and "next_attempt" in waiting
    receiver.start()
    assert verify(receiver.wait(1)[0])["event"] == "run.failed"
    [delivery] = wait_for_state(told, "delivered")
    assert delivery["attempts"] > 1


def test_an_answer_of_500_is_tried_again_later_under_the_same_id(told, receiver):
    receiver.answers = [500, 429]
    receiver.start()
    begin = time.monotonic()
    fail_a_run(told)
    receiver.wait(3)
    assert time.monotonic() - begin > 2.5, "at least 1 s, then 2 s, between the attempts"
    assert [message.answer for message in receiver.messages] == [500, 429, 204]
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1
    for message in receiver.messages:
        verify(message)
    [delivery] = wait_for_state(told, "delivered")
    assert delivery["attempts"] == 3


def test_a_redirect_is_not_followed(told, receiver):
    receiver.answers = [302]
    receiver.start()
    fail_a_run(told)
    receiver.wait(2)
    assert [message.answer for message in receiver.messages] == [302, 204]


def test_what_was_acknowledged_is_told_although_the_server_is_killed_at_once(told, receiver):
    receiver.start()
    quarantine(told)
    told.kill()
    told.start()
    bodies = [verify(receiver.wait(1)[0])]
    wait_for_state(told, "delivered")
    assert bodies[0]["event"] == "data.quarantined"
    assert len(deliveries(told)) == 1


def test_what_could_not_be_told_is_told_by_the_next_server_after_a_kill(told, receiver):
    fail_a_run(told)
    [waiting] = martlet.wait_until(lambda: [d for d in deliveries(told, state="pending") if d["attempts"] > 0], 30)
    told.kill()
    receiver.start()
    told.start()
    assert receiver.wait(1)[0].headers["webhook-id"] == waiting["id"]
    [delivery] = wait_for_state(told, "delivered")
    assert delivery["id"] == waiting["id"]
    assert told.json("audit", "verify")["intact"] is True


def test_an_address_that_is_not_allowed_is_refused_recorded_and_sent_when_it_is_allowed(new_server, receiver):
    receiver.start()
    server = with_project(new_server(MARTLET_SECRET_ONCALL=receiver.url))
    fail_a_run(server)
    [refused] = wait_for_state(server, "refused")
    assert "not public" in refused["problem"] and "--allow-outbound" in refused["problem"]
    assert receiver.messages == []
    entries = requests.get(server.url + "/api/v1/ledger", params={"action": "notification."}, timeout=10).json()["items"]
    assert [entry["action"] for entry in entries] == ["notification.refused"]
    server.stop()
    server.arguments += ["--allow-outbound", "127.0.0.1"]
    server.start()
    assert server.json("alert", "redeliver", refused["id"])["state"] == "pending"
    [message] = receiver.wait(1)
    assert message.headers["webhook-id"] == refused["id"]
    assert "webhook-signature" not in message.headers, "no key is set"
    wait_for_state(server, "delivered")
    assert server.cli("alert", "redeliver", refused["id"]).returncode == 6
    assert server.cli("alert", "redeliver", "nothing").returncode == 3


def test_a_secret_in_a_file_is_used_when_only_its_owner_can_read_it(new_server, receiver):
    receiver.start()
    server = with_project(new_server("--allow-outbound", "127.0.0.1"))
    fail_a_run(server)
    [waiting] = martlet.wait_until(lambda: [d for d in deliveries(server, state="pending") if d["attempts"] > 0], 30)
    assert waiting["problem"].startswith("the secret 'oncall' is not set") and "MARTLET_SECRET_ONCALL" in waiting["problem"]
    secrets = server.data / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "oncall").write_text(receiver.url + "\n")
    (secrets / "oncall").chmod(0o644)
    martlet.wait_until(lambda: "others than its owner can read it" in deliveries(server)[0].get("problem", ""), 30)
    assert receiver.messages == []
    (secrets / "oncall").chmod(0o600)
    receiver.wait(1)


@pytest.mark.parametrize("wrong", ["http://127.0.0.1:1", "a b", "host:port"])
def test_what_is_no_host_cannot_be_allowed(folder, wrong):
    result = martlet.command("up", "--port", martlet.free_port(), "--data", folder / "data", "--allow-outbound", wrong)
    assert result.returncode == 1 and "fix:   write it as 127.0.0.1:9093" in result.stderr


def test_an_alert_is_listed_shown_acknowledged_and_resolved_on_the_command_line(new_server):
    server = with_project(new_server())
    quarantine(server)
    [alert] = server.json("alert", "list")
    short = alert["id"][:8]
    assert server.json("alert", "show", short) == alert
    table = server.cli("alert", "list").stdout.splitlines()
    assert table[0].split()[:4] == ["ID", "SEVERITY", "STATE", "SINCE"] and alert["id"] in table[1] and "T" in table[1].split()[3]
    shown = server.cli("alert", "show", short)
    assert shown.returncode == 0 and alert["reason"] in shown.stdout and f"{server.url}/alerts" in shown.stdout

    seen = server.json("alert", "acknowledge", short, "--reason", "asked for it")
    assert seen["state"] == "acknowledged" and seen["acknowledged_by"]
    assert server.json("alert", "list") == [] and len(server.json("alert", "list", "--all")) == 1
    over = server.json("alert", "resolve", short, "--reason", "delivered again")
    assert over["state"] == "resolved" and over["acknowledged_by"] == seen["acknowledged_by"]
    assert server.json("alert", "resolve", short)["state"] == "resolved", "again changes nothing"
    reasons = [entry.get("reason") for entry in server.json("audit", "log", "--object", f"alert:{alert['id']}")]
    assert reasons[:2] == ["delivered again", "asked for it"] and len(reasons) == 3

    late = server.cli("alert", "acknowledge", short, "-o", "json")
    assert late.returncode == 6 and json.loads(late.stderr)["error"]["code"] == "CONFLICT"
    for words in [["show", "ffffffff"], ["acknowledge", "nothing"], ["resolve", "ffffffff"]]:
        unknown = server.cli("alert", *words)
        assert unknown.returncode == 3 and "martlet alert list --all" in unknown.stderr
    assert server.cli("alert", "show").returncode == 2
    quarantine(server)
    [again] = server.json("alert", "list")
    assert again["id"] != alert["id"] and again["occurrences"] == 1


@pytest.mark.parametrize("words", [[], ["list"], ["show"], ["acknowledge"], ["resolve"], ["deliveries"], ["redeliver"]])
def test_each_help_begins_with_an_example(words):
    result = martlet.command("alert", *words, "--help")
    assert result.returncode == 0 and result.stdout.index("EXAMPLE") < result.stdout.index("USAGE")
    assert "martlet alert" in result.stdout.split("USAGE")[0]
