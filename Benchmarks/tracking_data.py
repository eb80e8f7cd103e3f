"""Runs with ten metrics each, and one long series, written straight into a server's SQLite file while it does nothing.

The same values for Martlet and MLflow; a million runs over the API would take longer than everything that is measured.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

METRICS = 10
SERIES_KEY = "series"
# A run's start and its metrics as SQL over `i`, the run's place: spread over 0 … 1 without a pattern that indexes see.
START = "1700000000000 + i"


def value(metric: int) -> str:
    return f"((i * 7919 + {metric} * 104729 + i * i % 65537 * 31) % 1000003) / 1000003.0"


@dataclass
class Filled:
    """What a search or a history may ask for."""

    experiments: list[str]
    series_run: str


def fill_martlet(path: Path, runs: int, experiments: int, points: int) -> Filled:
    """Into Martlet's file; the server must be stopped. The runs go to the experiments in turn."""
    with _opened(path) as database:
        first = database.execute("SELECT MAX(experiment_id) + 1 FROM experiments").fetchone()[0]
        for number in range(first, first + experiments):
            database.execute("INSERT INTO experiments VALUES (?, ?, ?, 'active', 0, 0)",
                             (number, f"filled-{number}", f"mlflow-artifacts:/{number}"))
        start = database.execute("SELECT COALESCE(MAX(number), 0) FROM runs").fetchone()[0]
        indexes = _without_indexes(database, "runs", "latest_metrics", "params", "run_tags")
        every = _counting(runs)
        run = f"{start} + i"
        experiment = f"{first} + i % {experiments}"
        database.execute(
            f"""{every} INSERT INTO runs (number, run_id, experiment_id, name, user_id, status, start_time, end_time, lifecycle,
            artifact_uri) SELECT {run}, printf('%032x', {run}), {experiment}, 'run-' || i, 'bench', 'FINISHED', {START},
            {START} + 1000, 'active', printf('mlflow-artifacts:/%d/%032x/artifacts', {experiment}, {run}) FROM every""")
        columns = _columns(database, "latest_metrics")
        keys = sorted(f"metric-{metric}" for metric in range(METRICS))
        for table, extra in (("latest_metrics", "experiment" in columns), ("metrics", False)):
            _insert_metrics(database, every, table, run, experiment if extra else None, keys)
        for table, key, text in (("params", "lr", "printf('%.3f', (i % 100) / 1000.0)"), ("run_tags", "mlflow.user", "'bench'"),
                                 ("run_tags", "mlflow.runName", "'run-' || i")):
            database.execute(f"{every} INSERT INTO {table} (run, key, value) SELECT {run}, '{key}', {text} FROM every")
        series = database.execute(f"SELECT run_id FROM runs WHERE number = {start} + 1").fetchone()[0]
        database.execute(
            f"""{_counting(points)} INSERT INTO metrics (run, key, timestamp, step, value, is_nan)
            SELECT {start} + 1, '{SERIES_KEY}', {START}, i, {value(0)}, 0 FROM every""")
        for sql in indexes:
            database.execute(sql)
    return Filled([str(number) for number in range(first, first + experiments)], series)


def fill_mlflow(path: Path, runs: int, points: int) -> Filled:
    """Into MLflow's file, as one experiment; its server may run, but must not be asked for anything."""
    with _opened(path) as database:
        experiment = database.execute("SELECT MAX(experiment_id) + 1 FROM experiments").fetchone()[0]
        database.execute(
            """INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
            VALUES (?, 'filled', ?, 'active', 0, 0)""", (experiment, f"mlflow-artifacts:/{experiment}"))
        every, run = _counting(runs), "printf('%032x', i)"
        database.execute(
            f"""{every} INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
            end_time, source_version, lifecycle_stage, artifact_uri, experiment_id) SELECT {run}, 'run-' || i, 'UNKNOWN', '', '',
            'bench', 'FINISHED', {START}, {START} + 1000, '', 'active', 'mlflow-artifacts:/{experiment}/' || {run} || '/artifacts',
            {experiment} FROM every""")
        for table in ("latest_metrics", "metrics"):
            for metric in range(METRICS):
                database.execute(
                    f"""{every} INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid)
                    SELECT 'metric-{metric}', {value(metric)}, {START}, 0, 0, {run} FROM every""")
        for table, key, text in (("params", "lr", "printf('%.3f', (i % 100) / 1000.0)"), ("tags", "mlflow.user", "'bench'"),
                                 ("tags", "mlflow.runName", "'run-' || i")):
            database.execute(f"{every} INSERT INTO {table} (run_uuid, key, value) SELECT {run}, '{key}', {text} FROM every")
        database.execute(
            f"""{_counting(points)} INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid)
            SELECT '{SERIES_KEY}', {value(0)}, {START}, i, 0, printf('%032x', 1) FROM every""")
    return Filled([str(experiment)], f"{1:032x}")


def _insert_metrics(database: sqlite3.Connection, every: str, table: str, run: str, experiment: str | None, keys: list[str]) -> None:
    """In the order of the table's key, so that its tree grows at its end."""
    values = " ".join(f"WHEN '{key}' THEN {value(int(key.rpartition('-')[2]))}" for key in keys)
    known = ", ".join(f"('{key}')" for key in keys)
    database.execute(
        f"""{every}, named (key) AS (VALUES {known})
        INSERT INTO {table} (run, key, timestamp, step, value, is_nan{", experiment" if experiment else ""})
        SELECT {run}, key, {START}, 0, CASE key {values} END, 0{f", {experiment}" if experiment else ""} FROM every CROSS JOIN named""")


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    for setting in ("synchronous = OFF", "cache_size = -400000", "temp_store = FILE"):
        database.execute(f"PRAGMA {setting}")
    return database


def _counting(count: int) -> str:
    return f"WITH RECURSIVE every (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM every WHERE i < {count})"


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


def _without_indexes(database: sqlite3.Connection, *tables: str) -> list[str]:
    """Drops the tables' indexes and returns the statements that make them again: building is faster than keeping up."""
    places = ", ".join("?" for _ in tables)
    found = database.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({places})", tables).fetchall()
    for name, _ in found:
        database.execute(f'DROP INDEX "{name}"')
    return [sql for _, sql in found]
