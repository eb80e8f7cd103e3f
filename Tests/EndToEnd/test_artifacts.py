"""Files over HTTP: streamed both ways with constant memory, in parts, under conditions, whole or not at all."""

import hashlib
import os
import re
import socket
from pathlib import Path

import pytest
import requests

import martlet

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
CONTENT = bytes(range(256)) * 40


@pytest.fixture
def address(shared_server):
    """Where a run's file of 10,240 bytes is; every byte tells its place modulo 256."""
    answer = requests.post(shared_server.url + "/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}, timeout=10)
    run = answer.json()["run"]["info"]["run_id"]
    url = f"{shared_server.url}{PROXY}/0/{run}/artifacts/data/file.bin"
    stored = requests.put(url, data=CONTENT, headers={"Content-Type": "application/x-own"}, timeout=10)
    assert stored.status_code == 200 and stored.json() == {}, stored.text
    return url


def listed(url: str) -> list[str]:
    """The names in the folder of a file's address."""
    root, _, path = url.partition(PROXY + "/")
    answer = requests.get(root + PROXY, params={"path": path.rpartition("/")[0]}, timeout=10)
    return [file["path"] for file in answer.json().get("files", [])]


def test_a_file_comes_with_its_type_its_digest_and_as_an_attachment(address):
    for answer in (requests.get(address, timeout=10), requests.head(address, timeout=10)):
        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"' + hashlib.sha256(CONTENT).hexdigest() + '"'
        assert answer.headers["Content-Type"] == "application/x-own"
        assert answer.headers["Content-Length"] == str(len(CONTENT))
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="file.bin"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.content == (CONTENT if answer.request.method == "GET" else b"")


@pytest.mark.parametrize("asked, start, end", [
    ("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), ("bytes=10000-", 10000, 10240), ("bytes=-40", 10200, 10240),
    ("bytes=10239-99999", 10239, 10240), ("bytes=-99999", 0, 10240)])
def test_a_part_of_a_file(address, asked, start, end):
    answer = requests.get(address, headers={"Range": asked}, timeout=10)
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.content == CONTENT[start:end]


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_a_part_beyond_the_end_is_416(address, asked):
    answer = requests.get(address, headers={"Range": asked}, timeout=10)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=", "bytes=--5"])
def test_what_is_no_single_range_is_answered_with_the_whole(address, asked):
    answer = requests.get(address, headers={"Range": asked}, timeout=10)
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_conditions(address):
    tag = requests.head(address, timeout=10).headers["ETag"]
    expected = [
        ({"If-None-Match": tag}, 304), ({"If-None-Match": f'"x", W/{tag}'}, 304), ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200), ({"If-Match": tag}, 200), ({"If-Match": "*"}, 200), ({"If-Match": '"x"'}, 412),
        ({"If-Match": f"W/{tag}"}, 412), ({"Range": "bytes=0-1", "If-Range": tag}, 206), ({"Range": "bytes=0-1", "If-Range": '"x"'}, 200)]
    for headers, status in expected:
        answer = requests.get(address, headers=headers, timeout=10)
        assert answer.status_code == status, headers
        if status in (304, 412):
            assert answer.content == b""


def test_an_upload_that_breaks_off_is_never_listed(address, shared_server):
    broken = address.replace("file.bin", "broken.bin")
    path = broken.removeprefix(shared_server.url)
    with socket.create_connection(("127.0.0.1", shared_server.port)) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{shared_server.port}\r\nContent-Length: 9000000\r\n\r\n"
        connection.sendall(head.encode() + bytes(3_000_000))
        incoming = Path(shared_server.data, "artifacts", "incoming")
        martlet.wait_until(lambda: any(incoming.iterdir()), 10, "the upload begins")
    martlet.wait_until(lambda: not any(incoming.iterdir()), 10, "what came is removed")
    assert listed(broken) == ["file.bin"]
    assert requests.get(broken, timeout=10).status_code == 404


def test_an_upload_of_unknown_length_and_an_empty_one(address):
    def parts():
        for number in range(50):
            yield bytes([number]) * 70_001

    chunked, empty = address.replace("file.bin", "chunked"), address.replace("file.bin", "empty")
    assert requests.put(chunked, data=parts(), timeout=30).status_code == 200
    assert requests.get(chunked, timeout=30).content == b"".join(parts())
    assert requests.put(empty, data=b"", timeout=10).status_code == 200
    answer = requests.get(empty, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")
    assert requests.get(empty, headers={"Range": "bytes=0-"}, timeout=10).status_code == 416
    assert listed(empty) == ["chunked", "empty", "file.bin"]


def test_memory_stays_the_same_however_large_a_file_is(address, shared_server):
    process = Path("/proc", str(shared_server.process.pid))

    def peak() -> float:
        return int(re.search(r"VmHWM:\s+(\d+)", (process / "status").read_text())[1]) / 1024

    large = address.replace("file.bin", "large")
    size, block = 160, os.urandom(1 << 20)
    (process / "clear_refs").write_text("5")
    before = peak()
    assert requests.put(large, data=(block for _ in range(size)), timeout=120).status_code == 200
    # A reader as fast as the machine, three times: what was read ahead of the connection showed as chance had it.
    for _ in range(3):
        received = 0
        with requests.get(large, stream=True, timeout=120) as answer:
            for part in answer.iter_content(1 << 20):
                received += len(part)
        assert received == size << 20
    assert peak() - before < 40
