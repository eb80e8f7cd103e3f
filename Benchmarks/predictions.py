"""Predictions over HTTP with a trained model: one row on many connections, one row on one, a hundred rows."""

import json
from pathlib import Path

import requests

from costs import median_load, wrk
from flights_model import body

# Name of the measure, rows in a request, connections.
LOADS = [("predict_1_row_16", 1, 16), ("predict_1_row_1", 1, 1), ("predict_100_rows_1", 100, 1)]


def measure(url: str, pids: list[int], rows: list[dict], folder: Path, seconds: float, rounds: int,
            prefix: str = "") -> dict[str, float]:
    """Loads the scoring address `url` with these rows."""
    results = {}
    for name, count, connections in LOADS:
        file = folder / f"{prefix}{name}.json"
        file.write_text(json.dumps(body(rows, count)))
        load = median_load(rounds, lambda: wrk(url, pids, "post.lua", file, connections=connections, seconds=seconds))
        results |= {f"{prefix}{name}_per_s": load.per_second, f"{prefix}{name}_p50_ms": load.p50_ms,
                    f"{prefix}{name}_p99_ms": load.p99_ms, f"{prefix}{name}_cpu_us": load.cpu_us}
    return results


def check(url: str, rows: list[dict], scores: list[float]) -> None:
    """What is measured must be right: the answers are the scores that training gave these rows."""
    answer = requests.post(url, json=body(rows, len(rows)), timeout=60)
    if not answer.ok:
        raise SystemExit(f"error: {url} answered {answer.status_code}\n{answer.text[:500]}")
    for given, wanted in zip(answer.json()["predictions"], scores, strict=True):
        if abs(given - wanted) > 1e-9:
            raise SystemExit(f"error: {url} predicts {given}, training gave {wanted}")
