"""Everything that is measured of Martlet."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import martlet
import predictions
import tracking
from costs import cpu_seconds, median, memory, process_tree, wrk
from flights_model import FlightsModel, prepared

STARTS = 9
PARTS = ["start", "idle", "tracking", "predictions"]


@dataclass
class TrainedModel:
    """What Martlet trained, for somebody else to serve."""

    trees: Path
    rows: list[dict]
    """Prepared, so that the trees can read them."""
    scores: list[float]
    """What they must get."""


def measure(folder: Path, seconds: float, rounds: int, only: list[str] | None) -> tuple[dict[str, float], TrainedModel | None]:
    parts = only or PARTS
    results, model = {}, None
    if "start" in parts:
        results |= start_up(folder)
    if "idle" in parts:
        results |= idle(folder)
    if "tracking" in parts:
        results |= tracked(folder, seconds, rounds)
    if "predictions" in parts:
        predicted, model = predict(folder, seconds, rounds)
        results |= predicted
    return results, model


def start_up(folder: Path) -> dict[str, float]:
    """From starting the process to the first answer of /health: on an empty folder, then again on what it left."""
    first, again, cpu = [], [], []
    for number in range(STARTS):
        server = martlet.Server(folder / f"start-{number}")
        for times in (first, again):
            begin = time.perf_counter()
            server.start()
            times.append((time.perf_counter() - begin) * 1000)
            if times is again:
                cpu.append(cpu_seconds([server.process.pid]) * 1000)
            server.stop()
        server.close()
    return {"start_new_ms": median(first), "start_again_ms": median(again), "start_again_cpu_ms": median(cpu)}


def idle(folder: Path) -> dict[str, float]:
    """Memory of both planes after five seconds in which nobody asked for anything, and what they use a second."""
    server = martlet.Server(folder / "idle").start()
    try:
        martlet.wait_until(server.scoring_processes, 10, "a scoring process")
        time.sleep(5)
        pids = [server.process.pid, *server.scoring_processes()]
        control, scoring, both = memory(pids[:1]), memory(pids[1:]), memory(pids)
        before = cpu_seconds(pids)
        time.sleep(10)
        used = cpu_seconds(pids) - before
    finally:
        server.close()
    return {"idle_control_mb": control["rss"], "idle_scoring_mb": scoring["rss"], "idle_both_mb": both["pss"],
            "idle_cpu_ms_per_s": used * 100}


def tracked(folder: Path, seconds: float, rounds: int) -> dict[str, float]:
    server = martlet.Server(folder / "tracking").start()
    try:
        pids = [server.process.pid]
        health = wrk(server.url + "/health", pids, "get.lua", connections=16, seconds=seconds)
        results = {"health_16_per_s": health.per_second} | tracking.measure(server.url, pids, seconds, rounds)
        results["after_tracking_mb"] = memory(pids)["rss"]
    finally:
        server.close()
    return results


def predict(folder: Path, seconds: float, rounds: int) -> tuple[dict[str, float], TrainedModel]:
    """Predictions with a model trained for this, and the memory of both planes around them."""
    flights = FlightsModel(folder / "flights")
    try:
        begin = time.perf_counter()
        flights.start()
        results = {"train_to_live_s": time.perf_counter() - begin}
        pids = flights.server.scoring_processes()
        results["live_scoring_mb"] = memory(pids)["rss"]
        workers = [pid for pid in process_tree(flights.server.process.pid)[1:] if pid not in pids]
        results["warm_workers_mb"] = memory(workers)["rss"]
        examples = flights.examples()
        rows, scores = [example["row"] for example in examples], [example["score"] for example in examples]
        predictions.check(flights.invocations, rows, scores)
        results |= predictions.measure(flights.invocations, pids, rows, folder, seconds, rounds)
        results |= predictions.measure(
            flights.invocations, pids, flights.requests(100), folder, seconds, rounds, prefix="online_")
        results["after_predictions_scoring_mb"] = memory(pids)["rss"]
        results["after_training_control_mb"] = memory([flights.server.process.pid])["rss"]
        trees = folder / "model.txt"
        shutil.copy2(flights.package / "model.txt", trees)
        results["model_trees"] = trees.read_text().count("\nTree=")
        return results, TrainedModel(trees, prepared(flights.package, rows), scores)
    finally:
        flights.close()
