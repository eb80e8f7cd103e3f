"""P5, no input gives a 5xx: what the OpenAPI document allows, what MLflow's messages allow, and plain garbage."""

import http.client
import json
import random
import re
import socket
import urllib.parse

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as conformance

import martlet
import projects
from scoring import ScoringProcess

SEED = 20260


# The native API, as its own document describes it.

PROJECT = projects.HEAD + projects.SALES + """
steps:
  clean: {sql: "select * from ${data.sales} where amount > 1"}
  show: {run: "echo hello"}
endpoints:
  tiny: {strategy: replace}
"""


@pytest.fixture(scope="module")
def world(shared_server, tmp_path_factory):
    """A server with one of everything that can be made in a second; its names by path parameter."""
    folder = projects.write(tmp_path_factory.mktemp("fuzz") / "tiny", PROJECT, {"data/2024-03-01.csv": projects.GOOD_DAY})
    pipeline = shared_server.json("run", folder, "--detach")["id"]
    api = shared_server.url + "/api/2.0/mlflow"
    run = requests.post(api + "/runs/create", json={"experiment_id": "0", "start_time": 0}).json()["run"]["info"]["run_id"]
    requests.post(api + "/runs/log-metric", json={"run_id": run, "key": "m", "value": 1, "timestamp": 1}).raise_for_status()
    requests.post(api + "/registered-models/create", json={"name": "tiny"}).raise_for_status()
    requests.post(api + "/model-versions/create", json={"name": "tiny", "source": f"runs:/{run}/model", "run_id": run}).raise_for_status()
    return {"project": "tiny", "dataset": "sales", "endpoint": "tiny", "experiment": "0", "model": "tiny", "version": "1",
            "partition": "2024-03-01", "step": "clean", "key": "m", "run": {"/pipeline-runs/": pipeline, "/runs/": run}}


@pytest.fixture(scope="module")
def api(shared_server, world):
    schema = schemathesis.openapi.from_url(shared_server.url + "/api/v1/openapi.json")

    @schema.hook
    def map_path_parameters(context, path_parameters):
        """Most of the names are names that there are, so that requests get past 'not found'."""
        for name in path_parameters or {}:
            known = world.get(name)
            if isinstance(known, dict):
                known = next((value for part, value in known.items() if part in context.operation.path), None)
            if known is not None and len(str(path_parameters[name])) % 4 != 0:
                path_parameters[name] = known
        return path_parameters

    return schema


CHECKS = [not_a_server_error, conformance.status_code_conformance, conformance.content_type_conformance,
          conformance.response_schema_conformance]


@pytest.mark.slow
def test_every_operation_answers_as_the_document_says(shared_server, api):
    """Requests made from each operation's own description, right and wrong ones, the same ones every time."""
    problems, operations = [], [result.ok() for result in api.get_all_operations()]
    assert len(operations) > 40
    for operation in operations:
        @hypothesis.settings(max_examples=20, derandomize=True, deadline=None, database=None, print_blob=False, phases=[hypothesis.Phase.generate],
                             suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(case=hypothesis.strategies.one_of(
            operation.as_strategy(), operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)))
        def answers(case):
            case.call_and_validate(timeout=20, checks=CHECKS)

        try:
            answers()
        except Exception as problem:
            problems.append(f"{operation.method.upper()} {operation.path}: {problem}")
    assert not problems, "\n\n".join(problems)
    counts = requests.get(shared_server.url + "/metrics").text
    good = set(re.findall(r'martlet_http_requests_total\{method="(\w+)",route="/api/v1([^"]*)",status="2', counts))
    assert len(good) > len(operations) / 2, f"the requests hardly got anywhere: {sorted(good)}"


def test_whole_numbers_at_their_limits_end_no_server(shared_server, world):
    """Every parameter of the document that takes a whole number is given the largest, the smallest and what is around them."""
    document = requests.get(shared_server.url + "/api/v1/openapi.json").json()
    tried = 0
    for path, operations in document["paths"].items():
        address = path
        for name, value in world.items():
            if isinstance(value, dict):
                value = next((one for part, one in value.items() if part in path), "none")
            address = address.replace("{" + name + "}", str(value))
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] == "query" and parameter["schema"].get("type") == "integer":
                for number in (0, 1, 1000, 2**31, 2**32, 2**53, 2**63 - 1, -1, -2**63, 2**63, 10**30):
                    answer = requests.get(shared_server.url + address, params={parameter["name"]: number}, timeout=20)
                    assert answer.status_code in (200, 400, 404), (address, parameter["name"], number, answer.text[:200])
                    tried += answer.status_code == 200
    assert tried > 20, "the addresses hardly existed"


@pytest.mark.slow
def test_the_server_is_whole_after_it(shared_server, world):
    assert shared_server.json("audit", "verify")["intact"] is True
    assert "rror" not in shared_server.output, shared_server.output[-2000:]


# MLflow's routes, with what MLflow's own messages allow and what they do not.

def mlflow_operations():
    """Method, path and the fields of the request message of everything that MLflow's services declare."""
    from mlflow.protos import databricks_pb2, mlflow_artifacts_pb2, model_registry_pb2, service_pb2

    for module in (service_pb2, model_registry_pb2, mlflow_artifacts_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                for endpoint in method.GetOptions().Extensions[databricks_pb2.rpc].endpoints:
                    yield endpoint.method, endpoint.path, [(field.name, field.type) for field in method.input_type.fields]


SCALARS = [None, True, False, 0, 1, -1, 2**31, 2**63 - 1, -2**63, 2**63, 10**30, 0.5, -0.0, 1e308, "", "0", "1", "NaN", "Infinity",
           "a" * 300, "\x00", "\u202e", "é", "e\u0301", "\U0001f600", "%", "%2e%2e", "../../etc/passwd", "'; drop table runs; --",
           "metrics.m > 1 and (", "params.`a", "attributes.status = 'x'", "m ASC, ", "2024-01-01T00:00:00Z", [], {}, [None], [[]], [{}],
           {"key": None}, [{"key": "k", "value": "v"}], [{"key": 1, "value": {}}], [{"key": "m", "value": 1, "timestamp": 1, "step": 1}]]


class Garbage:
    """Bodies and queries that are wrong in a different way each time, the same ones every time."""

    def __init__(self, seed: int, known: list):
        self.chance = random.Random(seed)
        self.known = known

    def value(self):
        return self.chance.choice(self.known if self.chance.random() < 0.4 else SCALARS)

    def message(self, fields) -> dict:
        chosen = {name: self.value() for name, _ in fields if self.chance.random() < 0.7}
        if self.chance.random() < 0.1:
            chosen[self.chance.choice(["", "unknown", "RUN_ID", "run\x00id"])] = self.value()
        return chosen

    def body(self, fields) -> bytes:
        text = json.dumps(self.message(fields)).encode()
        match self.chance.randrange(8):
            case 0: return bytes(self.chance.randrange(256) for _ in range(self.chance.randrange(60)))
            case 1: return text[:self.chance.randrange(len(text) + 1)]
            case 2:
                at = self.chance.randrange(len(text) + 1)
                return text[:at] + bytes([self.chance.randrange(256)]) + text[at:]
            case 3: return self.chance.choice([b"", b"null", b"[]", b'"{}"', b"[" * 70 + b"]" * 70, b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b'"\\ud800"'])
            case _: return text

    def query(self, fields) -> str:
        pairs = []
        for name, value in self.message(fields).items():
            for one in value if isinstance(value, list) else [value]:
                pairs.append((name, one if isinstance(one, str) else json.dumps(one)))
        text = urllib.parse.urlencode(pairs, errors="surrogatepass")
        return text if self.chance.random() < 0.8 else text + self.chance.choice(["&", "&&=", "&a=%", "&a=%zz", "&%ff=1", "&run_id=%00", "?"])


class Wire:
    """One connection, opened again when the server closes it; what takes longer than five seconds is a hang."""

    def __init__(self, port: int):
        self.port, self.connection = port, None

    def send(self, method: str, target: str, body: bytes | None, headers: dict) -> tuple[int, bytes]:
        for _ in range(2):
            reused = self.connection is not None
            try:
                self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                self.connection.request(method, target, body, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection = None
                if not reused:
                    raise
            except TimeoutError:
                raise AssertionError(f"no answer in 5 s: {method} {target[:300]} {body!r:.300}") from None
        raise AssertionError("the connection was closed twice")


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["/api", "/ajax-api"])
def test_no_mlflow_route_answers_garbage_with_a_5xx(shared_server, world, prefix):
    wire, garbage = Wire(shared_server.port), Garbage(SEED, [world["run"]["/runs/"], "0", "tiny", "m", "1", 1, ["0"], [world["run"]["/runs/"]]])
    operations = sorted(set((method, path, tuple(fields)) for method, path, fields in mlflow_operations()))
    assert len(operations) > 100, "MLflow's services were not found"
    for method, path, fields in operations:
        for _ in range(12 if prefix == "/api" else 3):
            target = prefix + path
            while "{" in target or "<" in target:
                start = min(at for at in (target.find("{"), target.find("<")) if at >= 0)
                end = start + target[start:].find("}" if target[start] == "{" else ">")
                name = urllib.parse.quote(str(garbage.value())[:80], safe="", errors="surrogatepass")
                target = target[:start] + name + target[end + 1:]
            body = None
            if method == "GET":
                target += "?" + garbage.query(fields)
            else:
                body = garbage.body(fields)
            status, answer = wire.send(method, target, body, {"Content-Type": "application/json"})
            assert status < 500 or status == 501 and b"NOT_IMPLEMENTED" in answer, f"{method} {target} {body!r}: {status} {answer[:400]!r}"
    assert shared_server.answers()


# Pages.

def test_no_page_answers_garbage_with_a_5xx(shared_server, world):
    wire, garbage = Wire(shared_server.port), Garbage(SEED, [world["run"]["/runs/"], "0", "tiny", "sales", "m", "1", "2024-03-01"])
    paths = ["/", "/projects", "/data", "/experiments", "/runs", "/models", "/endpoints", "/pipelines", "/alerts", "/ledger", "/audit", "/monitors", "/static",
             "/projects/{a}", "/data/{a}", "/data/{a}/{b}", "/data/{a}/{b}/{c}", "/experiments/{a}", "/runs/{a}", "/runs/{a}/{b}", "/runs/{a}/{b}/{c}", "/models/{a}",
             "/models/{a}/{b}", "/endpoints/{a}", "/endpoints/{a}/{b}", "/pipelines/{a}", "/pipelines/{a}/{b}", "/pipelines/{a}/{b}/{c}", "/alerts/{a}", "/static/{a}", "/{a}"]
    names = [(name, 9) for name in ("page", "page_token", "limit", "filter", "order_by", "runs", "metric", "version", "partition", "step", "offset", "from", "until", "tab", "q")]
    for path in paths:
        for _ in range(12):
            target = path
            for part in ("{a}", "{b}", "{c}"):
                target = target.replace(part, urllib.parse.quote(str(garbage.value())[:200], safe="", errors="surrogatepass"))
            status, answer = wire.send("GET", target + "?" + garbage.query(names), None, {"Accept": "text/html"})
            assert status < 500, f"{target}: {status} {answer[:400]!r}"
    assert shared_server.answers()


# The scoring process.

@pytest.fixture(scope="module")
def scoring(tmp_path_factory):
    process = ScoringProcess(tmp_path_factory.mktemp("fuzz-scoring") / "data", trees=3).start()
    yield process
    process.close()


TYPES = ["application/json", "application/json; format=pandas-split", "text/csv", "application/json;charset=utf-16", "text/plain",
         "application/x-parquet", "", ";", "application/json; charset=\xff", "a" * 500]


def test_no_body_makes_invocations_a_5xx(scoring):
    chance, wire = random.Random(SEED), Wire(scoring.port)
    row = scoring.row(1)
    good = [json.dumps(body).encode() for body in (
        {"dataframe_records": [row, row]}, {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}},
        {"instances": [row]}, {"inputs": {name: [value] for name, value in row.items()}})]
    good.append((",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n").encode())
    pieces = [b"null", b"NaN", b"-", b"1e999", b"[[[[", b"]}", b"{}", b'"', b"\\u0000", b"\\ud800", b"\xff", b"\x00", b",,", b"\r\n", b'"\r"', b"9" * 400]
    for number in range(1500):
        body = bytearray(chance.choice(good))
        for _ in range(chance.randrange(4)):
            at, length = chance.randrange(len(body) + 1), chance.randrange(12)
            body[at:at + length] = chance.choice(pieces)
        if number % 10 == 0:
            body = bytearray(chance.randbytes(chance.randrange(200)))
        kind = chance.choice(TYPES) if number % 4 == 0 else chance.choice(TYPES[:3])
        path = chance.choice(["/invocations", "/endpoints/bench/invocations", "/endpoints/%62ench/invocations"])
        status, answer = wire.send("POST", path, bytes(body), {"Content-Type": kind})
        assert status < 500, f"{kind} {bytes(body)!r}: {status} {answer[:400]!r}"
    assert scoring.answers()


@pytest.mark.slow
@pytest.mark.parametrize("plane", ["control", "scoring"])
def test_random_bytes_on_the_socket_end_no_server(request, plane):
    server = request.getfixturevalue("shared_server" if plane == "control" else "scoring")
    chance = random.Random(SEED)
    pieces = [b"GET / HTTP/1.1\r\n", b"POST /invocations HTTP/1.1\r\n", f"Host: 127.0.0.1:{server.port}\r\n".encode(), b"Content-Length: 5\r\n",
              b"Content-Length: 99999999999999999999\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n", b"5\r\nhello\r\n", b"ffffffffffffffff\r\n", b"0\r\n\r\n",
              b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\nConnection: Upgrade\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\x00" * 10, b": \r\n", b" \r\n"]
    for _ in range(400):
        data = b"".join(chance.choice(pieces) if chance.random() < 0.9 else chance.randbytes(8) for _ in range(chance.randrange(1, 9)))
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                first = connection.recv(4096).split(b"\r\n")[0]
            except OSError:
                continue
            assert not first.startswith(b"HTTP/1.1 5"), (data, first)
    assert server.answers()
