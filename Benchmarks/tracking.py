"""Logging metrics and creating runs over MLflow's REST API: the same work for Martlet and for `mlflow server`."""

import concurrent.futures
import time

import requests

from costs import median_load, wrk

API = "/api/2.0/mlflow"
BATCH = 1000
CONNECTIONS = (1, 16)


def measure(url: str, pids: list[int], seconds: float, rounds: int) -> dict[str, float]:
    experiment = post(url, "experiments/create", {"name": f"bench-{time.time_ns()}"})["experiment_id"]
    runs = [create_run(url, experiment) for _ in range(max(CONNECTIONS))]
    results = {}
    for connections in CONNECTIONS:
        load = median_load(rounds, lambda: wrk(
            url + API + "/runs/log-batch", pids, "log_batch.lua", *runs[:connections], connections=connections,
            seconds=seconds))
        results[f"log_batch_{connections}_metrics_per_s"] = load.per_second * BATCH
        results[f"log_batch_{connections}_p50_ms"] = load.p50_ms
        results[f"log_batch_{connections}_p99_ms"] = load.p99_ms
        results[f"log_batch_{connections}_cpu_us"] = load.cpu_us
    for writers in CONNECTIONS:
        results[f"log_batch_python_{writers}_metrics_per_s"] = log_from_python(url, experiment, writers, seconds)
    for connections in CONNECTIONS:
        load = median_load(rounds, lambda: wrk(
            url + API + "/runs/create", pids, "create_run.lua", experiment, connections=connections, seconds=seconds))
        results[f"create_run_{connections}_per_s"] = load.per_second
        results[f"create_run_{connections}_p99_ms"] = load.p99_ms
    return results


def post(url: str, path: str, body: dict) -> dict:
    answer = requests.post(f"{url}{API}/{path}", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json()


def create_run(url: str, experiment: str) -> str:
    return post(url, "runs/create", {"experiment_id": experiment, "start_time": 1})["run"]["info"]["run_id"]


def log_from_python(url: str, experiment: str, writers: int, seconds: float) -> float:
    """Metrics a second that this many threads of one Python process bring over; most of the time is Python's own."""

    def write(_: int) -> int:
        session = requests.Session()
        run = create_run(url, experiment)
        end, count = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            metrics = [{"key": "loss", "value": 0.5, "timestamp": step, "step": step}
                       for step in range(count, count + BATCH)]
            session.post(url + API + "/runs/log-batch", json={"run_id": run, "metrics": metrics}).raise_for_status()
            count += BATCH
        return count

    with concurrent.futures.ThreadPoolExecutor(writers) as pool:
        begin = time.monotonic()
        return sum(pool.map(write, range(writers))) / (time.monotonic() - begin)
