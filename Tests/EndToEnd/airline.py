"""A small airline for the pages to show: Examples/flights with every eighth flight, and a data scientist's notebook.

Everything comes in through the public command line and API, as it does from people.
"""

import csv
import json
import shutil
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import martlet
import requests
import yaml

EXAMPLE = martlet.ROOT / "Examples" / "flights"
PROJECT = "flight-delay"
START = "2013-04-01"
END = "2013-04-04T12:00:00Z"
# Delivered with distances in kilometres and carriers lost.
DAMAGED = ["2013-04-02", "2013-04-03"]
KEPT_OF = 8


def smaller(project: dict, trials: int = 2) -> dict:
    """The example with less work, days instead of weeks, and gates that a small sample passes."""
    project["params"]["train_days"] = 90
    project["data"]["flights"]["expect"][0]["rows"]["min"] = 40
    project["steps"]["train"]["train"]["tune"] |= {"trials": trials, "batch": 2}
    project["gates"] = {
        "quality": ["roc_auc >= 0.50", "pr_auc >= champion.pr_auc - 0.5 at 95%", "min(slice(origin).roc_auc) >= 0.2"],
        "live": ["error_rate < 0.5%", "missing_rate(any feature) < 95%", "latency_p99_ms < 5000"]}
    project["endpoints"][PROJECT] |= {"traffic": ["20%", "100%"], "hold": {"requests": 100_000}}
    project["monitors"][PROJECT] |= {"window": "1d", "alert": [
        {"when": "psi(prediction) > 0.15", "severity": "warn", "owner": "operations@example.com"}]}
    project["triggers"] = [{"cron": "0 4 1 1 *"}]
    return project


REPLAY = f"""\
replay:
  project: {PROJECT}
  from: {START}
  to: {END}
  step: 3h
  rows:
    - {{dataset: weather, file: build/weather.csv, at: observed_at}}
    - {{dataset: flights, file: build/flights.csv, at: known_at}}
  partitions:
    - {{dataset: flights, files: "build/flights/{{partition}}.csv", after: 36h}}
  requests: {{endpoint: flight-delay, file: build/requests.csv, at: predicted_at, connections: 4}}
  outcomes: {{endpoint: flight-delay, file: build/outcomes.csv, at: known_at, id: flight_id, value: arrived_late}}
"""


@dataclass
class Airline:
    """The furnished server, and what it is known to hold."""

    server: martlet.Server
    folder: Path
    ids: dict = field(default_factory=dict)

    def get(self, path: str):
        answer = requests.get(self.server.url + "/api/v1" + path, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def items(self, path: str) -> list:
        return self.get(path)["items"]

    def post(self, path: str, body: dict):
        answer = requests.post(self.server.url + "/api/v1" + path, json=body, timeout=120)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def mlflow(self, path: str, body: dict) -> dict:
        answer = requests.post(f"{self.server.url}/api/2.0/mlflow/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def cli(self, *arguments, expect=0):
        result = self.server.cli(*arguments, cwd=self.folder, timeout=300)
        assert result.returncode == expect, f"{arguments}\n{result.stdout}{result.stderr}"
        return result

    # What happened, in order.

    def furnish(self) -> "Airline":
        self._write_project()
        self._deliver_history()
        self._train()
        self._live()
        self._notebook()
        self._files()
        self._look_up()
        return self

    def _write_project(self):
        self._write_yaml(self.folder / "martlet.yaml")
        (self.folder / "replay.yaml").write_text(REPLAY)
        shutil.copytree(EXAMPLE / "sql", self.folder / "sql")
        build = self.folder / "build"
        (build / "flights").mkdir(parents=True)
        source = EXAMPLE / "build"
        for name in ["planes.csv", "weather.csv"]:
            shutil.copy2(source / name, build / name)
        shutil.copy2(source / "weather" / "first_quarter.csv", build / "weather-history.csv")
        sample(source / "flights" / "first_quarter.csv", build / "flights-history.csv")
        for name in ["flights.csv", "requests.csv", "outcomes.csv"]:
            sample(source / name, build / name, until="2013-04-08")
        for day in ["2013-04-01", *DAMAGED]:
            sample(source / "flights" / f"{day}.csv", build / "flights" / f"{day}.csv", damaged=day in DAMAGED)

    @staticmethod
    def _write_yaml(path: Path, **changes):
        path.write_text(yaml.safe_dump(smaller(yaml.safe_load((EXAMPLE / "martlet.yaml").read_text()), **changes), sort_keys=False))

    def _deliver_history(self):
        self.cli("plan", ".")
        self.post(f"/projects/{PROJECT}/clock", {"now": START})
        for dataset in ["planes.csv", "weather-history.csv", "flights-history.csv"]:
            name = dataset.removesuffix(".csv").removesuffix("-history")
            self.cli("data", "add", name, f"build/{dataset}", "--project", PROJECT)

    def _train(self):
        self.cli("run", ".")
        self.cli("run", ".", "-p", "train_days=45")
        self.cli("run", ".", "-p", "label=arrived_lat", expect=1)
        self.cli("deployment", "rollback", PROJECT, "--reason", "complaints from the desk")
        self.post(f"/endpoints/{PROJECT}/deployments", {"version": f"{PROJECT}@2"})

    def _live(self):
        self.cli("replay", "replay.yaml")

    def _notebook(self):
        """Three runs of a colleague's own code, as an MLflow client logs them."""
        experiment = self.mlflow("experiments/create", {"name": "notebook"})["experiment_id"]
        for number, rate in enumerate(["0.3", "0.1", "0.03"]):
            run = self.mlflow("runs/create", {
                "experiment_id": experiment, "run_name": f"learning-rate-{rate}", "start_time": 1_364_774_400_000,
                "tags": [{"key": "mlflow.note.content", "value": "Is a slower start worth it?"}]})["run"]["info"]["run_id"]
            course = [{"key": "loss", "value": 0.4 + (0.3 + number / 10) / (step + 1), "timestamp": 1_364_774_400_000 + step * 1000,
                       "step": step} for step in range(120)]
            self.mlflow("runs/log-batch", {
                "run_id": run, "metrics": course + [{"key": "roc_auc", "value": 0.7 + number / 50, "timestamp": 1_364_774_520_000}],
                "params": [{"key": "learning_rate", "value": rate}, {"key": "engine", "value": "lightgbm"}]})
            if number < 2:
                self.mlflow("runs/update", {"run_id": run, "status": "FINISHED", "end_time": 1_364_774_520_000})
            self.ids[f"notebook run {number}"] = run
        self.ids["notebook"] = experiment

    def _files(self):
        """What the colleague's code left beside the numbers."""
        def put(path: str, content: bytes):
            answer = requests.put(f"{self.server.url}/api/2.0/mlflow-artifacts/artifacts/{path}", data=content, timeout=30)
            assert answer.status_code == 200, answer.text

        def root(uri: str) -> str:
            return uri.split("mlflow-artifacts:/")[1].strip("/")

        for number in range(2):
            info = requests.get(f"{self.server.url}/api/2.0/mlflow/runs/get?run_id={self.ids[f'notebook run {number}']}", timeout=30).json()["run"]["info"]
            folder = root(info["artifact_uri"])
            put(f"{folder}/model/requirements.txt", f"numpy==2.{number}\nscipy==1.15\n".encode())
        put(f"{folder}/notes.md", b"# Notes\n\nA slower start **is** worth it: see [MLflow](https://mlflow.org).\n\n- 0.1\n- 0.03\n")
        put(f"{folder}/late.csv", b"carrier,late\nUA,0.18\nB6,0.21\n")
        put(f"{folder}/plots/curve.svg", b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 20' width='400'><path d='M0 20L40 0' stroke='navy'/></svg>")
        put(f"{folder}/report.html", b"<!doctype html><title>x</title><h1>Report</h1><p style='color:navy'>All is well.")
        put(f"{folder}/scripted.html", b"<!doctype html><title>x</title><h1>Report</h1><script>document.title = 'ran'</script>")
        put(f"{folder}/params.json", b'{"depth": 6, "features": ["wind", "delay"], "nested": {"a": [1, {"b": null}]}}')
        model = requests.post(f"{self.server.url}/api/2.0/mlflow/logged-models", json={
            "experiment_id": self.ids["notebook"], "name": "booster", "source_run_id": self.ids["notebook run 1"]}, timeout=30).json()["model"]["info"]
        put(f"{root(model['artifact_uri'])}/MLmodel", b"flavors:\n  lightgbm: {}\n")
        self.ids["logged model"] = model["model_id"]

    def _look_up(self):
        runs = self.items(f"/projects/{PROJECT}/pipeline-runs")
        self.ids["failed pipeline"] = next(run["id"] for run in runs if run["state"] == "failed")
        self.ids["pipeline"] = min((run for run in runs if run["state"] == "succeeded"), key=lambda run: run["number"])["id"]
        version = self.get(f"/models/{PROJECT}/versions/2")
        self.ids["search run"] = version["run_id"]
        self.ids["experiment"] = self.get(f"/runs/{version['run_id']}")["experiment_id"]

    # Something to watch.

    def start_search(self) -> str:
        """A pipeline run that is long under way: a search of forty trials, as a branch that nothing else notices."""
        folder = self.folder / "watched"
        if not folder.exists():
            folder.mkdir()
            shutil.copytree(self.folder / "sql", folder / "sql")
            self._write_yaml(folder / "martlet.yaml", trials=40)
        result = self.server.cli(
            "run", folder, "--branch", "watched", "--step", "train", "--force", "--detach", "-o", "json", cwd=folder)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)["id"]

    def cancel(self, run: str):
        self.post(f"/pipeline-runs/{run}/cancel", {"reason": "seen enough"})


def sample(source: Path, target: Path, until: str | None = None, damaged: bool = False):
    """Every eighth flight, chosen by its id so that all files agree."""
    with open(source, newline="") as given, open(target, "w", newline="") as taken:
        reader = csv.DictReader(given)
        writer = csv.DictWriter(taken, reader.fieldnames)
        writer.writeheader()
        kept = 0
        for row in reader:
            if until and row["flight_id"] >= until:
                break
            if zlib.crc32(row["flight_id"].encode()) % KEPT_OF:
                continue
            if damaged:
                row["distance"] = str(round(float(row["distance"]) * 1.609344))
                row["carrier"] = "NA" if kept % 5 == 0 else row["carrier"]
            kept += 1
            writer.writerow(row)
