"""Import from stock MLflow and export back: MLflow's own client reads the same on both sides."""

import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ASYNC_LOGGING", "false")
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag, ViewType
from mlflow.entities.webhook import WebhookEvent, WebhookStatus

import martlet

EVERYTHING = {"experiments", "experiment tags", "runs", "params", "run tags", "metric points", "dataset inputs", "dataset tags",
              "artifacts", "logged models", "logged model params", "logged model tags", "model links", "registered models",
              "registered model tags", "model versions", "model version tags", "aliases"}


def furnish(uri: str, folder: Path, runs: int = 3) -> MlflowClient:
    """Something of everything, made by the stock client in a stock store."""
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiment = client.create_experiment("delays ü", artifact_location=(folder / "files").as_uri(), tags={"team": "blue", "note": "ä\nö: \"x\""})
    deleted = client.create_experiment("gone", artifact_location=(folder / "files" / "gone").as_uri())
    (folder / "upload").mkdir(exist_ok=True)
    (folder / "upload" / "a b.txt").write_text("hello ü")
    (folder / "upload" / "big.bin").write_bytes(os.urandom(3 << 20))
    for number in range(runs):
        run = client.create_run(experiment, run_name=f"run {number}", start_time=1_700_000_000_000 + number, tags={"seed": str(number)})
        id = run.info.run_id
        client.log_batch(id, params=[Param("lr", repr(0.1 / (number + 1))), Param("long", "x" * 3000), Param("empty", "")],
                         tags=[RunTag("quote", "it's \"here\"\n: yes"), RunTag("mlflow.user", "bob")],
                         metrics=[Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(900)]
                         + [Metric("odd/name", value, 5 + at, 0) for at, value in enumerate((math.nan, math.inf, -math.inf, 0.1 + 0.2))])
        client.log_batch(id, metrics=[Metric("loss", float(step), 1_700_000_001_000 + step, 5000 + step) for step in range(1000)])
        client.log_inputs(id, [DatasetInput(Dataset("train set", "d1", "local", '{"uri": "x.csv"}', '{"cols": []}', '{"rows": 3}'),
                                            [InputTag("mlflow.data.context", "training")])])
        client.log_artifact(id, folder / "upload" / "a b.txt", "sub/folder")
        if number == 0:
            client.log_artifact(id, folder / "upload" / "big.bin")
        client.set_terminated(id, "FAILED" if number == 1 else "FINISHED", 1_700_000_500_000)
    run = client.search_runs([experiment], order_by=["start_time ASC"])[0].info.run_id
    model = client.create_logged_model(experiment, name="tree", source_run_id=run, params={"depth": "3"}, tags={"a": "b"}, model_type="x")
    (folder / "upload" / "MLmodel").write_text("flavors: {}\n")
    client.log_model_artifact(model.model_id, str(folder / "upload" / "MLmodel"))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run, [LoggedModelOutput(model.model_id, 4)])
    client.log_metric(run, "auc", 0.75, timestamp=9, step=2, model_id=model.model_id)
    trash = client.create_run(deleted, run_name="in the trash")
    client.log_metric(trash.info.run_id, "m", 1.5, timestamp=3)
    client.delete_run(client.create_run(experiment, run_name="deleted").info.run_id)
    client.delete_experiment(deleted)
    client.create_registered_model("late", tags={"k": "v"}, description="flights: late?")
    client.create_model_version("late", source=model.artifact_location, run_id=run, tags={"t": "u"}, description="first", model_id=model.model_id)
    client.create_model_version("late", source=f"runs:/{run}/sub", run_id=run)
    client.set_registered_model_alias("late", "champion", "1")
    client.transition_model_version_stage("late", "1", "Production")
    if not uri.startswith("file:"):
        client.create_webhook("ci", "https://93.184.216.34/x", [WebhookEvent.from_str("model_version.created")], secret="hidden")
    return client


def same(first: MlflowClient, second: MlflowClient, folder: Path, experiments=("delays ü", "gone")) -> None:
    """Both clients read the same, value by value."""
    for name in experiments:
        one, two = first.get_experiment_by_name(name), second.get_experiment_by_name(name)
        assert (one.tags, one.lifecycle_stage, one.creation_time, one.last_update_time) == (
            two.tags, two.lifecycle_stage, two.creation_time, two.last_update_time)
        ones, twos = ({run.info.run_id: run for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)}
                      for client, experiment in ((first, one), (second, two)))
        assert ones.keys() == twos.keys() and len(ones) > 0
        for id, run in ones.items():
            other = twos[id]
            for field in ("run_name", "user_id", "status", "start_time", "end_time", "lifecycle_stage"):
                assert getattr(run.info, field) == getattr(other.info, field), field
            assert run.data.params == other.data.params and run.data.tags == other.data.tags
            assert {k: number(v) for k, v in run.data.metrics.items()} == {k: number(v) for k, v in other.data.metrics.items()}
            for key in run.data.metrics:
                points = [sorted((p.timestamp, p.step, number(p.value)) for p in client.get_metric_history(id, key)) for client in (first, second)]
                assert points[0] == points[1]
            inputs = [[(i.dataset.to_dictionary(), {t.key: t.value for t in i.tags}) for i in r.inputs.dataset_inputs] for r in (run, other)]
            assert inputs[0] == inputs[1]
            links = [[(o.model_id, o.step) for o in (r.outputs.model_outputs if r.outputs else [])] for r in (run, other)]
            assert links[0] == links[1]
            if run.info.lifecycle_stage == "active" and one.lifecycle_stage == "active":
                assert files(first, id, folder / "one") == files(second, id, folder / "two")
        models = [{m.model_id: m for m in client.search_logged_models([experiment.experiment_id])} if experiment.lifecycle_stage == "active" else {}
                  for client, experiment in ((first, one), (second, two))]
        assert models[0].keys() == models[1].keys()
        for id, model in models[0].items():
            other = models[1][id]
            for field in ("name", "model_type", "source_run_id", "params", "tags", "status", "creation_timestamp", "last_updated_timestamp"):
                assert getattr(model, field) == getattr(other, field), field
            metrics = [[(m.key, m.value, m.timestamp, m.step, m.run_id) for m in x.metrics or []] for x in (model, other)]
            assert metrics[0] == metrics[1]
    one, two = first.get_registered_model("late"), second.get_registered_model("late")
    for field in ("description", "tags", "aliases", "creation_timestamp", "last_updated_timestamp"):
        assert plain(getattr(one, field)) == plain(getattr(two, field)), field
    for version in ("1", "2"):
        one, two = first.get_model_version("late", version), second.get_model_version("late", version)
        for field in ("description", "tags", "run_id", "current_stage", "status", "source", "creation_timestamp", "last_updated_timestamp"):
            assert plain(getattr(one, field)) == plain(getattr(two, field)), field


def plain(value):
    """MLflow's REST interface writes versions as texts, and nothing as an empty text."""
    return {key: str(item) for key, item in value.items()} if isinstance(value, dict) else value or None


def number(value: float) -> str:
    """MLflow's databases keep the greatest numbers there are for infinities, and its REST interface prints them."""
    return repr(math.copysign(sys.float_info.max, value) if math.isinf(value) else value)


def files(client: MlflowClient, run: str, folder: Path) -> dict[str, bytes]:
    folder = folder / run
    folder.mkdir(parents=True, exist_ok=True)
    path = Path(client.download_artifacts(run, "", str(folder)))
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def client_of(server) -> MlflowClient:
    return MlflowClient(tracking_uri=server.url, registry_uri=server.url)


def compared(result: subprocess.CompletedProcess) -> dict:
    assert result.returncode == 0, result.stderr + result.stdout
    rows = json.loads(result.stdout)
    assert all(row["equal"] and row["source"] == row["destination"] for row in rows), rows
    return {row["kind"]: row["source"] for row in rows}


@pytest.fixture
def work(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return folder


def test_a_sqlite_database_reads_the_same_after_the_import(work, server):
    stock = furnish(f"sqlite:///{work}/mlflow.db", work)
    before = (work / "mlflow.db").read_bytes()
    counts = compared(server.cli("import", "mlflow", f"sqlite:///{work}/mlflow.db", "-o", "json", cwd=work))
    assert counts["runs"] == 5 and counts["metric points"] == 3 * (900 + 4 + 1000) + 2 and counts["artifacts"] == 5
    assert EVERYTHING <= counts.keys()
    assert (work / "mlflow.db").read_bytes() == before, "the source is not touched"
    same(stock, client_of(server), work)
    version = client_of(server).get_model_version_download_uri("late", "1")
    assert version.startswith("mlflow-artifacts:/registry/late/1")
    [record] = server.json("import", "list")
    assert record["state"] == "verified" and record["counts"]["run"] == 5
    assert server.json("audit", "verify")["intact"] is True
    again = compared(server.cli("import", "mlflow", work / "mlflow.db", "-o", "json"))
    assert again == counts and len(server.json("import", "list")) == 1
    [webhook] = client_of(server).list_webhooks()
    assert (webhook.name, webhook.url, webhook.status) == ("ci", "https://93.184.216.34/x", WebhookStatus.DISABLED)
    fresh = client_of(server).create_experiment("after")
    assert int(fresh) > 2


def test_a_folder_of_runs_reads_the_same_and_goes_out_the_same_way(work, server):
    stock = furnish(f"file:{work}/mlruns", work)
    counts = compared(server.cli("import", "mlflow", work / "mlruns", "-o", "json"))
    assert EVERYTHING <= counts.keys() and counts["runs"] == 5
    same(stock, client_of(server), work)
    exported = compared(server.cli("export", "mlflow", work / "out", "-o", "json"))
    assert exported["metric points"] == counts["metric points"] and exported["artifacts"] == counts["artifacts"]
    same(client_of(server), MlflowClient(tracking_uri=f"file:{work}/out", registry_uri=f"file:{work}/out"), work / "back")
    assert server.cli("export", "mlflow", work / "out").returncode == 6, "a folder that holds something is not written to"


def test_postgresql_on_both_sides(work, postgres, new_server):
    pytest.importorskip("psycopg2")
    url = postgres.url.replace("postgresql://", "postgresql+psycopg2://")
    stock = furnish(url, work)
    server = new_server("--store", postgres_database(postgres, "martlet"))
    counts = compared(server.cli("import", "mlflow", url, "-o", "json"))
    assert EVERYTHING <= counts.keys()
    same(stock, client_of(server), work)


def postgres_database(postgres, name: str) -> str:
    import psycopg2
    connection = psycopg2.connect(postgres.url)
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    return postgres.url.replace("/postgres", f"/{name}")


def test_a_mysql_database_reads_the_same_and_its_password_shows_nowhere(work, mariadb, server):
    pytest.importorskip("pymysql")
    stock = furnish(mariadb.url("+pymysql"), work)
    counts = compared(server.cli("import", "mlflow", mariadb.url("+pymysql"), "-o", "json"))
    assert EVERYTHING <= counts.keys() and counts["metric points"] == 3 * (900 + 4 + 1000) + 2
    same(stock, client_of(server), work)
    [record] = server.json("import", "list")
    assert record["source"] == f"mysql+pymysql://mlflow@127.0.0.1:{mariadb.port}/mlflow"
    wrong = server.cli("import", "mlflow", mariadb.url().replace("p%40ss", "wr0ng"))
    assert wrong.returncode == 7 and "Access denied" in wrong.stderr and "wr0ng" not in wrong.stderr
    bare = mariadb.url().replace(":p%40ss%2Fword", "")
    again = compared(server.cli("import", "mlflow", bare, "--into-existing", "-o", "json", MYSQL_PWD=mariadb.password))
    assert again["runs"] == counts["runs"] and again["metric points"] == counts["metric points"]
    texts = [server.output, *(path.read_bytes().decode(errors="replace") for path in server.data.rglob("*") if path.is_file())]
    assert not any(mariadb.password in text or "p%40ss" in text for text in texts)


@pytest.fixture
def stock_server(work):
    """A stock `mlflow server` that serves artifacts by itself."""
    port = martlet.free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1", "--backend-store-uri",
         f"sqlite:///{work}/stock.db", "--artifacts-destination", str(work / "served")],
        cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={key: value for key, value in os.environ.items() if not key.startswith("MARTLET")})
    url = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return requests.get(url + "/health", timeout=1).status_code == 200
        except requests.RequestException:
            return False
    try:
        martlet.wait_until(answers, 180, "the stock server")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_running_server_reads_the_same_with_the_artifacts_it_serves(work, stock_server, server):
    stock = MlflowClient(tracking_uri=stock_server, registry_uri=stock_server)
    experiment = stock.create_experiment("served")
    run = stock.create_run(experiment, run_name="r")
    stock.log_batch(run.info.run_id, metrics=[Metric("m", step * 0.1, step, step) for step in range(1000)], params=[Param("p", "v")])
    for other in range(2):
        id = stock.create_run(experiment, run_name=f"other {other}").info.run_id
        stock.log_batch(id, metrics=[Metric(key, value, 5, step) for key, values in (("m", (0.5, 0.25)), ("odd", (math.nan, math.inf, -math.inf)))
                                     for step, value in enumerate(values)])
    (work / "x.txt").write_text("served")
    stock.log_artifact(run.info.run_id, work / "x.txt", "deep/er")
    (work / "empty.txt").write_text("")
    stock.log_artifact(run.info.run_id, work / "empty.txt")
    stock.set_terminated(run.info.run_id)
    stock.create_registered_model("late", tags={"k": "v"})
    for number in range(2):
        stock.create_model_version("late", source=f"runs:/{run.info.run_id}/deep", run_id=run.info.run_id, tags={"n": str(number)})
    stock.set_registered_model_alias("late", "champion", "2")
    counts = compared(server.cli("import", "mlflow", stock_server, "-o", "json", timeout=300))
    assert counts["artifacts"] == 2 and counts["metric points"] == 1010
    same(stock, client_of(server), work, experiments=["served"])
    database = compared(server.cli("import", "mlflow", work / "stock.db", "--artifacts", work / "served", "--into-existing", "-o", "json"))
    assert database["artifacts"] == 2
    missing = server.cli("import", "mlflow", work / "stock.db", "--into-existing")
    assert missing.returncode == 1 and "--artifacts" in missing.stderr


def test_an_import_that_is_killed_goes_on_where_it_was(work, new_server):
    stock = furnish(f"sqlite:///{work}/mlflow.db", work, runs=40)
    server = new_server()
    arguments = [str(martlet.BINARY), "import", "mlflow", str(work / "mlflow.db"), "--server", server.url, "-o", "json"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=martlet.environment())

    def begun():
        records = requests.get(server.url + "/api/v1/imports", timeout=10).json()["items"]
        return records and records[0]["counts"].get("run", 0) > 0
    martlet.wait_until(begun, 30, "the import has brought something")
    process.kill()
    process.wait()
    server.kill()
    server.start()
    counts = compared(server.cli("import", "mlflow", work / "mlflow.db", "-o", "json"))
    assert counts["runs"] == 42 and len(server.json("import", "list")) == 1
    same(stock, client_of(server), work)


POINTS = 250_000


def with_long_series(path: Path, schema: Path, points: int) -> Path:
    """A stock database whose one run has one metric of so many points, and a thousand others a few of each."""
    shutil.copy(schema, path)
    with sqlite3.connect(path) as database:
        experiment = points
        database.execute("INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)"
                         " VALUES (?, ?, 's3://b/1', 'active', 0, 0)", (experiment, path.name))
        run = f"printf('%032x', {points} + i)"
        database.execute(
            f"""{every(1000)} INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri,
            experiment_id, source_type, source_name, entry_point_name, source_version)
            SELECT {run}, 'r' || i, 'u', 'FINISHED', i, i, 'active', 's3://b/1', {experiment}, 'LOCAL', '', '', '' FROM every""")
        database.execute(f"{every(1000)} INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan)"
                         f" SELECT {run}, 'few', i / 3.0, i, 0, 0 FROM every")
        database.execute(f"{every(points)} INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan)"
                         f" SELECT printf('%032x', {points} + 1), 'long', i / 7.0, 1700000000000 + i, i, 0 FROM every")
    return path


def every(count: int) -> str:
    return f"WITH RECURSIVE every (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM every WHERE i < {count})"


def peak(process: int) -> int:
    """The most memory that a process has had so far, in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def measured(arguments: list[str], log: Path) -> tuple[float, int]:
    """Seconds that a command took, and the most memory it had, in KiB."""
    begin, most = time.monotonic(), 0
    with open(log, "wb") as file:
        process = subprocess.Popen(arguments, stdout=file, stderr=file, env=martlet.environment())
        while process.poll() is None:
            most = max(most, peak(process.pid))
            time.sleep(0.005)
    assert process.returncode == 0, log.read_text()
    return time.monotonic() - begin, most


def test_four_times_the_points_take_no_more_memory_and_about_four_times_the_work(work, server):
    MlflowClient(tracking_uri=f"sqlite:///{work}/schema.db").search_experiments()
    found = []
    for points in (POINTS, 4 * POINTS):
        source = with_long_series(work / f"{points}.db", work / "schema.db", points)
        command = [str(martlet.BINARY), "import", "mlflow", str(source), "--server", server.url, "--into-existing"]
        found.append((*measured(command, work / "log"), peak(server.process.pid)))
    (seconds, client, serving), (more_seconds, more_client, more_serving) = found
    assert more_client - client < 12 << 10 and more_serving - serving < 40 << 10, found
    assert more_client < 150 << 10 and more_serving < 200 << 10, found
    assert more_seconds < 8 * seconds, found


def test_names_that_are_taken_refuse_the_import_and_nothing_is_written(work, server):
    furnish(f"sqlite:///{work}/mlflow.db", work, runs=1)
    mine = client_of(server).create_experiment("delays ü")
    refused = server.cli("import", "mlflow", work / "mlflow.db")
    assert refused.returncode == 6 and "delays ü" in refused.stderr and "--into-existing" in refused.stderr
    assert client_of(server).search_runs([mine]) == [] and server.json("import", "list") == []
    counts = compared(server.cli("import", "mlflow", work / "mlflow.db", "--into-existing", "-o", "json"))
    assert counts["runs"] == 3 and len(client_of(server).search_runs([mine])) == 1


def test_a_difference_ends_with_5_and_a_table(work, server):
    furnish(f"sqlite:///{work}/mlflow.db", work, runs=1)
    compared(server.cli("import", "mlflow", work / "mlflow.db", "-o", "json"))
    client = client_of(server)
    [run] = client.search_runs([client.get_experiment_by_name("delays ü").experiment_id])
    client.set_tag(run.info.run_id, "seed", "changed")
    differs = server.cli("import", "mlflow", work / "mlflow.db", "-o", "json")
    assert differs.returncode == 5
    unequal = [row["kind"] for row in json.loads(differs.stdout) if not row["equal"]]
    assert unequal == ["run tags"] and server.json("import", "list")[0]["state"] == "differs"


@pytest.mark.parametrize("make,says", [
    (lambda folder: "mssql://u:hidden@host/db", "running server"),
    (lambda folder: f"mysql://u:hidden@127.0.0.1:{martlet.free_port()}/db", "could not be reached"),
    (lambda folder: "mysql://u:hidden@127.0.0.1:1/db?ssl_mode=REQUIRED", "ssl_ca"),
    (lambda folder: "mysql://u:hidden@127.0.0.1", "MySQL URL cannot be read"), (lambda folder: folder / "nothing", "no folder"),
    (lambda folder: folder, "no experiments"), (lambda folder: f"sqlite:///{folder}/no.db", "cannot be read"),
    (lambda folder: "http://127.0.0.1:1", "does not answer"), (lambda folder: other_database(folder), "no database of MLflow"),
    (lambda folder: other_database(folder, "ffffffffffff"), "dc11669786a5"),
])
def test_what_is_no_mlflow_is_refused_with_what_to_do(folder, shared_server, make, says):
    result = shared_server.cli("import", "mlflow", make(folder))
    assert result.returncode in (1, 3, 7) and says in result.stderr and "hidden" not in result.stderr
    assert shared_server.json("import", "list") == []


def other_database(folder: Path, revision: str | None = None) -> Path:
    path = folder / f"{revision}.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE experiments (x INTEGER)")
    if revision:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", [revision])
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize("words", [["import"], ["import", "mlflow"], ["import", "list"], ["import", "show"], ["export"], ["export", "mlflow"]])
def test_each_help_begins_with_an_example(words):
    result = martlet.command(*words, "--help")
    assert result.returncode == 0 and result.stdout.index("EXAMPLE") < result.stdout.index("USAGE")
