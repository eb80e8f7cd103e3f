"""Other clients than today's Python one: `mlflow-skinny` of two generations, and REST as R and Java send it."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import requests

import martlet

CLIENTS = martlet.ROOT / ".cache" / "clients"
VERSIONS = ("2.22.5", "3.17.2")
SCENARIO = Path(__file__).parent / "clients" / "scenario.py"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_day_with_the_client(shared_server, folder, version):
    python = CLIENTS / f"mlflow-skinny-{version}" / "bin" / "python"
    assert python.exists(), "the client is not there; make venv installs it"
    env = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")} | {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_DISABLE_TELEMETRY": "true"}
    result = subprocess.run(
        [python, SCENARIO, shared_server.url, folder], capture_output=True, text=True, timeout=120, env=env)
    assert result.returncode == 0, result.stderr[-3000:]
    read = json.loads(result.stdout.splitlines()[-1])
    largest = "1.7976931348623157e+308"
    assert read == {
        "version": version,
        "duplicate": "RESOURCE_ALREADY_EXISTS",
        "unknown": "RESOURCE_DOES_NOT_EXIST",
        "experiment": {"same": True, "stage": "active", "tags": {"team": "blue"}},
        "experiments": [f"client {version}"],
        "deleted": "deleted",
        "fluent": {
            "status": "FINISHED", "params": {"lr": "0.1", "layers": "[1, 2]"}, "stage": "dev",
            "metrics": {"loss": "0.2", "nan": "nan", "up": largest, "down": f"-{largest}"}},
        "batch": {"status": "FAILED", "start": 1_700_000_000_000, "end": 1_700_000_000_500,
                  "metrics": {"loss": 9.5}, "params": {"lr": "0.2"}},
        "history": [[step, 1 / (step + 1)] for step in range(5)],
        "changed": "INVALID_PARAMETER_VALUE",
        "found": ["batch"],
        "pages": [["fluent"], ["batch"]],
        "syntax": "INVALID_PARAMETER_VALUE",
        "left": ["fluent"],
        "artifacts": [["config.json", False, len(json.dumps({"a": [1, 2]}, indent=2))], ["notes", True, None]],
        "inside": ["notes/read me.txt"],
        "text": "one\ntwo\n",
        "whole": ["config.json", "notes/read me.txt"],
        "model": {"version": "1", "stage": "Staging", "tags": {"k": "v"}, "description": "described",
                  "status": "READY", "aliases": ["best"]},
        "latest": ["1"],
        "models": [f"model {version}"],
        "versions": ["1"],
        "nobody": "INVALID_PARAMETER_VALUE",
    }


class R:
    """REST as R's `mlflow` sends it: every value of a body is text, as `as.character` writes it, and GET has a query."""

    def __init__(self, url: str):
        self.url = url
        self.session = requests.Session()
        self.session.headers["User-Agent"] = "mlflow-r-client/2.22.0"

    def get(self, path: str, **query):
        return self.answer(self.session.get(f"{self.url}/api/2.0/mlflow/{path}", params=query, timeout=30))

    def post(self, path: str, **data):
        return self.answer(self.session.post(f"{self.url}/api/2.0/mlflow/{path}", json=self.as_text(data), timeout=30))

    @staticmethod
    def answer(response):
        assert response.ok, response.text
        return response.json()

    @classmethod
    def as_text(cls, value):
        """`rapply(data, as.character, how = "replace")`: numbers of 100000 and more become `1e+05` where that is shorter."""
        if isinstance(value, dict):
            return {key: cls.as_text(item) for key, item in value.items() if item is not None}
        if isinstance(value, (list, tuple)):
            return [cls.as_text(item) for item in value]
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, (int, float)) and value == int(value) and abs(value) >= 100_000:
            plain, exponent = str(int(value)), f"{value:.15e}"
            mantissa, power = exponent.split("e")
            exponent = f"{mantissa.rstrip('0').rstrip('.')}e{power}"
            return exponent if len(exponent) < len(plain) else plain
        return str(value)


def test_a_day_with_r(shared_server):
    r = R(shared_server.url)
    assert R.as_text(100_000) == "1e+05" and R.as_text(1_700_000_000_123) == "1700000000123"
    experiment = r.post("experiments/create", name=f"r {time.time_ns()}", artifact_location=None)["experiment_id"]
    assert r.get("experiments/get", experiment_id=experiment)["experiment"]["lifecycle_stage"] == "active"
    run = r.post("runs/create", experiment_id=experiment, user_id="ann", run_name=None, start_time=1_700_000_000_000,
                 tags=[{"key": "mlflow.source.type", "value": "LOCAL"}])["run"]["info"]["run_id"]
    r.post("runs/log-metric", run_id=run, run_uuid=run, key="loss", value=0.25, timestamp=1_700_000_000_123, step=100_000)
    r.post("runs/log-metric", run_id=run, run_uuid=run, key="loss", value="NaN", timestamp=1_700_000_000_124, step=200_000)
    r.post("runs/log-parameter", run_id=run, run_uuid=run, key="alpha", value="0.5")
    r.post("runs/log-batch", run_id=run, tags=[{"key": "t", "value": "v"}], params=[{"key": "p", "value": "1"}],
           metrics=[{"key": "auc", "value": 1.0, "timestamp": 1_700_000_000_125, "step": 0}])
    r.post("runs/update", run_id=run, run_uuid=run, status="FINISHED", end_time=1_700_000_100_000)
    read = r.get("runs/get", run_id=run, run_uuid=run)["run"]
    assert read["info"]["start_time"] == 1_700_000_000_000 and read["info"]["end_time"] == 1_700_000_100_000
    assert read["info"]["status"] == "FINISHED" and read["info"]["user_id"] == "ann"
    assert {m["key"]: (m["value"], m["step"]) for m in read["data"]["metrics"]} == {"loss": ("NaN", 200_000), "auc": (1.0, 0)}
    assert {p["key"]: p["value"] for p in read["data"]["params"]} == {"alpha": "0.5", "p": "1"}
    history = r.get("metrics/get-history", run_id=run, run_uuid=run, metric_key="loss")["metrics"]
    assert [(m["step"], m["value"]) for m in history] == [(100_000, 0.25), (200_000, "NaN")]
    found = r.post("runs/search", experiment_ids=[experiment], filter="params.alpha = '0.5'", run_view_type="ACTIVE_ONLY",
                   order_by=["metrics.auc DESC"], max_results=1000)["runs"]
    assert [item["info"]["run_id"] for item in found] == [run]
    assert r.get("experiments/search", filter=f"attribute.name LIKE 'r %'", max_results=10)["experiments"]
    r.post("registered-models/create", name=f"r model {run}", description="from R")
    version = r.post("model-versions/create", name=f"r model {run}", source=read["info"]["artifact_uri"], run_id=run)
    assert version["model_version"]["version"] == "1"


def test_a_day_with_java(shared_server):
    """Java prints protobuf's JSON: whole numbers of 64 bits are text, and the type carries a charset."""
    def post(path: str, body: dict) -> dict:
        answer = requests.post(f"{shared_server.url}/api/2.0/mlflow/{path}", data=json.dumps(body).encode(), timeout=30,
                               headers={"Content-Type": "application/json; charset=UTF-8", "User-Agent": "mlflow-java-client/2.22.0"})
        assert answer.ok, answer.text
        return answer.json()

    experiment = post("experiments/create", {"name": f"java {time.time_ns()}"})["experiment_id"]
    run = post("runs/create", {"experiment_id": experiment, "start_time": "1700000000000"})["run"]["info"]["run_id"]
    post("runs/log-batch", {"run_id": run, "metrics": [
        {"key": "a", "value": 1e-300, "timestamp": "1700000000000", "step": "-9007199254740993"},
        {"key": "b", "value": "-Infinity", "timestamp": "1700000000000", "step": "9223372036854775807"}]})
    metrics = {m["key"]: m for m in requests.get(
        f"{shared_server.url}/api/2.0/mlflow/runs/get", params={"run_id": run}, timeout=30).json()["run"]["data"]["metrics"]}
    assert metrics["a"]["value"] == 1e-300 and metrics["a"]["step"] == -9_007_199_254_740_993
    assert metrics["b"]["value"] == -1.7976931348623157e308 and metrics["b"]["step"] == 9_223_372_036_854_775_807
