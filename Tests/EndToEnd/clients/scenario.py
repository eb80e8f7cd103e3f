"""What any version of MLflow's Python client does in a working day; prints what it read back, as JSON.

Run by the interpreter of an environment that has only `mlflow-skinny`: python scenario.py URL FOLDER
"""

import json
import math
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

url, folder = sys.argv[1], Path(sys.argv[2])
mlflow.set_tracking_uri(url)
client = MlflowClient()
name = f"client {mlflow.__version__}"
read = {"version": mlflow.__version__}


def refused(call, *arguments, **named) -> str:
    try:
        call(*arguments, **named)
    except MlflowException as error:
        return error.error_code
    return "accepted"


# Experiments
experiment = client.create_experiment(name, tags={"team": "blue"})
read["duplicate"] = refused(client.create_experiment, name)
read["unknown"] = refused(client.get_experiment, "999999999")
found = client.get_experiment_by_name(name)
read["experiment"] = {"same": found.experiment_id == experiment, "stage": found.lifecycle_stage, "tags": found.tags}
read["experiments"] = [e.name for e in client.search_experiments(filter_string=f"name = '{name}'")]
client.rename_experiment(experiment, name + " renamed")
client.delete_experiment(experiment)
read["deleted"] = client.get_experiment(experiment).lifecycle_stage
client.restore_experiment(experiment)

# Runs: fluent, client and batch
mlflow.set_experiment(experiment_id=experiment)
with mlflow.start_run(run_name="fluent", tags={"stage": "dev"}) as run:
    mlflow.log_params({"lr": 0.1, "layers": [1, 2]})
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"nan": math.nan, "up": math.inf, "down": -math.inf})
    mlflow.log_text("one\ntwo\n", "notes/read me.txt")
    mlflow.log_dict({"a": [1, 2]}, "config.json")
fluent = client.get_run(run.info.run_id)
other = client.create_run(experiment, run_name="batch", start_time=1_700_000_000_000)
client.log_batch(
    other.info.run_id, [Metric("loss", 9.5, 1_700_000_000_001, 3)], [Param("lr", "0.2")], [RunTag("stage", "prod")])
client.set_terminated(other.info.run_id, "FAILED", 1_700_000_000_500)
batch = client.get_run(other.info.run_id)
read["fluent"] = {
    "status": fluent.info.status, "params": fluent.data.params, "stage": fluent.data.tags["stage"],
    "metrics": {key: repr(value) for key, value in fluent.data.metrics.items()}}
read["batch"] = {"status": batch.info.status, "start": batch.info.start_time, "end": batch.info.end_time,
                 "metrics": batch.data.metrics, "params": batch.data.params}
read["history"] = [[m.step, m.value] for m in client.get_metric_history(run.info.run_id, "loss")]
read["changed"] = refused(client.log_param, run.info.run_id, "lr", "0.3")
read["found"] = [r.info.run_name for r in client.search_runs(
    [experiment], "params.lr = '0.2' and metrics.loss > 9 and tags.stage LIKE 'pr%'", order_by=["metrics.loss DESC"])]
pages, token = [], None
while token or not pages:
    page = client.search_runs([experiment], run_view_type=ViewType.ALL, max_results=1, page_token=token)
    pages.append([r.info.run_name for r in page])
    token = page.token
read["pages"] = pages
read["syntax"] = refused(client.search_runs, [experiment], "metrics.loss >")
client.delete_run(other.info.run_id)
read["left"] = [r.info.run_name for r in client.search_runs([experiment])]
client.restore_run(other.info.run_id)

# Artifacts
read["artifacts"] = [[a.path, a.is_dir, a.file_size] for a in client.list_artifacts(run.info.run_id)]
read["inside"] = [a.path for a in client.list_artifacts(run.info.run_id, "notes")]
(one, whole) = (folder / "one", folder / "whole")
one.mkdir()
whole.mkdir()
read["text"] = Path(client.download_artifacts(run.info.run_id, "notes/read me.txt", str(one))).read_text()
client.download_artifacts(run.info.run_id, "", str(whole))
read["whole"] = sorted(str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file())

# Registry
model = f"model {mlflow.__version__}"
client.create_registered_model(model, {"owner": "ann"}, "a model")
version = client.create_model_version(model, f"{run.info.artifact_uri}/notes", run.info.run_id, {"k": "v"})
client.set_registered_model_alias(model, "best", version.version)
client.transition_model_version_stage(model, version.version, "Staging")
client.update_model_version(model, version.version, "described")
current = client.get_model_version_by_alias(model, "best")
read["model"] = {
    "version": str(current.version), "stage": current.current_stage, "tags": current.tags,
    "description": current.description, "status": current.status, "aliases": list(current.aliases)}
read["latest"] = [str(v.version) for v in client.get_latest_versions(model, ["Staging"])]
read["models"] = [m.name for m in client.search_registered_models(f"name = '{model}'")]
read["versions"] = [str(v.version) for v in client.search_model_versions(f"run_id = '{run.info.run_id}'")]
read["nobody"] = refused(client.get_model_version_by_alias, model, "nobody")
print(json.dumps(read))
