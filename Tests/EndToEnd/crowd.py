"""A crowded tracking server: 100,000 runs, one run with 1,000 metrics, and a series of a million points.

The rows are written into the server's SQLite database while it is stopped: over the API it would take minutes.
"""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import martlet
import requests

RUNS = 100_000
METRICS = ["loss", "accuracy", "roc_auc", "pr_auc", "brier"]
START = 1_700_000_000_000


@dataclass
class Crowd:
    server: martlet.Server
    ids: dict = field(default_factory=dict)

    def fill(self) -> "Crowd":
        """Starts the server once for its tables, fills them, and starts it again."""
        self.server.start()
        self.experiment = self.mlflow("experiments/create", {"name": "crowd"})["experiment_id"]
        self.server.stop()
        database = sqlite3.connect(Path(self.server.data) / "martlet.db", isolation_level=None)
        database.execute("BEGIN")
        self._runs(database)
        self._wide_run(database)
        self._long_run(database)
        database.execute("COMMIT")
        database.close()
        self.server.start()
        return self

    def mlflow(self, path: str, body: dict) -> dict:
        answer = requests.post(f"{self.server.url}/api/2.0/mlflow/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> requests.Response:
        return requests.get(self.server.url + path, headers={"Accept": "text/html"}, timeout=60)

    # What is in it.

    def _new_run(self, database, name: str) -> int:
        run_id = f"{10**9 + len(self.ids):032x}"
        self.ids[name] = run_id
        return database.execute(
            "INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, end_time, lifecycle, artifact_uri) "
            "VALUES (?, ?, ?, 'ada', 'FINISHED', ?, ?, 'active', ?) RETURNING number",
            [run_id, self.experiment, name, START + 10 * RUNS, START + 10 * RUNS + 5000,
             f"mlflow-artifacts:/{self.experiment}/{run_id}/artifacts"]).fetchone()[0]

    def _runs(self, database):
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {RUNS}) "
        database.execute(
            f"INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, end_time, lifecycle, artifact_uri) {numbers}"
            "SELECT printf('%032x', i), ?, 'run-' || i, 'ada', 'FINISHED', ? + i, ? + i + 1000, 'active', "
            "'mlflow-artifacts:/' || ? || '/' || printf('%032x', i) || '/artifacts' FROM n",
            [self.experiment, START, START, self.experiment])
        first = database.execute("SELECT MIN(number) FROM runs WHERE experiment_id = ?", [self.experiment]).fetchone()[0]
        these = f"(SELECT number, number - {first} AS i FROM runs WHERE experiment_id = {self.experiment})"
        for place, key in enumerate(METRICS):
            value = f"((i * {7919 + 2 * place}) % 10007) / 10007.0"
            database.execute(f"INSERT INTO latest_metrics (run, key, value, is_nan, step, timestamp) SELECT number, '{key}', {value}, 0, 0, {START} FROM {these}")
            database.execute(f"INSERT INTO metrics (run, key, timestamp, step, value, is_nan) SELECT number, '{key}', {START}, 0, {value}, 0 FROM {these}")
        for key, value in {"seed": "i % 20", "depth": "i % 7", "engine": "'lightgbm'", "learning_rate": "(i % 13) / 100.0"}.items():
            database.execute(f"INSERT INTO params (run, key, value) SELECT number, '{key}', CAST({value} AS TEXT) FROM {these}")
        database.execute(f"INSERT INTO run_tags (run, key, value) SELECT number, 'team', 'desk' FROM {these}")
        self.some = [f"{i:032x}" for i in range(1, 101)]

    def _wide_run(self, database):
        """1,000 metrics with 50 points each."""
        run = self._new_run(database, "wide")
        keys = "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 1000) "
        steps = "(WITH RECURSIVE s(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM s WHERE j < 50) SELECT j FROM s)"
        value = "((k.i * 31 + j * 17) % 101) / 101.0"
        database.execute(f"INSERT INTO metrics (run, key, timestamp, step, value, is_nan) {keys} SELECT {run}, printf('layer%04d/norm', k.i), {START} + j, j, {value}, 0 FROM k, {steps}")
        database.execute(f"INSERT INTO latest_metrics (run, key, value, is_nan, step, timestamp) {keys} SELECT {run}, printf('layer%04d/norm', k.i), ((k.i * 31 + 50 * 17) % 101) / 101.0, 0, 50, {START} + 50 FROM k")

    def _long_run(self, database):
        """A million points with one spike."""
        run = self._new_run(database, "long")
        points = "WITH RECURSIVE p(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM p WHERE i < 999999) "
        value = "CASE WHEN i = 654321 THEN 777.0 ELSE ((i * 7919) % 1009) / 1009.0 END"
        database.execute(f"INSERT INTO metrics (run, key, timestamp, step, value, is_nan) {points} SELECT {run}, 'loss', {START} + i * 10, i, {value}, 0 FROM p")
        database.execute("INSERT INTO latest_metrics (run, key, value, is_nan, step, timestamp) VALUES (?, 'loss', 0.5, 0, 999999, ?)", [run, START + 9_999_990])
