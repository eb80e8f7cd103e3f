"""Runs, their views and models on the command line, against a server that an MLflow client wrote to."""

import csv
import io
import json

import pytest
import requests


@pytest.fixture(scope="module")
def logged(shared_server):
    """Six runs over two depths and three seeds; a model with two versions."""
    def post(path, **body):
        answer = requests.post(f"{shared_server.url}/api/2.0/mlflow/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    experiment = post("experiments/create", name="seeds")["experiment_id"]
    runs = []
    for number in range(6):
        run = post("runs/create", experiment_id=experiment, run_name=f"run-{number}", start_time=number)["run"]["info"]["run_id"]
        post("runs/log-batch", run_id=run,
             metrics=[{"key": "auc", "value": 0.7 + number / 100, "timestamp": 1}]
             + [{"key": "loss", "value": 9 if step == 123 else 1, "timestamp": step, "step": step} for step in range(400)],
             params=[{"key": "depth", "value": "4" if number < 3 else "8"}, {"key": "engine", "value": "gbm"}],
             tags=[{"key": "team", "value": "desk"}])
        runs.append(run)
    post("registered-models/create", name="delay")
    for run in runs[:2]:
        post("model-versions/create", name="delay", source=f"runs:/{run}/model", run_id=run)
    return runs


@pytest.fixture
def cli(shared_server, logged):
    def run(*arguments, expect=0):
        result = shared_server.cli(*arguments)
        assert result.returncode == expect, f"{arguments}\n{result.stdout}{result.stderr}"
        return result.stdout if expect == 0 else result.stderr
    return run


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_runs_are_filtered_ordered_and_shown_with_chosen_columns(cli):
    for command in ["list", "search"]:
        found = rows(cli("runs", command, "--experiment", "seeds", "--filter", "metrics.auc > 0.725", "--order", "metrics.auc desc",
                         "--columns", "metrics.auc,params.depth,tags.team", "-o", "csv"))
        assert [row["name"] for row in found] == ["run-5", "run-4", "run-3"]
        assert [(row["auc"], row["depth"], row["team"]) for row in found][0] == ("0.75", "8", "desk")
    assert json.loads(cli("runs", "list", "--filter", "metrics.auc > 9", "-o", "json")) == []
    assert "error:" in cli("runs", "list", "--filter", "metrics.auc >> 9", expect=1)
    assert "error:" in cli("runs", "list", "--columns", "nonsense.x", expect=2)


def test_only_columns_that_differ_are_shown(cli):
    head = cli("runs", "list", "--experiment", "seeds", "--only-differs", "-o", "csv").splitlines()[0]
    assert "depth" in head and "auc" in head
    assert "engine" not in head


def test_runs_are_grouped_with_mean_and_spread(cli):
    found = json.loads(cli("runs", "list", "--experiment", "seeds", "--group-by", "params.depth", "--columns", "metrics.auc", "-o", "json"))
    assert [(group["value"], group["runs"]) for group in found] == [("4", 3), ("8", 3)]
    assert found[0]["metrics"]["auc"]["mean"] == pytest.approx(0.71)
    assert found[0]["metrics"]["auc"]["deviation"] == pytest.approx(0.01)
    assert "AUC ±" in cli("runs", "list", "--experiment", "seeds", "--group-by", "params.depth")
    assert "error:" in cli("runs", "list", "--group-by", "metrics.auc", expect=1)


def test_runs_are_compared(cli, logged):
    found = [json.loads(line) for line in cli("runs", "compare", *logged[2:4], "--only-differs", "-o", "jsonl").splitlines()]
    depth = next(row for row in found if row["key"] == "depth")
    assert depth["values"] == {logged[2]: "4", logged[3]: "8"}
    assert not any(row["key"] == "engine" for row in found)
    assert "two to 100" in cli("runs", "compare", logged[0], expect=2)
    assert "not found" in cli("runs", "compare", logged[0], "nope", expect=3)


def test_a_history_is_short_and_keeps_its_spike(cli, logged):
    found = rows(cli("runs", "history", logged[0], "loss", "--parts", "10", "-o", "csv"))
    assert 5 < len(found) <= 10
    assert sum(int(row["points"]) for row in found) == 400
    assert [row["greatest"] for row in found].count("9.0") + [row["greatest"] for row in found].count("9") == 1
    near = rows(cli("runs", "history", logged[0], "loss", "--from-step", "120", "--to-step", "125", "--smoothing", "0.5", "-o", "csv"))
    assert [row["from"] for row in near] == ["120", "121", "122", "123", "124", "125"]
    assert float(near[3]["smoothed"]) > 1
    assert "error:" in cli("runs", "history", logged[0], "loss", "--smoothing", "7", expect=1)


def test_a_view_is_saved_used_and_deleted(cli, shared_server):
    cli("runs", "views", "save", "best of 8", "--experiment", "seeds", "--filter", "params.depth = '8'", "--order", "metrics.auc desc", "--columns", "metrics.auc")
    assert [view["name"] for view in json.loads(cli("runs", "views", "list", "--experiment", "seeds", "-o", "json"))] == ["best of 8"]
    found = rows(cli("runs", "list", "--experiment", "seeds", "--view", "best of 8", "-o", "csv"))
    assert [row["name"] for row in found] == ["run-5", "run-4", "run-3"] and "auc" in found[0]
    page = requests.get(shared_server.url + "/experiments/1?" + json.loads(cli("runs", "views", "list", "--experiment", "seeds", "-o", "json"))[0]["query"])
    assert page.status_code == 200 and "3 runs match" in page.text
    assert "did you mean 'best of 8'" in cli("runs", "list", "--experiment", "seeds", "--view", "best of 9", expect=3)
    cli("runs", "views", "delete", "best of 8", "--experiment", "seeds")
    assert "error:" in cli("runs", "views", "delete", "best of 8", "--experiment", "seeds", expect=3)
    audit = cli("audit", "list", "-o", "json") if "list" in cli("audit", "--help") else ""
    assert not audit or "experiment.view.saved" in audit


def test_models_are_searched_compared_and_given_aliases_and_stages(cli):
    assert [model["name"] for model in json.loads(cli("model", "list", "--filter", "name ILIKE '%DELAY%'", "-o", "json"))] == ["delay"]
    assert json.loads(cli("model", "list", "--filter", "name = 'x'", "-o", "json")) == []
    cli("model", "alias", "set", "champion", "delay@1")
    cli("model", "stage", "delay@2", "production")
    found = {row["key"]: row for row in json.loads(cli("model", "compare", "delay@1", "delay@2", "-o", "json"))}
    assert found["aliases"]["first"] == ["champion"] and found["aliases"]["second"] == []
    assert found["stage"]["second"] == "Production" and found["run_id"]["differs"] is True
    cli("model", "alias", "remove", "champion", "delay")
    assert "no alias" in cli("model", "alias", "remove", "champion", "delay", expect=3)
    assert "error:" in cli("model", "alias", "set", "latest", "delay@1", expect=1)
    assert "error:" in cli("model", "stage", "delay@1", "Live", expect=1)
    assert "error:" in cli("model", "compare", "delay@1", "delay@9", expect=3)


# What an API that pages and commands share must refuse.

@pytest.mark.parametrize("query", [
    "key=loss&parts=0", "key=loss&parts=5000", "key=loss&from_step=9&to_step=1", "key=loss&smoothing=NaN", "key=loss&smoothing=1", "parts=5",
    "key=loss&from_step=99999999999999999999", "key=loss&unknown=1"])
def test_a_bad_window_is_refused(shared_server, logged, query):
    answer = requests.get(f"{shared_server.url}/api/v1/runs/{logged[0]}/curve?{query}")
    assert answer.status_code == 400, answer.text


def test_the_edges_of_steps_are_no_error(shared_server, logged):
    for query in [f"from_step={-2**63}&to_step={2**63 - 1}", f"from_step={2**63 - 1}", f"to_step={-2**63}"]:
        answer = requests.get(f"{shared_server.url}/api/v1/runs/{logged[0]}/curve?key=loss&{query}")
        assert answer.status_code == 200, answer.text
    assert requests.get(f"{shared_server.url}/api/v1/runs/nope/curve?key=loss").status_code == 404
