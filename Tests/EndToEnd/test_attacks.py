"""What a hostile page or client tries, over raw sockets: all of it is refused, none of it is a 5xx."""

import select
import socket
import time

import pytest
import requests

from scoring import ScoringProcess


def raw(server, request: bytes, seconds: float = 5) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while b"\r\n\r\n" not in answer:
                part = connection.recv(65536)
                if not part:
                    break
                answer += part
        except TimeoutError:
            pass
        return answer


def everything(server, request: bytes) -> bytes:
    """All that comes until the server closes the connection, or says nothing more for a second."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        answer = b""
        try:
            connection.sendall(request)
            connection.settimeout(1)
            while part := connection.recv(65536):
                answer += part
        except OSError:
            pass
        return answer


@pytest.fixture(scope="module")
def scoring(tmp_path_factory):
    process = ScoringProcess(tmp_path_factory.mktemp("attacks") / "data", trees=3).start()
    yield process
    process.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@pytest.mark.parametrize("host", ["evil.example", "localhost", "localhost:1", "127.0.0.1.evil.example", "", "localhost:{port}@evil.example"])
def test_a_rebound_name_is_refused(shared_server, host):
    host = host.replace("{port}", str(shared_server.port))
    for path in ["/health", "/", "/api/v1/health", "/api/2.0/mlflow/experiments/search"]:
        answer = raw(shared_server, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert status(answer) in (400, 403), answer[:200]


def test_a_request_without_a_host_is_refused(shared_server):
    assert status(raw(shared_server, b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")) in (400, 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost", "http://localhost"])
@pytest.mark.parametrize("path", ["/api/2.0/mlflow/experiments/create", "/api/v1/projects/x/clock"])
def test_a_foreign_page_cannot_write(shared_server, origin, path):
    answer = requests.post(shared_server.url + path, json={"name": "x"}, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", [
    "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/static/..%2f..%2fetc%2fpasswd", "/static/%252e%252e%252fpasswd",
    "/static/....//etc/passwd", "/static/..\\..\\etc\\passwd", "/static/%5c..%5c", "/static/%00", "//etc/passwd", "/static//etc/passwd",
    "/api/v1/projects/..%2f..%2fx", "/api/v1/%", "/api/v1/projects/%ff",
])
def test_no_path_leaves_the_server(shared_server, path):
    answer = raw(shared_server, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{shared_server.port}\r\nConnection: close\r\n\r\n".encode())
    assert 400 <= status(answer) < 500, answer[:200]
    assert b"root:" not in answer


@pytest.mark.parametrize("head", [
    "GET / HTTP/1.1\r\nHost: {host}\r\n" + "X: y\r\n" * 200,
    "GET / HTTP/1.1\r\nHost: {host}\r\nX: " + "y" * 70000 + "\r\n",
    "GET /" + "a" * 70000 + " HTTP/1.1\r\nHost: {host}\r\n",
    "POST /api/v1/projects HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "POST /api/v1/projects HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n",
    "POST /api/v1/projects HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
    "GET http://evil.example/ HTTP/1.1\r\nHost: {host}\r\n",
    "GET http://{host}/ HTTP/1.1\r\nHost: evil.example\r\n",
    "GET http://{host}@evil.example/ HTTP/1.1\r\nHost: {host}\r\n",
    "GET https://{host}/health HTTP/1.1\r\nHost: {host}\r\n",
    "GET x:/health HTTP/1.1\r\nHost: {host}\r\n",
    "GET /health HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n",
    "GET /health HTTP/1.1\r\nHost: evil.example\r\nHost: {host}\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: {host}\r\n",
    "CONNECT evil.example:443 HTTP/1.1\r\nHost: {host}\r\n",
    "BREW / HTTP/1.1\r\nHost: {host}\r\n",
    "GET / HTTP/9.9\r\nHost: {host}\r\n",
    "\x00\x01\x02 / HTTP/1.1\r\nHost: {host}\r\n",
])
def test_a_malformed_head_is_refused_or_cut_off(shared_server, head):
    host = f"127.0.0.1:{shared_server.port}"
    answer = raw(shared_server, (head.replace("{host}", host) + "Connection: close\r\n\r\nGET /health HTTP/1.1\r\n").encode("latin1"))
    assert answer == b"" or 400 <= status(answer) < 500, answer[:200]
    assert shared_server.answers()


@pytest.mark.slow
def test_a_client_that_drips_its_head_is_closed(shared_server):
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=20) as connection:
        connection.sendall(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{shared_server.port}\r\n".encode())
        closed = False
        while time.monotonic() - begin < 18 and not closed:
            try:
                connection.sendall(b"X-Drip: 1\r\n")
                connection.settimeout(0.5)
                closed = connection.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
    assert closed and 8 < time.monotonic() - begin < 15


@pytest.mark.parametrize("body,type_", [
    (b"{", "application/json"), (b"", "application/json"), (b"\xff\xfe", "application/json"), (b"[" * 5000, "application/json"),
    (b'{"name": 1e999}', "application/json"), (b"{}", "text/plain"), (b"name=x", "application/x-www-form-urlencoded"),
])
def test_no_body_is_a_5xx(shared_server, body, type_):
    document = requests.get(shared_server.url + "/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for method in operations:
            if method == "get":
                continue
            answer = requests.request(method, shared_server.url + path.replace("{", "").replace("}", ""), data=body,
                                      headers={"Content-Type": type_})
            assert answer.status_code < 500, f"{method} {path}: {answer.text[:300]}"


def test_every_answer_carries_the_security_headers(shared_server):
    for path in ["/", "/health", "/metrics", "/api/v1/health", "/api/v1/nothing", "/nothing"]:
        headers = requests.get(shared_server.url + path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'"), path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_an_absolute_target_of_its_own_is_answered(shared_server):
    host = f"127.0.0.1:{shared_server.port}"
    answer = raw(shared_server, f"GET http://{host}/health?x=1 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert status(answer) == 200


@pytest.mark.parametrize("fields, body", [
    ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n{smuggled}"),
    ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n{smuggled}"),
    ("Content-Length: 2\r\nContent-Length: 0\r\n", "{}{smuggled}"),
    ("Content-Length: 2, 2\r\n", "{}{smuggled}"),
    ("Content-Length: +2\r\n", "{}{smuggled}"),
    ("Content-Length: 0x2\r\n", "{}{smuggled}"),
    ("Content-Length : 2\r\n", "{}{smuggled}"),
    ("Content-Length: 18446744073709551618\r\n", "{}{smuggled}"),
    ("Transfer-Encoding: chunked, identity\r\n", "2\r\n{}\r\n0\r\n\r\n{smuggled}"),
    ("Transfer-Encoding: xchunked\r\n", "2\r\n{}\r\n0\r\n\r\n{smuggled}"),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "2\r\n{}\r\n0\r\n\r\n{smuggled}"),
    ("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n{smuggled}"),
    ("Transfer-Encoding: chunked\r\n", "-2\r\n{}\r\n0\r\n\r\n{smuggled}"),
    ("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n{smuggled}"),
    ("Transfer-Encoding: chunked\r\n", "2\r\n{}XX0\r\n\r\n{smuggled}"),
    ("X: a\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n", "{}{smuggled}"),
])
@pytest.mark.parametrize("plane", ["control", "scoring"])
def test_no_request_hides_in_the_body_of_another(request, plane, fields, body):
    """Whatever a request's length might mean, there is one answer at most, it is a refusal, and nothing follows it."""
    server = request.getfixturevalue("shared_server" if plane == "control" else "scoring")
    smuggled = f"GET /health?smuggled HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    path = "/api/2.0/mlflow/experiments/search" if plane == "control" else "/invocations"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n{fields}\r\n"
    answers = everything(server, (head + body.replace("{smuggled}", smuggled)).encode("latin1"))
    assert answers == b"" or status(answers) in (400, 501), answers
    assert answers.count(b"HTTP/1.1 ") <= 1, answers
    assert server.answers()


def test_pipelined_requests_are_answered_in_order(shared_server):
    two = "GET /version HTTP/1.1\r\nHost: HOST\r\n\r\nGET /health HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
    answers = everything(shared_server, two.replace("HOST", f"127.0.0.1:{shared_server.port}").encode())
    assert answers.count(b"HTTP/1.1 200") == 2 and answers.endswith(b"OK") and b"3.17" in answers


@pytest.mark.slow
def test_clients_that_stand_still_are_closed_on_both_planes(shared_server, scoring):
    """A head within 10 s, and no body that stands still for more than 30; all at once, to take half a minute only."""
    def begin(server, path, rest):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=1)
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n{rest}".encode())
        return connection

    stalled = [begin(server, path, "Content-Length: 100\r\n\r\n{")
               for server, path in ((shared_server, "/api/2.0/mlflow/experiments/search"), (shared_server, "/api/v1/projects/x/plan"), (scoring, "/invocations"))]
    stalled.append(begin(shared_server, "/api/2.0/mlflow/runs/search", "Transfer-Encoding: chunked\r\n\r\n2\r\n{"))
    dripping = [begin(shared_server, "/", ""), begin(scoring, "/invocations", "")]
    still, closed, start = set(stalled + dripping), {}, time.monotonic()
    while still and time.monotonic() - start < 45:
        for connection in dripping:
            if connection in still:
                try:
                    connection.sendall(b"X: y\r\n")
                except OSError:
                    pass
        for connection in select.select(list(still), [], [], 0.5)[0]:
            try:
                ended = connection.recv(4096) == b""
            except OSError:
                ended = True
            if ended:
                still.discard(connection)
                closed[connection] = time.monotonic() - start
    assert not still, "a slow client is still there"
    assert all(8 < closed[connection] < 14 for connection in dripping), closed
    assert all(25 < closed[connection] < 40 for connection in stalled), closed
