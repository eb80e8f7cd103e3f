"""The servers that track: Martlet on SQLite or a throwaway PostgreSQL, and stock `mlflow server`, started for the benchmark."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import requests

import martlet
import peer
import tracking
import tracking_data
from costs import process_tree

FILLING_THREADS = 16


@dataclass
class Target:
    """A running server and how to handle it."""

    url: str
    root: int
    """The process that all others of the server come from."""
    others: list[int] = field(default_factory=list)
    """Roots of processes that work for it, such as PostgreSQL's."""
    fill: Callable[[int, int], tracking_data.Filled] | None = None
    """Puts so many runs with ten metrics, and a series of so many points, into its database; it may restart the server."""

    is_tree: bool = False
    """Whether the root and all its children together are what is compared in memory: MLflow's workers are its server,
    while Martlet's control plane is one process and its scoring plane another."""

    @property
    def processes(self) -> list[int]:
        """All whose processor time is counted."""
        return [pid for root in (self.root, *self.others) for pid in process_tree(root)]

    @property
    def resident(self) -> list[int]:
        """Those whose memory is counted."""
        return process_tree(self.root) if self.is_tree else [self.root]


@contextmanager
def martlet_server(folder: Path, store: str):
    """Martlet with an empty database."""
    if store == "sqlite":
        with _martlet(folder) as server:
            target = Target(server.url, server.process.pid)

            def fill(runs: int, points: int) -> tracking_data.Filled:
                server.stop()
                filled = tracking_data.fill_martlet(server.data / "martlet.db", runs, 1, points)
                target.root = server.start().process.pid
                return filled

            target.fill = fill
            yield target
        return
    database = martlet.Postgres(folder / "postgres", fsync="on").start()
    try:
        with _martlet(folder, "--store", database.url) as server:
            target = Target(server.url, server.process.pid, [database.process.pid])
            target.fill = lambda runs, points: fill_over_api(target.url, runs, points)
            yield target
    finally:
        database.stop()


@contextmanager
def _martlet(folder: Path, *arguments):
    server = martlet.Server(folder / "martlet", *arguments).start()
    try:
        martlet.wait_until(server.scoring_processes, 10, "a scoring process")
        yield server
    finally:
        server.close()


@contextmanager
def mlflow_server(folder: Path):
    """Stock MLflow with an empty database and its default workers."""
    with peer.server(folder / "mlflow") as (url, process, _):
        target = Target(url, process.pid, is_tree=True)
        target.fill = lambda runs, points: tracking_data.fill_mlflow(folder / "mlflow" / "mlflow.db", runs, points)
        yield target


def mlflow_start_ms(folder: Path) -> float:
    """Milliseconds until stock MLflow answers on the database that is there already."""
    with peer.server(folder / "mlflow") as (_, _, started):
        return started


def fill_over_api(url: str, runs: int, points: int) -> tracking_data.Filled:
    """The same runs through the API, where nothing may write past the server."""
    experiment = tracking.post(url, "experiments/create", {"name": f"filled-{time.time_ns()}"})["experiment_id"]

    def create(place: int) -> str:
        session = requests.Session()
        answer = session.post(url + tracking.API + "/runs/create", json={"experiment_id": experiment, "start_time": place}, timeout=60)
        answer.raise_for_status()
        run = answer.json()["run"]["info"]["run_id"]
        metrics = [{"key": f"metric-{metric}", "value": (place * 7919 + metric * 104729) % 1000003 / 1000003, "timestamp": 1}
                   for metric in range(tracking_data.METRICS)]
        session.post(url + tracking.API + "/runs/log-batch", json={"run_id": run, "metrics": metrics}, timeout=60).raise_for_status()
        return run

    with ThreadPoolExecutor(FILLING_THREADS) as pool:
        first = list(pool.map(create, range(runs)))[0]
    for start in range(0, points, tracking.BATCH):
        metrics = [{"key": tracking_data.SERIES_KEY, "value": 0.5, "timestamp": step, "step": step}
                   for step in range(start, min(start + tracking.BATCH, points))]
        tracking.post(url, "runs/log-batch", {"run_id": first, "metrics": metrics})
    return tracking_data.Filled([experiment], first)
