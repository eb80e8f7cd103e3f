"""The unmodified MLflow client against Martlet: what it reads is what it logged.

Set MARTLET_URL to test a server that runs already; otherwise one is started.
"""

import math
import os
import random
import time

import pytest

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_ENABLE_ASYNC_LOGGING", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException


@pytest.fixture(scope="module")
def url(request):
    given = os.environ.get("MARTLET_URL")
    return given if given else request.getfixturevalue("shared_server").url


@pytest.fixture
def client(url):
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    yield MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def experiment(client):
    name = f"e2e {time.time_ns()}"
    return mlflow.set_experiment(name).experiment_id


def test_a_run_reads_as_it_was_logged(client, experiment):
    with mlflow.start_run(run_name="first", tags={"team": "blue"}, description="a run") as run:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"lr": 0.1, "name with space": "ä ö 漢"})
        for step in range(10):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"auc": 0.75, "nan": math.nan}, step=1)
        mlflow.set_tag("note", "x" * 7000)
    read = client.get_run(run.info.run_id)
    assert read.info.status == "FINISHED"
    assert read.info.run_name == "first"
    assert read.info.end_time >= read.info.start_time
    assert read.data.params == {"depth": "3", "lr": "0.1", "name with space": "ä ö 漢"}
    assert read.data.metrics["loss"] == 0.1
    assert read.data.metrics["auc"] == 0.75
    assert math.isnan(read.data.metrics["nan"])
    assert read.data.tags["team"] == "blue"
    assert read.data.tags["mlflow.runName"] == "first"
    assert read.data.tags["note"] == "x" * 7000
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(step, 1 / (step + 1)) for step in range(10)]


def test_a_batch_reads_as_it_was_logged(client, experiment):
    run = client.create_run(experiment)
    randomness = random.Random(7)
    points = [Metric(f"m{i % 20}", randomness.gauss(0, 1e3), 1_700_000_000_000 + i, i) for i in range(900)]
    params = [Param(f"p{i}", str(randomness.random())) for i in range(50)]
    tags = [RunTag(f"t{i}", "v" * i) for i in range(50)]
    client.log_batch(run.info.run_id, points, params, tags)
    read = client.get_run(run.info.run_id)
    assert read.data.params == {param.key: param.value for param in params}
    assert {key: value for key, value in read.data.tags.items() if key.startswith("t")} == {t.key: t.value for t in tags}
    for i in range(20):
        expected = [(p.step, p.timestamp, p.value) for p in points if p.key == f"m{i}"]
        history = client.get_metric_history(run.info.run_id, f"m{i}")
        assert [(p.step, p.timestamp, p.value) for p in history] == expected
        assert read.data.metrics[f"m{i}"] == expected[-1][2]


def test_a_parameter_does_not_change(client, experiment):
    run = client.create_run(experiment)
    client.log_param(run.info.run_id, "p", "1")
    client.log_param(run.info.run_id, "p", "1")
    with pytest.raises(MlflowException, match="already logged|Changing param values"):
        client.log_param(run.info.run_id, "p", "2")


def test_a_failed_run_and_nested_runs(client, experiment):
    with pytest.raises(ZeroDivisionError):
        with mlflow.start_run() as parent:
            with mlflow.start_run(nested=True) as child:
                mlflow.log_param("x", 1)
            1 / 0
    assert client.get_run(parent.info.run_id).info.status == "FAILED"
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_search_runs(client, experiment):
    for i in range(12):
        with mlflow.start_run(run_name=f"run-{i}"):
            mlflow.log_metric("acc", i / 10)
            mlflow.log_param("kind", "tree" if i % 2 else "linear")
    frame = mlflow.search_runs([experiment], "metrics.acc > 0.45 and params.kind = 'tree'", order_by=["metrics.acc DESC"])
    assert list(frame["tags.mlflow.runName"]) == ["run-11", "run-9", "run-7", "run-5"]
    found, token = [], None
    while True:
        page = client.search_runs([experiment], "attributes.run_name LIKE 'run-%'", max_results=5, page_token=token)
        found += [run.info.run_name for run in page]
        token = page.token
        if not token:
            break
    assert sorted(found) == sorted(f"run-{i}" for i in range(12))
    with pytest.raises(MlflowException, match="Invalid clause"):
        client.search_runs([experiment], "metrics.acc > 1 or metrics.acc < 0")


def test_deleting_and_restoring(client, experiment):
    run = client.create_run(experiment)
    client.delete_run(run.info.run_id)
    assert not client.search_runs([experiment])
    assert len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)) == 1
    client.restore_run(run.info.run_id)
    assert len(client.search_runs([experiment])) == 1
    name = client.get_experiment(experiment).name
    client.delete_experiment(experiment)
    assert client.get_experiment_by_name(name).lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    client.rename_experiment(experiment, name + "!")
    client.set_experiment_tag(experiment, "k", "v")
    found = client.search_experiments(filter_string="tags.k = 'v'", order_by=["name"])
    assert name + "!" in [each.name for each in found]


def test_artifacts_come_back_as_they_went(client, experiment, tmp_path):
    content = random.Random(1).randbytes(3_000_000)
    (tmp_path / "big file.bin").write_bytes(content)
    folder = tmp_path / "folder" / "inner"
    folder.mkdir(parents=True)
    (folder / "ü.txt").write_text("hello")
    (folder / "empty").write_text("")
    with mlflow.start_run() as run:
        mlflow.log_artifact(tmp_path / "big file.bin", "data")
        mlflow.log_artifacts(tmp_path / "folder", "tree")
        mlflow.log_dict({"a": [1, 2, {"b": None}]}, "config.json")
        mlflow.log_text("text", "notes/a.txt")
    listed = client.list_artifacts(run.info.run_id)
    assert [(item.path, item.is_dir) for item in listed] == [
        ("config.json", False), ("data", True), ("notes", True), ("tree", True)]
    (big,) = client.list_artifacts(run.info.run_id, "data")
    assert (big.path, big.file_size) == ("data/big file.bin", len(content))
    local = client.download_artifacts(run.info.run_id, "", str(tmp_path))
    downloaded = {p.relative_to(local).as_posix(): p.read_bytes() for p in type(tmp_path)(local).rglob("*") if p.is_file()}
    assert downloaded["data/big file.bin"] == content
    assert downloaded["tree/inner/ü.txt"] == b"hello"
    assert downloaded["tree/inner/empty"] == b""
    assert mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/config.json") == {"a": [1, 2, {"b": None}]}


def test_data_sets(client, experiment):
    import pandas

    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    dataset = mlflow.data.from_pandas(frame, name="flights", source="flights.csv")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training")
    (read,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert (read.dataset.name, read.dataset.digest) == ("flights", dataset.digest)
    assert {tag.key: tag.value for tag in read.tags} == {"mlflow.data.context": "training"}
    assert len(client.search_runs([experiment], "datasets.name = 'flights' AND datasets.context = 'training'")) == 1


def test_a_scikit_learn_model_is_logged_registered_and_loaded(client, experiment, tmp_path):
    sklearn_linear = pytest.importorskip("sklearn.linear_model")
    from sklearn.datasets import load_iris

    data, target = load_iris(return_X_y=True, as_frame=True)
    model = sklearn_linear.LogisticRegression(max_iter=500).fit(data, target)
    name = f"iris-{time.time_ns()}"
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            model, name="model", input_example=data.head(3), registered_model_name=name,
            pip_requirements=["scikit-learn"])
        mlflow.log_metric("accuracy", model.score(data, target), model_id=info.model_id)
    loaded = mlflow.sklearn.load_model(info.model_uri)
    assert (loaded.predict(data) == model.predict(data)).all()
    version = client.get_model_version(name, "1")
    assert (version.status, version.run_id) == ("READY", run.info.run_id)
    client.set_registered_model_alias(name, "champion", "1")
    champion = mlflow.sklearn.load_model(f"models:/{name}@champion")
    assert (champion.predict(data) == model.predict(data)).all()
    logged = client.get_logged_model(info.model_id)
    assert str(logged.status) == "LoggedModelStatus.READY" or logged.status == "READY"
    assert [metric.key for metric in logged.metrics] == ["accuracy"]
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [info.model_id]
    found = mlflow.search_logged_models([experiment], "metrics.accuracy > 0.9", output_format="list")
    assert [each.model_id for each in found] == [info.model_id]


def test_autologging_of_a_search_on_real_data(client, experiment):
    pytest.importorskip("sklearn")
    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data, target = load_wine(return_X_y=True, as_frame=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)), {"logisticregression__C": [0.01, 1.0]}, cv=3)
    mlflow.sklearn.autolog(serialization_format="cloudpickle", silent=True)
    try:
        with mlflow.start_run() as run:
            search.fit(data, target)
    finally:
        mlflow.sklearn.autolog(disable=True)
    read = client.get_run(run.info.run_id)
    assert read.data.params["best_logisticregression__C"] == str(search.best_params_["logisticregression__C"])
    assert read.data.metrics["best_cv_score"] == search.best_score_
    assert "cv_results.csv" in {file.path for file in client.list_artifacts(run.info.run_id)}
    children = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
    assert {child.data.params["logisticregression__C"] for child in children} == {"0.01", "1.0"}
    (dataset, *_) = read.inputs.dataset_inputs
    assert dataset.dataset.source_type == "code"


def test_autologging_of_boosted_trees_on_real_data(client, experiment):
    lightgbm = pytest.importorskip("lightgbm")
    from sklearn.datasets import load_breast_cancer

    data, target = load_breast_cancer(return_X_y=True, as_frame=True)
    train = lightgbm.Dataset(data[:400], target[:400])
    mlflow.lightgbm.autolog(silent=True)
    try:
        with mlflow.start_run() as run:
            model = lightgbm.train(
                {"objective": "binary", "metric": "auc", "num_threads": 1, "verbose": -1, "seed": 7}, train, 12,
                valid_sets=[lightgbm.Dataset(data[400:], target[400:], reference=train)])
    finally:
        mlflow.lightgbm.autolog(disable=True)
    read = client.get_run(run.info.run_id)
    assert read.data.params["objective"] == "binary" and read.data.params["num_boost_round"] == "12"
    history = client.get_metric_history(run.info.run_id, "valid_0-auc")
    assert [metric.step for metric in history] == list(range(12)) and history[-1].value == read.data.metrics["valid_0-auc"]
    assert history[-1].value > 0.95
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"feature_importance_split.json", "feature_importance_gain.json"} <= files
    (output,) = read.outputs.model_outputs
    loaded = mlflow.lightgbm.load_model(f"models:/{output.model_id}")
    assert (loaded.predict(data[400:]) == model.predict(data[400:])).all()


def test_the_registry(client):
    name = f"model {time.time_ns()}"
    client.create_registered_model(name, tags={"a": "b"}, description="d")
    with pytest.raises(MlflowException, match="already exists"):
        client.create_registered_model(name)
    first = client.create_model_version(name, "s3://bucket/model", tags={"k": "v"})
    second = client.create_model_version(name, "s3://bucket/model")
    assert (first.version, second.version) in [("1", "2"), (1, 2)]
    client.update_model_version(name, "1", "described")
    assert client.get_model_version(name, "1").description == "described"
    client.set_registered_model_alias(name, "champion", "2")
    assert str(client.get_model_version_by_alias(name, "champion").version) == "2"
    assert client.get_registered_model(name).aliases in [{"champion": "2"}, {"champion": 2}]
    client.delete_registered_model_alias(name, "champion")
    with pytest.raises(MlflowException):
        client.get_model_version_by_alias(name, "champion")
    client.transition_model_version_stage(name, "1", "Production")
    assert [str(v.version) for v in client.get_latest_versions(name, ["Production"])] == ["1"]
    assert [str(v.version) for v in client.search_model_versions(f"name = '{name}'", order_by=["version_number ASC"])] == ["1", "2"]
    client.set_model_version_tag(name, "2", "x", "y")
    assert client.get_model_version(name, "2").tags == {"x": "y"}
    assert client.get_model_version_download_uri(name, "1") == "s3://bucket/model"
    client.rename_registered_model(name, name + "!")
    assert [m.name for m in client.search_registered_models(f"name LIKE '{name}%'")] == [name + "!"]
    client.delete_model_version(name + "!", "1")
    client.delete_registered_model(name + "!")
    with pytest.raises(MlflowException, match="not found"):
        client.get_registered_model(name + "!")


def test_tracing_neither_fails_nor_hangs(client, experiment):
    @mlflow.trace
    def work(x):
        return x + 1

    started = time.monotonic()
    assert work(1) == 2
    mlflow.flush_trace_async_logging()
    assert len(mlflow.search_traces(locations=[experiment])) == 0
    assert time.monotonic() - started < 20
