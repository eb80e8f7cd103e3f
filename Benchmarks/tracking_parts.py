"""What `make bench-tracking` measures of a tracking server, part by part; the same for Martlet and for MLflow."""

import json
import os
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import tracking
import tracking_data
from costs import Load, median, median_load, memory, peak_memory, reset_peak_memory, wrk
from tracking_servers import Target

PARTS = ["create", "log", "search", "history", "artifacts", "memory", "million"]
FILTER, ORDER = "metrics.`metric-3` > 0.5", "metrics.`metric-7` DESC"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass
class Scale:
    """How much work: the issue's figures, or little of everything to see whether it runs."""

    seconds: float = 5
    rounds: int = 3
    idle_seconds: float = 5
    runs: int = 10_000
    points: int = 100_000
    million: int = 1_000_000
    experiments: int = 50
    artifact_mib: int = 100
    starts: int = 5

    @staticmethod
    def quick() -> "Scale":
        return Scale(seconds=1, rounds=1, idle_seconds=0.2, runs=300, points=2_000, million=3_000, experiments=5, artifact_mib=3,
                     starts=1)


Figures = dict[str, Load | float]


def measure(target: Target, folder: Path, scale: Scale, parts: list[str]) -> Figures:
    """Every part but `million`, which needs a server of its own."""
    figures: Figures = {}
    if "memory" in parts:
        time.sleep(scale.idle_seconds)
        figures["memory_idle_mb"] = memory(target.resident)["rss"]
    experiment = tracking.post(target.url, "experiments/create", {"name": f"bench-{time.time_ns()}"})["experiment_id"]
    if "create" in parts:
        figures["create_32"] = _load(target, scale, "/runs/create", "create_run.lua", experiment, connections=32)
    if "log" in parts:
        figures |= logging(target, scale, experiment)
    if "search" in parts or "history" in parts:
        filled = target.fill(scale.runs, scale.points)
        if "search" in parts:
            figures["search"] = search(target, scale, folder, filled.experiments)
        if "history" in parts:
            figures["history"] = history(target, scale, filled.series_run)
    if "artifacts" in parts:
        figures |= artifacts(target, scale, folder, experiment)
    if "memory" in parts:
        figures["memory_after_mb"] = memory(target.resident)["rss"]
    return figures


def logging(target: Target, scale: Scale, experiment: str) -> Figures:
    runs = [tracking.create_run(target.url, experiment) for _ in range(32)]
    figures: Figures = {}
    for connections in (1, 16):
        figures[f"log_batch_{connections}"] = _load(
            target, scale, "/runs/log-batch", "log_batch.lua", *runs[:connections], connections=connections)
    figures["log_metric_32"] = _load(target, scale, "/runs/log-metric", "log_metric.lua", *runs, connections=32)
    return figures


def search(target: Target, scale: Scale, folder: Path, experiments: list[str]) -> Load:
    """The first 100 runs by one metric, of those whose other metric is in the upper half."""
    body = folder / "search.json"
    body.write_text(json.dumps(
        {"experiment_ids": experiments, "filter": FILTER, "order_by": [ORDER], "max_results": 100}))
    found = tracking.post(target.url, "runs/search", json.loads(body.read_text()))["runs"]
    values = [next(m["value"] for m in run["data"]["metrics"] if m["key"] == "metric-7") for run in found]
    assert len(found) == 100 and values == sorted(values, reverse=True), "the search found something else"
    return _load(target, scale, "/runs/search", "post.lua", body, connections=1)


def history(target: Target, scale: Scale, run: str) -> Load:
    query = f"?run_id={run}&metric_key={tracking_data.SERIES_KEY}"
    return _load(target, scale, "/metrics/get-history" + query, "get.lua", connections=1)


def million(target: Target, scale: Scale, folder: Path, filled: tracking_data.Filled) -> Figures:
    return {"million_within": search(target, scale, folder, filled.experiments[:1]),
            "million_all": search(target, scale, folder, filled.experiments)}


def artifacts(target: Target, scale: Scale, folder: Path, experiment: str) -> Figures:
    """Seconds to bring one file over and back on one connection, and by how much the server's memory grew meanwhile."""
    file = folder / "artifact"
    file.write_bytes(os.urandom(1 << 20) * scale.artifact_mib)
    path = f"{PROXY}/{experiment}/bench/file.bin"
    times: dict[str, list[float]] = {"up": [], "down": []}
    growth = {"up": 0.0, "down": 0.0}
    for _ in range(max(scale.rounds, 2)):
        for way, transfer in (("up", _upload), ("down", _download)):
            before = memory(target.resident)["rss"]
            reset_peak_memory(target.resident)
            begin = time.perf_counter()
            transfer(target.url, path, file)
            times[way].append(time.perf_counter() - begin)
            growth[way] = max(growth[way], peak_memory(target.resident) - before)
    file.unlink()
    return {f"artifact_{way}_s": median(times[way]) for way in times} | {
        f"artifact_{way}_growth_mb": growth[way] for way in growth}


def _upload(url: str, path: str, file: Path) -> None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=120, blocksize=1 << 20)
    with file.open("rb") as body:
        connection.request("PUT", path, body, {"Content-Length": str(file.stat().st_size), "Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
    connection.close()


def _download(url: str, path: str, file: Path) -> None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=120)
    connection.request("GET", path)
    answer, buffer, total = connection.getresponse(), bytearray(1 << 20), 0
    while count := answer.readinto(buffer):
        total += count
    connection.close()
    assert answer.status == 200 and total == file.stat().st_size, f"{answer.status}: {total} bytes came back"


def _load(target: Target, scale: Scale, path: str, script: str, *arguments, connections: int) -> Load:
    return median_load(scale.rounds, lambda: wrk(
        target.url + tracking.API + path, target.processes, script, *arguments, connections=connections, seconds=scale.seconds))

