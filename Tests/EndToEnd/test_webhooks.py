"""Webhooks of the registry: made by MLflow's own client, told in MLflow's own shapes, checked with MLflow's signature."""

import json
import os
import time
from datetime import datetime

import pytest
import requests

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException
from mlflow.webhooks.delivery import _generate_hmac_signature

import martlet
from receiver import Message, Receiver

SECRET = "a secret of the test's own"
EVENTS = ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
          "model_version_alias.created", "model_version_alias.deleted"]


def verify(message: Message) -> dict:
    """The body of a message that MLflow's own function signs alike."""
    headers, body = message.headers, message.body
    expected = _generate_hmac_signature(SECRET, headers["x-mlflow-delivery-id"], headers["x-mlflow-timestamp"], body.decode())
    assert headers["x-mlflow-signature"] == expected
    assert abs(int(headers["x-mlflow-timestamp"]) - time.time()) < 60
    assert headers["content-type"] == "application/json"
    told = json.loads(body)
    assert set(told) == {"entity", "action", "timestamp", "data"} and datetime.fromisoformat(told["timestamp"]).tzinfo
    return told


@pytest.fixture
def receiver():
    receiver = Receiver("/hook?token=hidden", text=b"thanks")
    yield receiver
    receiver.stop()


@pytest.fixture
def told(new_server, receiver):
    return new_server("--allow-outbound", f"127.0.0.1:{receiver.port}")


def client(server) -> MlflowClient:
    return MlflowClient(tracking_uri=server.url, registry_uri=server.url)


def listen(server, receiver, events=EVENTS, **more):
    return client(server).create_webhook(
        name="ci", url=receiver.url, events=[WebhookEvent.from_str(event) for event in events], secret=SECRET, **more)


def deliveries(server, **query):
    answer = requests.get(server.url + "/api/v1/webhook-deliveries", params=query, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def wait_for_state(server, state, count=1, seconds=30):
    def found():
        items = deliveries(server, state=state)
        return items if len(items) >= count else None
    return martlet.wait_until(found, seconds, f"{count} deliveries that are {state}")


def test_mlflows_client_makes_lists_changes_and_deletes_webhooks(told, receiver):
    mlflow = client(told)
    webhook = listen(told, receiver, description="for the CI")
    read = mlflow.get_webhook(webhook.webhook_id)
    assert read.name == "ci" and read.url == receiver.url and read.description == "for the CI"
    assert [str(event) for event in read.events] == EVENTS and read.status == WebhookStatus.ACTIVE
    assert read.secret is None and read.creation_timestamp == read.last_updated_timestamp > 0
    changed = mlflow.update_webhook(webhook.webhook_id, name="cd", status=WebhookStatus.DISABLED,
                                    events=[WebhookEvent.from_str("prompt.created")])
    assert (changed.name, changed.url, changed.status) == ("cd", receiver.url, WebhookStatus.DISABLED)
    assert [str(event) for event in changed.events] == ["prompt.created"]
    for number in range(4):
        mlflow.create_webhook(name=f"w{number}", url="https://hooks.example.com/x", events=[WebhookEvent.from_str("model_version.created")])
    first = mlflow.list_webhooks(max_results=3)
    rest = mlflow.list_webhooks(max_results=3, page_token=first.token)
    assert len(first) == 3 and len(rest) == 2 and len({w.webhook_id for w in [*first, *rest]}) == 5
    mlflow.delete_webhook(webhook.webhook_id)
    with pytest.raises(MlflowException) as failure:
        mlflow.get_webhook(webhook.webhook_id)
    assert failure.value.error_code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("name,url,event", [
    ("-ci", "https://hooks.example.com", "model_version.created"), ("ci", "http://hooks.example.com", "model_version.created"),
    ("ci", "https://127.0.0.1/x", "model_version.created"), ("ci", "https://localhost/x", "model_version.created"),
    ("ci", "file:///etc/passwd", "model_version.created"), ("ci", "https://hooks.example.com", "budget_policy.exceeded"),
])
def test_what_mlflow_or_the_outbound_policy_refuses_is_refused(shared_server, name, url, event):
    with pytest.raises(MlflowException) as failure:
        client(shared_server).create_webhook(name=name, url=url, events=[WebhookEvent.from_str(event)])
    assert failure.value.error_code == "INVALID_PARAMETER_VALUE"


def test_every_change_is_told_signed_and_as_it_was(told, receiver):
    receiver.start()
    listen(told, receiver)
    mlflow = client(told)
    mlflow.create_registered_model("delays", tags={"team": "blue"}, description="late flights")
    run = mlflow.create_run("0")
    mlflow.create_model_version("delays", source=f"runs:/{run.info.run_id}/model", run_id=run.info.run_id, tags={"a": "b"}, description="first")
    mlflow.set_model_version_tag("delays", "1", "checked", "no")
    mlflow.set_model_version_tag("delays", "1", "checked", "yes")
    mlflow.delete_model_version_tag("delays", "1", "checked")
    mlflow.set_registered_model_alias("delays", "champion", "1")
    mlflow.delete_registered_model_alias("delays", "champion")
    bodies = [verify(message) for message in receiver.wait(7)]
    assert len({message.headers["x-mlflow-delivery-id"] for message in receiver.messages}) == 7
    data = {}
    for body in bodies:
        data.setdefault(f"{body['entity']}.{body['action']}", []).append(body["data"])
    assert data["registered_model.created"] == [{"name": "delays", "tags": {"team": "blue"}, "description": "late flights"}]
    [version] = data["model_version.created"]
    assert version == {"name": "delays", "version": "1", "source": f"runs:/{run.info.run_id}/model",
                       "run_id": run.info.run_id, "tags": {"a": "b"}, "description": "first"}
    assert {tag["value"] for tag in data["model_version_tag.set"]} == {"no", "yes"}
    assert data["model_version_tag.deleted"] == [{"name": "delays", "version": "1", "key": "checked"}]
    assert data["model_version_alias.created"] == [{"name": "delays", "alias": "champion", "version": "1"}]
    assert data["model_version_alias.deleted"] == [{"name": "delays", "alias": "champion"}]
    wait_for_state(told, "delivered", 7)
    listed = told.json("webhook", "deliveries")
    assert len(listed) == 7 and all(item["status"] == 200 and item["attempts"] == 1 for item in listed)
    assert requests.get(told.url + "/api/v1/notifications", timeout=10).json()["items"] == []


def test_a_receiver_that_fails_redirects_or_hangs_is_tried_again(told, receiver):
    receiver.answers = [500, 404, 302]
    receiver.start()
    listen(told, receiver)
    client(told).create_registered_model("m")
    for message in receiver.wait(4, 60):
        verify(message)
    assert [message.answer for message in receiver.messages] == [500, 404, 302, 200]
    assert len({message.headers["x-mlflow-delivery-id"] for message in receiver.messages}) == 1
    [delivery] = wait_for_state(told, "delivered")
    assert delivery["attempts"] == 4
    receiver.answers = ["hang"]
    client(told).create_registered_model("n")
    verify(receiver.wait(5)[4])
    client(told).create_registered_model("o")
    [waiting] = martlet.wait_until(lambda: [d for d in deliveries(told, state="pending") if d["attempts"] == 1], 30, "the hanging one is given up")
    assert waiting["problem"] and "127.0.0.1" not in waiting["problem"]
    wait_for_state(told, "delivered", 3)


def test_a_receiver_that_is_away_is_told_later_also_after_a_kill(told, receiver):
    listen(told, receiver)
    client(told).create_registered_model("m")
    [waiting] = martlet.wait_until(lambda: [d for d in deliveries(told, state="pending") if d["attempts"] > 0], 30)
    told.kill()
    receiver.start()
    told.start()
    body = verify(receiver.wait(1)[0])
    assert body["data"]["name"] == "m" and receiver.messages[0].headers["x-mlflow-delivery-id"] == waiting["id"]
    wait_for_state(told, "delivered")
    assert told.json("audit", "verify")["intact"] is True


def test_what_was_acknowledged_is_told_although_the_server_is_killed_at_once(told, receiver):
    receiver.start()
    listen(told, receiver)
    client(told).create_registered_model("m")
    told.kill()
    told.start()
    assert verify(receiver.wait(1)[0])["data"]["name"] == "m"
    wait_for_state(told, "delivered")
    assert len(deliveries(told)) == 1


def test_an_example_is_sent_for_a_test_and_what_came_of_it_is_told(told, receiver):
    mlflow = client(told)
    webhook = listen(told, receiver)
    away = mlflow.test_webhook(webhook.webhook_id)
    assert not away.success and away.response_status is None and "hidden" not in away.error_message
    receiver.start()
    result = mlflow.test_webhook(webhook.webhook_id, WebhookEvent.from_str("model_version_alias.created"))
    assert result.success and result.response_status == 200 and result.response_body == "thanks"
    body = verify(receiver.wait(1)[0])
    assert (body["entity"], body["action"]) == ("model_version_alias", "created")
    assert body["data"] == {"name": "example_model", "alias": "example_alias", "version": "1"}
    receiver.answers = [418]
    refused = mlflow.test_webhook(webhook.webhook_id)
    assert not refused.success and refused.response_status == 418
    assert told.cli("webhook", "test", webhook.webhook_id).returncode == 0
    receiver.answers = [500]
    assert told.cli("webhook", "test", webhook.webhook_id).returncode == 5


def test_a_secret_is_nowhere_to_be_read(told, receiver):
    receiver.start()
    webhook = listen(told, receiver)
    client(told).create_registered_model("m")
    wait_for_state(told, "delivered")
    answers = [requests.get(told.url + path, timeout=10).text for path in
               ["/api/2.0/mlflow/webhooks", f"/api/v1/webhooks/{webhook.webhook_id}", "/api/v1/ledger", "/api/v1/webhook-deliveries"]]
    assert not any(SECRET in answer for answer in answers)
    assert told.stop() == 0
    for file in told.data.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file
    assert SECRET not in told.output and "token=hidden" not in told.output
    assert (told.data / "webhooks.key").stat().st_mode & 0o777 == 0o600


def test_webhooks_on_the_command_line(told, receiver, folder):
    (folder / "key").write_text(SECRET + "\n")
    receiver.start()
    made = told.json("webhook", "create", "ci", "--url", receiver.url, "--event", "registered_model.created",
                     "--secret-file", folder / "key", "--description", "d")
    assert made["signed"] is True and made["status"] == "active" and made["events"] == ["registered_model.created"]
    assert [w["id"] for w in told.json("webhook", "list")] == [made["id"]]
    assert told.json("webhook", "show", made["id"]) == made
    client(told).create_registered_model("m")
    verify(receiver.wait(1)[0])
    changed = told.json("webhook", "update", made["id"], "--status", "disabled", "--event", "prompt.created")
    assert changed["status"] == "disabled" and changed["events"] == ["prompt.created"] and changed["signed"] is True
    assert told.json("webhook", "update", made["id"], "--without-secret")["signed"] is False
    assert told.cli("webhook", "update", made["id"], "--status", "asleep").returncode == 1
    assert told.cli("webhook", "create", "ci").returncode == 2
    wrong = told.cli("webhook", "create", "ci", "--url", "https://x.example.com", "--event", "model_version.create")
    assert wrong.returncode != 0 and "model_version.created" in wrong.stderr
    assert told.cli("webhook", "delete", made["id"]).returncode == 0
    assert told.cli("webhook", "show", made["id"]).returncode == 3
    assert told.json("webhook", "list") == []


@pytest.mark.parametrize("words", [[], ["list"], ["create"], ["show"], ["update"], ["delete"], ["test"], ["deliveries"], ["redeliver"]])
def test_each_help_begins_with_an_example(words):
    result = martlet.command("webhook", *words, "--help")
    assert result.returncode == 0 and result.stdout.index("EXAMPLE") < result.stdout.index("USAGE")
