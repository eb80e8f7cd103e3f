"""Searches over an engine's parameters: each trial is a run that any MLflow client reads."""

import random
import textwrap

import pytest
import requests

FILE = """
martlet: 1
project: tiny
data:
  rows: {source: data/rows.csv, key: [id], schema: inferred}
  kinds: {source: data/kinds.csv, key: [kind], schema: inferred}
features:
  kind_weight: {entity: [kind], sql: "select kind, weight from kinds", online: true}
steps:
  table:
    sql: "select id, seen_at as predicted_at, kind, x, y, late from ${data.rows}"
    out: {table: table}
  set:
    join: {table: table.table, at: predicted_at, features: [kind_weight]}
    split: {by: time, column: predicted_at, train: 80%, test: 20%}
    out: {train: train, test: test}
  fit:
    train:
      table: set.train
      label: late
      ignore: [id, predicted_at]
      prepare: [{encode: target, columns: [kind]}]
      parameters: {min_data_in_leaf: 5}
      tune: TUNE
"""


@pytest.fixture
def project(folder):
    """Four hundred rows whose label depends on `x` and on the weight of the row's kind."""
    chance = random.Random(3)
    kinds = {"a": 0.1, "b": 0.9, "c": 0.5}
    (folder / "tiny" / "data").mkdir(parents=True)
    (folder / "tiny" / "data" / "kinds.csv").write_text("kind,weight\n" + "".join(f"{k},{w}\n" for k, w in kinds.items()))
    lines = ["id,seen_at,kind,x,y,late"]
    for number in range(400):
        kind, x, y = chance.choice(list(kinds)), chance.random(), chance.random()
        late = int(x + kinds[kind] + chance.gauss(0, 0.3) > 1)
        lines.append(f"r{number},2013-01-{number // 24 + 1:02}T{number % 24:02}:00:00Z,{kind},{x:.4f},{y:.4f},{late}")
    (folder / "tiny" / "data" / "rows.csv").write_text("\n".join(lines) + "\n")

    def write(tune: str):
        (folder / "tiny" / "martlet.yaml").write_text(textwrap.dedent(FILE).replace("TUNE", tune))
        return folder / "tiny"

    return write


def search(server, folder, *arguments) -> list[dict]:
    """Runs the pipeline and returns the newest search's trials in their order: parameters and metrics."""
    result = server.cli("run", folder, *arguments, timeout=300)
    assert result.returncode == 0, result.stderr + result.stdout
    experiment = requests.get(server.url + "/api/2.0/mlflow/experiments/get-by-name", params={"experiment_name": "tiny"}, timeout=10).json()
    answer = requests.post(server.url + "/api/2.0/mlflow/runs/search", timeout=10, json={
        "experiment_ids": [experiment["experiment"]["experiment_id"]], "max_results": 1000}).json()
    runs = [(run["info"], {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}, run["data"]) for run in answer["runs"]]
    parent = max((info for info, tags, _ in runs if "mlflow.parentRunId" not in tags), key=lambda info: info["start_time"])
    trials = [(info["run_name"], data) for info, tags, data in runs
              if tags.get("mlflow.parentRunId") == parent["run_id"] and info["run_name"].startswith("trial ")]
    trials.sort(key=lambda trial: int(trial[0].split()[1]))
    return [{"name": name, "params": {p["key"]: p["value"] for p in data["params"]},
             "metrics": {m["key"]: m["value"] for m in data["metrics"]}} for name, data in trials]


def values(trials, *names):
    return [tuple(trial["params"][name] for name in names) for trial in trials]


@pytest.mark.slow
def test_a_grid_trains_each_combination_once_and_keeps_the_best(server, project):
    folder = project("{sampler: grid, metric: roc_auc, batch: 2, seed: 3, space: {num_leaves: [3, 6], learning_rate: [0.05, 0.3, 0.9]}}")
    trials = search(server, folder)
    expected = [(leaves, rate) for leaves in ("3", "6") for rate in ("0.05", "0.3", "0.9")]
    assert values(trials, "num_leaves", "learning_rate") == expected
    assert {trial["params"]["min_data_in_leaf"] for trial in trials} == {"5"}, "what is fixed stays fixed"
    scores = [trial["metrics"]["roc_auc"] for trial in trials]
    assert min(scores) > 0.6 and len(set(scores)) > 1, scores
    run = server.json("runs", "list", "--experiment", "tiny")
    best = max(scores)
    parent = [item for item in run if not item["name"].startswith(("trial", "baseline"))]
    assert any(abs(item.get("metrics", {}).get("roc_auc", 0) - best) < 1e-12 for item in parent), parent


@pytest.mark.slow
def test_a_random_search_is_the_same_for_the_same_seed_and_another_for_another(server, project):
    tune = "{sampler: random, trials: 4, metric: roc_auc, batch: 2, seed: SEED, space: {num_leaves: {from: 3, to: 40}, learning_rate: {from: 0.05, to: 0.5, log: true}}}"
    first = search(server, project(tune.replace("SEED", "3")))
    assert len(first) == 4 and len(set(values(first, "num_leaves", "learning_rate"))) == 4
    for leaves, rate in values(first, "num_leaves", "learning_rate"):
        assert 3 <= int(leaves) <= 40 and 0.05 <= float(rate) <= 0.5
    again = search(server, project(tune.replace("SEED", "3")), "--force")
    assert again is not first and again == [trial | {"metrics": trial["metrics"] | {"train_seconds": other["metrics"]["train_seconds"]}}
                                            for trial, other in zip(first, again)]
    other = search(server, project(tune.replace("SEED", "4")))
    assert values(other, "num_leaves", "learning_rate") != values(first, "num_leaves", "learning_rate")


def test_a_grid_that_does_not_fit_is_refused_before_anything_is_trained(server, project):
    folder = project("{sampler: gird, metric: roc_auc, trials: 2, space: {num_leafs: [3, 6, 9]}}")
    result = server.cli("run", folder)
    assert result.returncode == 1
    assert "did you mean 'grid'?" in result.stderr and "did you mean 'num_leaves'?" in result.stderr
