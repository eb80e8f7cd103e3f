"""What goes wrong on an ordinary day. Every time: what failed, why, and what to do; nothing lost; the server goes on."""

import contextlib
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest
import requests

import martlet
import projects
from projects import GOOD_DAY, HEAD, SALES


def failed(result, code: int, *words) -> dict:
    """Asserts how a command failed, in three lines for people or as JSON; returns the error's parts."""
    assert result.returncode == code, f"{result.returncode}: {result.stdout}{result.stderr}"
    text = result.stderr.strip()
    if text.splitlines()[-1].startswith("{"):
        error = json.loads(text.splitlines()[-1])["error"]
        assert error["code"]
    else:
        lines = [line for line in text.splitlines() if line.startswith(("error: ", "cause: ", "fix:   "))]
        error = {line[:5].strip(": "): line[7:] for line in lines}
        error["message"] = error.pop("error")
    assert error.get("fix"), f"nobody says what to do: {text}"
    for word in words:
        assert word in text, f"{word!r} is not in: {text}"
    assert "Traceback" not in text and "Fatal error" not in text and "MartletError(" not in text
    return error


@pytest.fixture(scope="module")
def project(shared_server, tmp_path_factory):
    """A project with one good day of sales on a server that all tests here share."""
    folder = projects.write(tmp_path_factory.mktemp("careless") / "tiny", HEAD + SALES, {"data/2024-03-01.csv": GOOD_DAY})
    result = shared_server.cli("run", folder)
    assert shared_server.cli("data", "show", "sales", "--project", "tiny").returncode == 0, result.stderr
    yield folder
    assert shared_server.answers(), "the server is gone"
    shown = shared_server.json("data", "show", "sales", "--project", "tiny")
    assert shown["rows"] == 40 and shown["partitions"] == 1, "what was there before is not what is there now"


def add(server, folder, name: str, content, *options):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return server.cli("data", "add", "sales", path, "--project", "tiny", *options)


# Files.

def test_a_missing_file_is_not_found(shared_server, project):
    failed(shared_server.cli("data", "add", "sales", project / "nope.csv", "--project", "tiny"), 3, "nope.csv", "No such file")


def test_a_source_that_matches_nothing_leaves_the_step_to_say_so(shared_server, folder):
    text = HEAD.replace("tiny", "empty") + SALES + 'steps: {clean: {sql: "select * from ${data.sales}"}}\n'
    failed(shared_server.cli("run", projects.write(folder / "empty", text)), 1, "'sales' has no committed data", "martlet data add")


HEADER, ROW = "id,day,amount,shop\n", "1,2024-03-02,1.5,a\n"


@pytest.mark.parametrize("name, content, words", [
    ("quotes.csv", HEADER + ROW + '2,2024-03-02,1.5,"a\n3,2024-03-02,1.5,b\n', ["a broken line", "quote"]),
    ("ragged.csv", HEADER + ROW + "2,2024-03-02\n3,2024-03-02,1,a,b,c\n", ["line 3", "line 4"]),
    ("binary.csv", b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 20, ["not CSV"]),
    ("latin1.csv", HEADER.encode() + "1,2024-03-02,1.5,Köln\n".encode("latin1"), ["UTF-8"]),
    ("utf16.csv", (HEADER + ROW).encode("utf-16"), ["not CSV"]),
    ("empty.csv", "", ["empty"]),
    ("blank.csv", "\n\n\n", ["empty"]),
    ("header.csv", HEADER, ["no rows"]),
    ("twice.csv", "id,day,id,shop\n" + ROW, ["'id' twice"]),
    ("nameless.csv", "id,,amount,shop\n" + ROW, ["column 2"]),
    ("torn.csv.gz", gzip.compress((HEADER + ROW * 50).encode())[:40], ["gzip"]),
    ("liar.parquet", HEADER + ROW, ["not Parquet"]),
    ("torn.parquet", b"PAR1" + bytes(100) + b"PAR1", ["Parquet"]),
    ("liar.jsonl", HEADER + ROW, ["JSON"]),
    ("list.jsonl", '["id", 1]\n', ["JSON object"]),
    ("notes.docx", "hello", [".csv"]),
])
def test_a_file_that_cannot_be_read_changes_nothing(shared_server, project, name, content, words):
    failed(add(shared_server, project, name, content), 1, *words)


def test_one_value_is_no_secret_to_an_error(shared_server, project):
    """The message of a broken line names the line, and not what is in it."""
    result = add(shared_server, project, "secret.csv", HEADER + "2,2024-03-02,hunter2\n")
    failed(result, 1, "line 2")
    assert "hunter2" not in result.stderr + shared_server.output


@pytest.mark.parametrize("name, content, words", [
    ("gone.csv", "id,day,shop\n1,2024-03-02,a\n", ["'amount' is gone"]),
    ("renamed.csv", "id,day,amounts,shop\n1,2024-03-02,1.5,a\n", ["'amount' is gone", "amounts"]),
    ("types.csv", HEADER + "1,2024-03-02,much,a\n2,2024-03-02,more,a\n", ["amount"]),
    ("key.csv", HEADER + ROW + ROW, ["id"]),
])
def test_rows_that_do_not_fit_are_held_back_and_shown(shared_server, project, name, content, words):
    failed(add(shared_server, project, name, content), 5, "quarantined", "martlet data quarantine", *words)
    assert shared_server.json("data", "quarantine", "sales", "--project", "tiny")


@pytest.mark.slow
@pytest.mark.parametrize("name, head, filling", [
    ("bomb.csv.gz", b"id,day,amount,shop\n1,2024-03-02,1,", b"0"), ("bomb.jsonl.gz", b'{"id": "', b"0"),
    ("nested.jsonl.gz", b"", b"["),
])
def test_a_small_file_that_unpacks_to_a_very_large_one_is_refused(shared_server, project, name, head, filling):
    path, block = project / name, gzip.compress(filling * (64 << 20), 6)
    path.write_bytes(gzip.compress(head) + block * 4)
    begin = time.monotonic()
    failed(shared_server.cli("data", "add", "sales", path, "--project", "tiny"), 1)
    assert time.monotonic() - begin < 60
    resident = int(open(f"/proc/{shared_server.process.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
    assert resident < 500 << 20, "the server itself unpacked it"


def test_a_compressed_request_is_not_unpacked(shared_server):
    body = gzip.compress(b" " * (64 << 20) + b"{}")
    for path in ["/api/2.0/mlflow/experiments/search", "/api/v1/projects/tiny/plan"]:
        answer = requests.post(shared_server.url + path, data=body, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
        assert 400 <= answer.status_code < 500, answer.text


# Projects.

@pytest.mark.parametrize("text, words", [
    (HEAD + "stepz: {}\n", ["martlet.yaml:3", "'stepz'", "steps"]),
    (HEAD + "steps: {a: {sql: 'select 1', outt: {table: t}}}\n", ["'outt'", "out"]),
    (HEAD + "steps:\n  a: {run: 'true'}\n  a: {run: 'false'}\n", ["'a'", "martlet.yaml:"]),
    (HEAD + "steps:\n  a: {run: 'true', needs: [b]}\n  b: {run: 'true', needs: [a]}\n", ["a", "b", "circle"]),
    (HEAD + "steps: {a: {run: 'cat ${b.x} > ${out.y}', out: {y: y}}}\n", ["b"]),
    (HEAD + "steps: {a: {sql: 'select * from ${data.nothing}'}}\n", ["nothing"]),
    (HEAD + "steps: {a: {sql: sql/none.sql}}\n", ["sql/none.sql"]),
    (HEAD + "steps: [a, b]\n", ["steps"]),
    ("martlet: 1\n", ["project"]),
    ("", ["project"]),
    ("martlet: 2\nproject: tiny\n", ["format 2"]),
    ("project: tiny\nmartlet: 1\n\tsteps: {}\n", ["YAML"]),
    (HEAD + "a: &a [x, x, x, x, x, x, x, x]\nb: &b [" + "*a," * 9 + "]\nc: &c [" + "*b," * 9 + "]\nd: &d [" + "*c," * 9 + "]\n", []),
    (HEAD + "a: " + "[" * 5000 + "]" * 5000 + "\n", []),
    (HEAD + "# " + "x" * (2 << 20) + "\n", ["1048576"]),
])
def test_a_project_file_that_is_wrong_is_refused_as_a_whole(shared_server, folder, text, words):
    before = shared_server.json("audit", "log", "--limit", "1")
    failed(shared_server.cli("run", projects.write(folder / "wrong", text)), 1, *words)
    assert shared_server.json("audit", "log", "--limit", "1") == before, "something was recorded"
    assert shared_server.answers()


def test_a_project_of_more_than_16_mib_is_refused(shared_server, folder):
    project = projects.write(folder / "huge", HEAD, {f"notes/{n}.txt": "x" * (3 << 20) for n in range(6)})
    failed(shared_server.cli("run", project), 1, "16 MiB", ".gitignore")
    files = [{"path": "martlet.yaml", "text": HEAD}, {"path": "a.txt", "text": "x" * (17 << 20)}]
    answer = requests.put(shared_server.url + "/api/v1/projects/tiny", json={"files": files})
    assert answer.status_code == 413 and "16777216" in answer.text


def test_a_project_in_a_folder_that_git_ignores_is_whole(shared_server, folder):
    def git(*words):
        subprocess.run(["git", "-C", folder, "-c", "user.name=Test", "-c", "user.email=test@localhost", *words], check=True,
                       stdout=subprocess.DEVNULL)
    git("init", "--quiet", "--initial-branch", "main")
    (folder / ".gitignore").write_text("built/\n")
    git("add", ".gitignore")
    git("commit", "-m", "Nothing but what is ignored")
    project = projects.write(folder / "built" / "tiny", HEAD + "steps: {a: {run: 'cat a.txt'}}\n", {"a.txt": "a"})
    assert [step["step"] for step in shared_server.json("plan", project)] == ["a"]
    result = shared_server.cli("run", project)
    assert result.returncode == 0, result.stderr


def test_what_is_not_text_stays_out_of_a_project(shared_server, folder):
    """A pipe that nobody writes to, a link to nowhere and a large binary do not stop a run."""
    project = projects.write(folder / "mixed", HEAD.replace("tiny", "mixed") + "steps: {a: {run: 'ls'}}\n", {"model.bin": bytes(20 << 20)})
    os.mkfifo(project / "pipe")
    (project / "link").symlink_to("/nonexistent")
    result = shared_server.cli("run", project, timeout=30)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("path", ["../escape", "/etc/x", "a/../../x", "a//b", "a/./b", "a\\..\\b", "", "x" * 2000, "a\x00b", "a\nb"])
def test_a_project_cannot_name_files_outside_itself(shared_server, path):
    files = [{"path": "martlet.yaml", "text": HEAD}, {"path": path, "text": "x"}]
    answer = requests.put(shared_server.url + "/api/v1/projects/tiny", json={"files": files})
    assert answer.status_code == 400, answer.text


# Steps.

def run_step(server, folder, step: str, *options, name="steps"):
    text = HEAD.replace("tiny", name) + f"steps:\n  work: {{{step}}}\n"
    return server.cli("run", projects.write(folder / name, text), *options)


@pytest.mark.parametrize("step, words", [
    ("run: 'sleep 600', resources: {time: 1s}", ["did not end within 1s", "resources.time"]),
    ("sql: 'select sum(sqrt(a.range * b.range)) as s from range(10000000) a, range(1000000) b', resources: {time: 2s}",
     ["did not end within 2s", "resources.time"]),
    ("run: 'python3 -c \"b = bytearray(3 << 28); input()\" < /dev/zero', resources: {memory: 100MiB, time: 60s}", ["100 MB", "memory"]),
    ("sql: 'select list(i) as n from range(100000000) t(i)', resources: {memory: 200MB, time: 60s}", ["memory"]),
])
def test_a_step_that_takes_too_much_is_stopped(shared_server, folder, step, words):
    begin = time.monotonic()
    failed(run_step(shared_server, folder, step), 1, *words)
    assert time.monotonic() - begin < 30
    assert shared_server.answers()


@pytest.mark.parametrize("step, code, words", [
    ("run: 'echo broken >&2; exit 3'", 5, ["exit code 3", "broken"]),
    ("run: 'no-such-program'", 5, ["exit code 127"]),
    ("run: 'kill -9 $$'", 5, ["SIGKILL"]),
    ("run: 'true', out: {x: x.txt}", 5, ["without its output 'x'", "${out.x}"]),
    ("run: 'ln -s /etc/passwd ${out.x}', out: {x: x.txt}", 5, ["not a plain file"]),
    ("run: 'mkdir ${out.x}', out: {x: x.txt}", 5, ["not a plain file"]),
    ("run: 'mkfifo ${out.x}', out: {x: x.txt}", 5, ["not a plain file"]),
    ("sql: 'select 1; select 2'", 1, ["the step 'work'", "one query"]),
    ("sql: \"select 1) to '/tmp/martlet-escaped.csv'; select (1\"", 1, ["the step 'work'", "one query"]),
    ("sql: \"select * from read_text('/etc/passwd')\"", 1, ["/etc/passwd", "declared"]),
    ("sql: 'selec 1'", 1, ["the step 'work'"]),
    ("sql: 'select agee from (select 1 as age)'", 1, ["agee"]),
])
def test_a_step_that_fails_says_why(shared_server, folder, step, code, words):
    failed(run_step(shared_server, folder, step), code, *words)
    assert not os.path.exists("/tmp/martlet-escaped.csv")


def test_the_sql_of_a_step_sees_no_file_of_another_project(shared_server, project, folder):
    blobs = shared_server.data / "artifacts" / "blobs"
    theirs = next(path for path in blobs.rglob("*") if path.is_file() and path.read_bytes().startswith(b"PAR1"))
    for source in [f"glob('{blobs}/**')", f"read_parquet('{theirs}')", f"'{theirs}'", f"parquet_metadata('{theirs}')", f"read_blob('{theirs}')",
                   f"read_parquet('{blobs}/*/*')", f"read_text('{shared_server.data}/scoring.token')"]:
        # A path in quotes is a table that does not exist, since its name has no ending of a known format.
        words = "does not exist" if source.startswith("'") else "declared"
        failed(run_step(shared_server, folder, f'sql: "select * from {source}"'), 1, words)


def test_a_command_knows_where_the_server_is(shared_server, folder):
    result = run_step(shared_server, folder, "run: 'echo tracking at $MLFLOW_TRACKING_URI'", "-o", "json")
    assert result.returncode == 0, result.stderr
    log = requests.get(f"{shared_server.url}/api/v1/pipeline-runs/{json.loads(result.stdout)['id']}/steps/work/log").json()["text"]
    assert f"tracking at {shared_server.url}\n" in log


def test_what_a_killed_server_leaves_running_is_ended_by_the_next_one(new_server, folder):
    server = new_server()
    step = f"""run: 'sh -c "echo \\$\\$ >> {folder}/children; exec sleep 600"; true'"""
    assert run_step(server, folder, step, "--detach").returncode == 0
    children = folder / "children"
    first = int(martlet.wait_until(lambda: children.exists() and children.read_text().split(), what="the command's child")[0])
    server.kill()
    server.start()
    martlet.wait_until(lambda: not os.path.exists(f"/proc/{first}"), what="the end of what was left")
    martlet.wait_until(lambda: len(children.read_text().split()) == 2, what="the step, started again")
    run = requests.get(server.url + "/api/v1/projects/steps/pipeline-runs").json()["items"][0]["id"]
    requests.post(f"{server.url}/api/v1/pipeline-runs/{run}/cancel").raise_for_status()
    second = int(children.read_text().split()[1])
    martlet.wait_until(lambda: not os.path.exists(f"/proc/{second}"), what="the end of the cancelled command")


def test_errors_of_a_run_are_structured_under_json(shared_server, folder):
    result = run_step(shared_server, folder, "run: 'exit 3'", "-o", "json")
    assert failed(result, 5)["code"] == "CHECK_FAILED"
    assert json.loads(result.stdout)["state"] == "failed"


# Models.

def test_a_model_that_is_not_one_is_not_deployed(shared_server, folder):
    text = HEAD.replace("tiny", "notmodel") + "endpoints: {notmodel: {strategy: replace}}\n"
    shared_server.cli("run", projects.write(folder / "notmodel", text))
    api = shared_server.url + "/api/2.0/mlflow"
    run = requests.post(api + "/runs/create", json={"experiment_id": "0", "start_time": 0}).json()["run"]["info"]
    store = shared_server.url + "/api/2.0/mlflow-artifacts/artifacts/" + run["artifact_uri"].split("mlflow-artifacts:/")[1].lstrip("/")
    for name, content in {"MLmodel": b"flavors: {", "martlet.json": b"{", "model.txt": b"\x00not a model"}.items():
        requests.put(f"{store}/model/{name}", data=content).raise_for_status()
    requests.post(api + "/registered-models/create", json={"name": "notmodel"}).raise_for_status()
    made = requests.post(api + "/model-versions/create", json={"name": "notmodel", "source": f"runs:/{run['run_id']}/model", "run_id": run["run_id"]})
    made.raise_for_status()
    result = shared_server.cli("model", "promote", "notmodel@1", "--endpoint", "notmodel")
    failed(result, 1, "notmodel@1", "cannot be served")
    endpoint = requests.get(shared_server.url + "/api/v1/endpoints/notmodel").json()
    assert endpoint["state"] == "empty" and endpoint["traffic"] == []
    for words in [("notmodel@2", 3), ("nothing@1", 3), ("notmodel", 1), ("notmodel@x", 1)]:
        failed(shared_server.cli("model", "promote", words[0], "--endpoint", "notmodel"), words[1])
    failed(shared_server.cli("model", "promote", "notmodel@1", "--endpoint", "nowhere"), 3, "nowhere")


# The machine.

def test_without_engines_it_says_how_to_get_them(new_server, folder):
    server = new_server(MARTLET_ENGINES=folder / "none")
    path = projects.write(folder / "tiny", HEAD + SALES, {"data/2024-03-01.csv": GOOD_DAY})
    failed(server.cli("run", path, MARTLET_ENGINES=folder / "none"), 7, "martlet engines install")
    failed(run_step(server, folder, "sql: 'select 1 as one'"), 1, "martlet engines install")
    assert run_step(server, folder, "run: 'true'", name="plain").returncode == 0
    assert server.answers()


def test_a_database_of_a_newer_version_is_left_alone(new_server):
    server = new_server()
    server.stop()
    with contextlib.closing(sqlite3.connect(server.data / "martlet.db")) as database, database:
        database.execute("INSERT INTO schema_migrations VALUES ('9999-from-the-future', 9999, 'x', 0)")
    before = (server.data / "martlet.db").read_bytes()
    failed(martlet.command("up", "--port", martlet.free_port(), "--data", server.data), 6, "newer", "9999-from-the-future")
    assert (server.data / "martlet.db").read_bytes() == before


def test_a_file_that_the_disk_cannot_hold_is_507_and_leaves_nothing(new_server, small_disk):
    server = new_server(data=small_disk / "data")
    store = server.url + "/api/2.0/mlflow-artifacts/artifacts/"
    assert requests.put(store + "kept.bin", data=b"k" * 1000).status_code == 200
    for _ in range(2):
        answer = requests.put(store + "large.bin", data=iter([b"x" * (1 << 20)] * 40))
        assert answer.status_code == 507, answer.text
    assert requests.get(store + "large.bin").status_code == 404
    assert list((server.data / "artifacts" / "incoming").iterdir()) == [], "half a file stays on the disk"
    assert requests.get(store + "kept.bin").content == b"k" * 1000
    assert requests.put(store + "small.bin", data=b"s" * (1 << 20)).status_code == 200


def test_a_delivery_that_the_disk_cannot_hold_is_said_and_can_be_repeated(new_server, small_disk, folder):
    server = new_server(data=small_disk / "data")
    project = projects.write(folder / "tiny", HEAD + SALES)
    server.cli("run", project)
    filler = small_disk / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while os.write(descriptor, b"x" * 4096):
            pass
    os.close(descriptor)
    result = add(server, project, "2024-03-01.csv", GOOD_DAY)
    failed(result, 1, "full")
    filler.unlink()
    assert add(server, project, "2024-03-01.csv", GOOD_DAY).returncode == 0
    assert server.json("data", "show", "sales", "--project", "tiny")["rows"] == 40


# The command line itself.

@pytest.mark.parametrize("words, code", [
    (["data", "add"], 2), (["up", "--port", "x"], 2), (["up", "--port", "70000"], 2), (["status", "-o", "xml"], 2), (["status", "--server", "nonsense"], 2),
    (["run", "{folder}", "-p", "nonsense"], 2), (["data", "add", "x", "y.csv"], 2), (["runs", "show", "none"], 3), (["data", "show", "none", "--project", "none"], 3),
    (["experiments", "list", "--server", "http://127.0.0.1:1"], 7), (["up", "--host", "0.0.0.0"], 4),
])
@pytest.mark.parametrize("format_", ["table", "json"])
def test_every_failure_has_its_exit_code_and_its_three_parts(shared_server, folder, words, code, format_):
    projects.write(folder / "cli", HEAD)
    words = [word.replace("{folder}", str(folder / "cli")) for word in words]
    server = [] if "--server" in words or words[0] == "up" else ["--server", shared_server.url]
    result = martlet.command(*words, *server, "-o", format_, cwd="/") if "-o" not in words else martlet.command(*words, *server, cwd="/")
    failed(result, code)
    assert result.stdout == ""


def test_an_interrupted_command_exits_with_130_and_the_run_goes_on(shared_server, folder):
    text = HEAD.replace("tiny", "long") + f"steps: {{wait: {{run: 'while [ ! -e {folder}/go ]; do sleep 0.05; done'}}}}\n"
    project = projects.write(folder / "long", text)
    # Whoever starts the tests in the background may have them ignore the signal, and with them what they start.
    command = subprocess.Popen([str(martlet.BINARY), "run", str(project), "--server", shared_server.url], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=martlet.environment(),
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    runs = shared_server.url + "/api/v1/projects/long/pipeline-runs"
    martlet.wait_until(lambda: [run for run in requests.get(runs).json().get("items", []) if run["state"] == "running"], what="the run")
    command.send_signal(signal.SIGINT)
    assert command.wait(timeout=10) in (130, -signal.SIGINT), "a shell shows both as 130"
    (folder / "go").touch()
    martlet.wait_until(lambda: requests.get(runs).json()["items"][0]["state"] == "succeeded", what="the end of the run")
