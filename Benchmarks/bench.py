#!/usr/bin/env python3
"""What Martlet costs: start-up time, memory, log-batch rate, prediction latency. `make bench` runs it on the release binary.

Prints a table, and the same as JSON with --json. With --peer it measures `mlflow server` on the same work and prints
ratios. Numbers are medians of several rounds on a quiet machine; compare ratios, not machines.
"""

import argparse
import concurrent.futures
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
import martlet  # noqa: E402


def resident_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def start_up(folder: Path, rounds: int = 9) -> dict:
    """From starting the process to the first answer of /health; first on an empty folder, then again."""
    first, again = [], []
    for number in range(rounds):
        server = martlet.Server(folder / f"start-{number}")
        for times in (first, again):
            begin = time.perf_counter()
            server.start()
            times.append((time.perf_counter() - begin) * 1000)
            server.stop()
        server.close()
    return {"start_new_ms": statistics.median(first), "start_again_ms": statistics.median(again)}


def memory(folder: Path) -> dict:
    server = martlet.Server(folder / "memory").start()
    time.sleep(1)
    idle = resident_megabytes(server.process.pid)
    scoring = sum(resident_megabytes(pid) for pid in server.scoring_processes())
    server.close()
    return {"control_plane_idle_mb": idle, "scoring_plane_idle_mb": scoring}


def log_batches(url: str, seconds: float, writers: int) -> float:
    """Metrics a second over HTTP in batches of 1000, by this many writers at once."""
    experiment = requests.post(url + "/api/2.0/mlflow/experiments/create", json={"name": f"bench-{time.time_ns()}"}).json()

    def write(writer: int) -> int:
        session = requests.Session()
        run = session.post(url + "/api/2.0/mlflow/runs/create", json={
            "experiment_id": experiment["experiment_id"], "start_time": 0}).json()["run"]["info"]["run_id"]
        end, count, step = time.monotonic() + seconds, 0, 0
        while time.monotonic() < end:
            body = {"run_id": run, "metrics": [
                {"key": "loss", "value": 0.5, "timestamp": step + i, "step": step + i} for i in range(1000)]}
            session.post(url + "/api/2.0/mlflow/runs/log-batch", json=body).raise_for_status()
            count, step = count + 1000, step + 1000
        return count

    with concurrent.futures.ThreadPoolExecutor(writers) as pool:
        return sum(pool.map(write, range(writers))) / seconds


def tracking(folder: Path, seconds: float) -> dict:
    server = martlet.Server(folder / "tracking").start()
    one, eight = log_batches(server.url, seconds, 1), log_batches(server.url, seconds, 8)
    used = resident_megabytes(server.process.pid)
    server.close()
    return {"log_batch_metrics_per_s_1_writer": one, "log_batch_metrics_per_s_8_writers": eight,
            "control_plane_after_tracking_mb": used}


def requests_per_second(folder: Path) -> dict:
    if not shutil.which("wrk"):
        return {}
    server = martlet.Server(folder / "wrk").start()
    result = subprocess.run(["wrk", "-t1", "-c16", "-d3s", server.url + "/api/v1/health"], capture_output=True, text=True)
    server.close()
    rate = [line.split()[1] for line in result.stdout.splitlines() if line.startswith("Requests/sec")]
    return {"health_requests_per_s": float(rate[0])} if rate else {}


def predictions(endpoint: str | None, body: str | None) -> dict:
    """Latency of one row on a live endpoint, such as the one that the demo leaves running."""
    if not endpoint:
        return {}
    payload = Path(body).read_bytes()
    session, times = requests.Session(), []
    for _ in range(2000):
        begin = time.perf_counter()
        session.post(endpoint, data=payload, headers={"Content-Type": "application/json"}).raise_for_status()
        times.append((time.perf_counter() - begin) * 1000)
    times.sort()
    return {"predict_1_row_p50_ms": times[1000], "predict_1_row_p99_ms": times[1980]}


def peer(folder: Path, seconds: float) -> dict:
    """`mlflow server` on the same machine and the same work."""
    port = martlet.free_port()
    begin = time.perf_counter()
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "mlflow"), "server", "--port", str(port), "--backend-store-uri",
         f"sqlite:///{folder}/mlflow.db", "--default-artifact-root", str(folder / "mlruns")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    url = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return requests.get(url + "/health", timeout=1).ok
        except requests.RequestException:
            return False

    try:
        martlet.wait_until(answers, 60, "mlflow answers")
        started = (time.perf_counter() - begin) * 1000
        rate = log_batches(url, seconds, 1)
    finally:
        process.terminate()
        process.wait()
    return {"mlflow_start_ms": started, "mlflow_log_batch_metrics_per_s_1_writer": rate}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--endpoint", help="URL of a live endpoint's /invocations, for prediction latency")
    parser.add_argument("--body", help="file with a JSON request for it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as path:
        folder = Path(path)
        results = start_up(folder) | memory(folder) | requests_per_second(folder) | tracking(folder, options.seconds)
        results |= predictions(options.endpoint, options.body)
        if options.peer:
            results |= peer(folder, options.seconds)
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for name, value in results.items():
        print(f"{name:44} {value:12.1f}")
    if "mlflow_start_ms" in results:
        print(f"{'start-up, mlflow / martlet':44} {results['mlflow_start_ms'] / results['start_again_ms']:12.1f}")
        print(f"{'log-batch rate, martlet / mlflow':44} "
              f"{results['log_batch_metrics_per_s_1_writer'] / results['mlflow_log_batch_metrics_per_s_1_writer']:12.1f}")


main()
