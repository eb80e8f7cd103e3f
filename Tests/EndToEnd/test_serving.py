"""The scoring process by itself: MLflow's client, restarts, attacks on HTTP, and what people see when it cannot start."""

import concurrent.futures
import json
import os
import shutil
import socket
import stat
import subprocess

import martlet
import pytest
import requests
from scoring import FEATURES, ScoringProcess


@pytest.fixture(scope="module")
def scoring(tmp_path_factory):
    process = ScoringProcess(tmp_path_factory.mktemp("scoring") / "data").start()
    yield process
    process.close()


@pytest.fixture
def own(tmp_path):
    process = ScoringProcess(tmp_path / "data").start()
    yield process
    process.close()


def predict(process, rows) -> requests.Response:
    return requests.post(process.url + "/invocations", json={"dataframe_records": rows}, timeout=10)


def test_mlflows_own_client_reads_the_answers(scoring):
    pandas = pytest.importorskip("pandas")
    client = pytest.importorskip("mlflow.pyfunc.scoring_server.client")
    url = os.environ.get("MARTLET_SCORING_URL", scoring.url)
    server = client.ScoringServerClient("127.0.0.1", int(url.rsplit(":", 1)[1].split("/")[0]))
    server.wait_server_ready(timeout=10)
    frame = pandas.DataFrame([scoring.row(1), scoring.row(2, f3=None), scoring.row(3)])
    answer = server.invoke(frame).get_predictions()
    assert len(answer) == 3
    assert all(0 < value < 1 for value in answer[0])
    with pytest.raises(Exception, match="Model is missing inputs"):
        server.invoke(frame.drop(columns=["f1"]))


@pytest.mark.parametrize("body", [
    lambda row: {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}},
    lambda row: {"dataframe_records": [row]},
    lambda row: {"instances": [row]},
    lambda row: {"inputs": {name: [value] for name, value in row.items()}},
    lambda row: {"inputs": [row]},
])
def test_every_format_gives_the_same_answer(scoring, body):
    row = scoring.row(5)
    answer = requests.post(scoring.url + "/invocations", json=body(row), timeout=10)
    assert answer.status_code == 200
    csv = ",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n"
    same = requests.post(scoring.url + "/invocations", data=csv, headers={"Content-Type": "text/csv"}, timeout=10)
    assert same.json() == answer.json()


def test_ten_thousand_rows_are_answered(scoring):
    answer = predict(scoring, [scoring.row(number) for number in range(10_000)])
    assert answer.status_code == 200
    assert len(answer.json()["predictions"]) == 10_000


def test_killed_at_any_moment_it_returns_with_what_was_logged(own):
    sent = 0
    for round in range(3):
        for _ in range(40):
            assert predict(own, [own.row(sent)]).status_code == 200
            sent += 1
        martlet.wait_until(lambda: own.admin("GET", "/admin/state")["log"]["written"] >= 40, what="the log")
        own.kill()
        own.start()
    assert sorted(int(record["id"][1:]) for record in own.logged()) == list(range(sent))


def test_it_stops_cleanly_under_load_and_loses_nothing_it_answered(own):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        def ask(number):
            try:
                return predict(own, [own.row(number)]).status_code == 200
            except requests.ConnectionError:
                return False
        answers = [pool.submit(ask, number) for number in range(400)]
        martlet.wait_until(lambda: sum(answer.done() for answer in answers) > 50, what="fifty answers")
        assert own.stop() == 0
        answered = sum(answer.result() for answer in answers)
    assert not (own.data / "scoring.json").exists()
    own.start()
    assert len(own.logged()) >= answered


def test_a_second_process_on_the_directory_is_refused(own):
    second = martlet.command("serve", "--data", own.data, "--port", martlet.free_port())
    assert second.returncode != 0
    assert "already uses this data directory" in second.stderr
    assert predict(own, [own.row(1)]).status_code == 200


def test_a_port_in_use_is_said(own, tmp_path):
    second = martlet.command("serve", "--data", tmp_path / "other", "--port", own.port)
    assert second.returncode == 6
    assert f"port {own.port}" in second.stderr


def test_a_broken_model_on_disk_leaves_it_running_and_saying_so(own):
    own.stop()
    (own.data / "packages" / "bench@1" / "model.txt").write_text("not a model")
    own.process = subprocess.Popen(
        [str(martlet.BINARY), "serve", "--data", str(own.data), "--port", str(own.port)],
        stderr=open(own.log, "ab"), env=martlet.environment())
    martlet.wait_until(lambda: _status(own, "/ping") == 404, what="404 of /ping")
    assert "cannot be taken up" in own.log.read_text()


def _status(process, path):
    try:
        return requests.get(process.url + path, timeout=2).status_code
    except requests.ConnectionError:
        return None


def test_files_are_readable_by_their_owner_alone(scoring):
    for path in [scoring.data / "scoring.token", scoring.data / "scoring.json", scoring.data / "scoring" / "log"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_administration_needs_the_token(scoring):
    for token in ["", "Bearer x", "Basic " + scoring.token]:
        answer = requests.get(scoring.url + "/admin/state", headers={"Authorization": token}, timeout=5)
        assert answer.status_code == 401
    assert scoring.admin("GET", "/admin/state")["dataDirectory"] == str(scoring.data.resolve())


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_accepts_the_metrics(scoring):
    predict(scoring, [scoring.row(1)])
    text = requests.get(scoring.url + "/metrics", timeout=5).text
    check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr


def raw(process, data: bytes, seconds: float = 5) -> bytes:
    with socket.create_connection(("127.0.0.1", process.port), timeout=seconds) as connection:
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def request(process, head: str, body: bytes = b"") -> bytes:
    return f"{head}\r\nConnection: close\r\n\r\n".replace("HOST", f"127.0.0.1:{process.port}").encode() + body


@pytest.mark.parametrize("head, status", [
    ("GET /ping HTTP/1.1\r\nHost: evil.example", 421),
    ("GET /ping HTTP/1.1\r\nHost: 127.0.0.1:1", 421),
    ("GET /ping HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.example", 403),
    ("GET /ping HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: cross-site", 403),
    ("GET /../../etc/passwd HTTP/1.1\r\nHost: HOST", 404),
    ("POST /endpoints/..%2f..%2fx/invocations HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0", 404),
    ("GET /" + "a" * 100_000 + " HTTP/1.1\r\nHost: HOST", 400),
    ("GET /ping HTTP/1.1\r\nHost: HOST\r\n" + "\r\n".join(f"X{i}: 1" for i in range(200)), 400),
    ("GET /ping HTTP/1.1\r\nHost: HOST\r\nX: " + "a" * 40_000, 400),
    ("GET /ping HTTP/9.9\r\nHost: HOST", 400),
    ("NONSENSE", 400),
    ("POST /invocations HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nContent-Length: 6", 400),
    ("POST /invocations HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", 400),
    ("POST /invocations HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nContent-Length: 99999999999", 413),
])
def test_malformed_and_foreign_requests_are_refused(scoring, head, status):
    answer = raw(scoring, request(scoring, head))
    first = answer.split(b"\r\n")[0]
    assert first == b"" or first.split()[1] == str(status).encode() or (status == 400 and first.split()[1][:1] == b"4"), first
    assert predict(scoring, [scoring.row(1)]).status_code == 200


def test_a_chunked_bomb_is_cut_off(scoring):
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    head = request(scoring, "POST /invocations HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked")
    with socket.create_connection(("127.0.0.1", scoring.port), timeout=10) as connection:
        connection.sendall(head)
        try:
            for _ in range(20):
                connection.sendall(chunk)
            connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        try:
            answer = connection.recv(65536)
        except OSError:
            answer = b""
    assert answer == b"" or b" 413 " in answer.split(b"\r\n")[0]
    assert predict(scoring, [scoring.row(1)]).status_code == 200


def test_numbers_at_their_limits_never_break_the_server(scoring):
    for value in ["1e308", "-1e308", "1e999", "-0.0", "NaN", "Infinity", "9" * 400]:
        body = json.dumps({"dataframe_records": [scoring.row(1)]}).replace('"f0": 0.14285714285714285', f'"f0": {value}')
        assert value in body
        answer = requests.post(
            scoring.url + "/invocations", data=body, headers={"Content-Type": "application/json"}, timeout=5)
        assert answer.status_code == 200, (value, answer.text)
    assert FEATURES
