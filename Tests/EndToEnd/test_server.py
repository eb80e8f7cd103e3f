"""Starting, stopping, and being refused for a reason that is said."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest
import requests

import martlet


def test_a_server_is_up_quickly_says_where_it_is_and_leaves_nothing_behind(new_server):
    server = new_server(start=False)
    begin = time.monotonic()
    server.start()
    assert time.monotonic() - begin < 2, "a debug build; the release build is measured by make bench"
    record = json.loads((server.data / "server.json").read_text())
    assert record["url"] == server.url
    assert record["pid"] == server.process.pid
    assert (server.data / "server.json").stat().st_mode & 0o077 == 0
    assert requests.get(server.url + "/health").text == "OK"
    assert server.stop() == 0
    assert not (server.data / "server.json").exists()


def test_an_interrupt_stops_it_too(server):
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(10) == 0


def test_a_second_server_on_the_same_data_is_refused_and_told_who_has_it(server):
    second = martlet.command("up", "--port", martlet.free_port(), "--data", server.data)
    assert second.returncode == 6
    assert "error: the data directory" in second.stderr
    assert f"cause: process {server.process.pid}, which answers at {server.url}" in second.stderr
    assert f"kill {server.process.pid}" in second.stderr


def test_after_a_kill_the_next_server_takes_over(server):
    server.kill()
    server.start()
    assert server.answers()


def test_a_port_in_use_is_refused_with_another_one_to_try(folder):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        result = martlet.command("up", "--port", port, "--data", folder / "data")
    assert result.returncode == 6
    assert f"error: port {port} on 127.0.0.1 is in use" in result.stderr
    assert "fix:" in result.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.com", "127.0.0.1.example.com"])
def test_it_listens_on_loopback_only(folder, host):
    result = martlet.command("up", "--host", host, "--port", martlet.free_port(), "--data", folder / "data")
    assert result.returncode == 4
    assert "authentication" in result.stderr


def test_another_loopback_address_is_fine(new_server):
    server = new_server("--host", "127.0.0.2", start=False)
    server.start(wait=False)
    martlet.wait_until(lambda: (server.data / "server.json").exists(), 10)
    url = json.loads((server.data / "server.json").read_text())["url"]
    assert url == f"http://127.0.0.2:{server.port}"
    assert requests.get(url + "/health").status_code == 200


def test_a_data_directory_that_is_a_file_is_refused(folder):
    (folder / "data").write_text("")
    result = martlet.command("up", "--port", martlet.free_port(), "--data", folder / "data")
    assert result.returncode == 4
    assert str(folder / "data") in result.stderr and "fix:" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_refused(folder):
    (folder / "closed").mkdir(mode=0o500)
    result = martlet.command("up", "--port", martlet.free_port(), "--data", folder / "closed" / "data")
    assert result.returncode == 4


def test_a_command_starts_a_server_that_leaves_by_itself(folder):
    first = martlet.command("status", "--data", folder / "data")
    assert first.returncode == 0, first.stderr
    record = json.loads((folder / "data" / "server.json").read_text())
    second = martlet.command("status", "--data", folder / "data")
    assert second.returncode == 0
    assert json.loads((folder / "data" / "server.json").read_text())["pid"] == record["pid"]
    os.kill(record["pid"], signal.SIGTERM)
    martlet.wait_until(lambda: not (folder / "data" / "server.json").exists(), 10)
    martlet.Server(folder / "data").close()


def test_a_lingering_server_stops_when_nobody_asks(new_server):
    server = new_server("--linger", "1s")
    assert server.process.wait(15) == 0


def test_prometheus_accepts_the_metrics(shared_server):
    requests.get(shared_server.url + "/api/v1/nothing")
    text = requests.get(shared_server.url + "/metrics").text
    assert 'martlet_http_requests_total{method="GET"' in text
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr + checked.stdout
    assert checked.stderr == ""


def test_the_openapi_document_is_valid(shared_server):
    from openapi_spec_validator import validate

    document = requests.get(shared_server.url + "/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    validate(document)
