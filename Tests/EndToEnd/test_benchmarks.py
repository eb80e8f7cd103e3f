"""The benchmarks run: a little of everything that `make bench-tracking` measures, so that it does not rot unseen."""

import json
import subprocess
import sys

import pytest

import martlet

LOADS = {"create_32", "log_batch_1", "log_batch_16", "log_metric_32", "search", "history"}
SINGLES = {"artifact_up_s", "artifact_down_s", "artifact_up_growth_mb", "artifact_down_growth_mb", "memory_idle_mb", "memory_after_mb"}


def bench_tracking(*arguments) -> subprocess.CompletedProcess:
    script = martlet.ROOT / "Benchmarks" / "bench_tracking.py"
    return subprocess.run([sys.executable, str(script), "--quick", "--no-peer", *arguments], capture_output=True, text=True,
                          timeout=300, env=martlet.environment(MARTLET=martlet.BINARY))


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_tracking_is_measured(store):
    if store == "postgresql" and martlet.Postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    result = bench_tracking("--store", store, "--json")
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)["martlet"]
    loads = LOADS | ({"million_within", "million_all"} if store == "sqlite" else set())
    singles = SINGLES | ({"start_million_ms"} if store == "sqlite" else set())
    assert set(figures) == loads | singles
    for name in loads:
        assert figures[name]["per_second"] > 0 and figures[name]["cpu_us"] > 0, name
    for name in singles - {"artifact_up_growth_mb", "artifact_down_growth_mb"}:
        assert figures[name] > 0, name


def test_the_table_shows_what_was_asked_for_beside_its_aim():
    result = bench_tracking("--only", "history")
    assert result.returncode == 0, result.stderr
    line = next(line for line in result.stdout.splitlines() if line.startswith("history of 100k points"))
    assert "<= 60 ms" in line
    assert "log-batch" not in result.stdout
