"""The same work done by MLflow on the same machine: `mlflow server` for tracking, `mlflow models serve` for predictions.

The model server gets the trees that Martlet trained, and rows that are already prepared: less work than Martlet does.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import requests

import martlet
import predictions
import tracking
from costs import median, memory, process_tree
from martlet_costs import TrainedModel

STARTS = 3
# An environment of its own, since the tests need no LightGBM for Python.
ENVIRONMENT = martlet.ROOT / ".cache" / "peer"
PACKAGES = ["mlflow==3.17.2", "lightgbm==4.7.0"]


def measure_server(folder: Path, seconds: float, rounds: int) -> dict[str, float]:
    first, again = [], []
    for number in range(STARTS):
        for times in (first, again):
            with server(folder / f"mlflow-{number}") as (_, _, started):
                times.append(started)
    results = {"start_new_ms": median(first), "start_again_ms": median(again)}
    with server(folder / "mlflow") as (url, process, _):
        time.sleep(5)
        results["idle_control_mb"] = memory(process_tree(process.pid))["rss"]
        results["idle_both_mb"] = memory(process_tree(process.pid))["pss"]
        results |= tracking.measure(url, process_tree(process.pid), seconds, rounds)
        results["after_tracking_mb"] = memory(process_tree(process.pid))["rss"]
    return results


def measure_scoring(folder: Path, trained: TrainedModel, seconds: float, rounds: int) -> dict[str, float]:
    python = environment()
    model = folder / "mlflow-model"
    code = "import lightgbm, mlflow, sys; mlflow.lightgbm.save_model(lightgbm.Booster(model_file=sys.argv[1]), sys.argv[2])"
    subprocess.run([python, "-c", code, trained.trees, model], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    port = martlet.free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(python.parent / "mlflow"), "models", "serve", "-m", str(model), "-p", str(port), "--env-manager", "local"]
    with running(command, url + "/ping", folder / "mlflow-serve.log", path=python.parent) as (process, started):
        pids = process_tree(process.pid)
        results = {"start_scoring_ms": started, "live_scoring_mb": memory(pids)["rss"]}
        predictions.check(url + "/invocations", trained.rows, trained.scores)
        results |= predictions.measure(url + "/invocations", pids, trained.rows, folder, seconds, rounds)
        results["after_predictions_scoring_mb"] = memory(pids)["rss"]
    return results


def environment() -> Path:
    """The Python of the peer's environment, made when it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / ".installed").exists():
        uv = Path(sys.executable).parent / "uv"
        print("installing " + ", ".join(PACKAGES), file=sys.stderr)
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *PACKAGES], check=True)
        (ENVIRONMENT / ".installed").touch()
    return python


@contextmanager
def server(folder: Path):
    """`mlflow server` as its documentation starts it: SQLite, its own number of workers."""
    folder.mkdir(exist_ok=True)
    port = martlet.free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(Path(sys.executable).parent / "mlflow"), "server", "--port", str(port), "--backend-store-uri",
               f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "mlartifacts")]
    with running(command, url + "/health", folder / "log") as (process, started):
        yield url, process, started


@contextmanager
def running(command: list[str], health: str, log: Path, path: Path | None = None):
    """The process, and the milliseconds until it answered."""
    env = martlet.environment() | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    if path:
        env["PATH"] = f"{path}{os.pathsep}{env['PATH']}"

    def answers() -> bool:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            return requests.get(health, timeout=1).ok
        except requests.RequestException:
            return False

    with open(log, "ab") as output:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, env=env, start_new_session=True)
    try:
        martlet.wait_until(answers, 300, f"{' '.join(command[:2])} answers")
        yield process, (time.perf_counter() - begin) * 1000
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
