"""Artifacts in S3: the real client over a real S3, which goes away and comes back, and a server that is killed."""

import hashlib
import os
import signal
import threading

import mlflow
import numpy
import pytest
import requests
from mlflow.exceptions import MlflowException

import martlet
from airline import PROJECT, Airline
from s3 import BUCKET, S3

SIZES = [0, 1, 100_000, (1 << 20) + 1, 8 << 20, (16 << 20) + 1, 40_000_001]
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
KEPT = f"s3://{BUCKET}/kept"


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    server = S3(tmp_path_factory.mktemp("s3")).start()
    yield server
    server.stop()


@pytest.fixture
def server(new_server, s3):
    return new_server("--artifacts", KEPT, "--allow-artifact-root", f"s3://{BUCKET}/direct", **s3.environment)


@pytest.fixture
def client(server, s3, monkeypatch):
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", s3.url)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    mlflow.set_experiment(experiment_id="0")  # rather than the last of another file in this process
    return mlflow.MlflowClient()


def content(size: int, seed: int = 0) -> bytes:
    return numpy.random.default_rng(size + seed).bytes(size)


def key(data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    return f"kept/blobs/{digest[:2]}/{digest}"


def empty_cache(server) -> None:
    for path in (server.data / "artifact-cache" / "blobs").glob("*/*"):
        path.unlink()


def test_files_of_several_sizes_go_to_the_bucket_and_come_back_from_it(client, server, s3, tmp_path):
    run = client.create_run("0").info.run_id
    for size in SIZES:
        (tmp_path / f"{size}.bin").write_bytes(content(size))
        client.log_artifact(run, str(tmp_path / f"{size}.bin"), "data")
    assert {file.path: file.file_size for file in client.list_artifacts(run, "data")} == {
        f"data/{size}.bin": size for size in SIZES}
    kept = s3.keys("kept/blobs/")
    assert all(kept.get(key(content(size))) == size for size in SIZES)
    assert s3.uploads() == []
    empty_cache(server)
    for size in SIZES:
        path = client.download_artifacts(run, f"data/{size}.bin", str(tmp_path / "down"))
        with open(path, "rb") as file:
            assert hashlib.sha256(file.read()).digest() == hashlib.sha256(content(size)).digest()
    # What the bucket holds is enough: another data directory's cache is not needed, and ranges do not fill it.
    empty_cache(server)
    url = f"{server.url}{PROXY}/0/{run}/artifacts/data/{SIZES[-1]}.bin"
    part = requests.get(url, headers={"Range": "bytes=30000000-30000099"}, timeout=30)
    assert part.status_code == 206 and part.content == content(SIZES[-1])[30_000_000:30_000_100]
    assert list((server.data / "artifact-cache" / "blobs").glob("*/*")) == []


def test_memory_does_not_grow_with_a_file(client, server):
    def peak() -> int:
        status = open(f"/proc/{server.process.pid}/status", encoding="ascii").read()
        return int(status.split("VmHWM:")[1].split()[0])

    run = client.create_run("0").info.run_id
    url = f"{server.url}{PROXY}/0/{run}/artifacts/large.bin"
    before = peak()
    block = content(1 << 20)
    stored = requests.put(url, data=(block for _ in range(200)), timeout=300)
    assert stored.status_code == 200, stored.text
    empty_cache(server)
    with requests.get(url, stream=True, timeout=300) as answer:
        assert sum(len(part) for part in answer.iter_content(1 << 20)) == 200 << 20
    assert peak() - before < 100_000, f"{before} kB before, {peak()} kB after"


def test_a_damaged_object_is_not_handed_out(client, server, s3):
    run = client.create_run("0").info.run_id
    url = f"{server.url}{PROXY}/0/{run}/artifacts/file.bin"
    data = content(5000, seed=1)
    assert requests.put(url, data=data, timeout=30).status_code == 200
    empty_cache(server)
    s3.client().put_object(Bucket=BUCKET, Key=key(data), Body=data[:-1] + b"?")
    answer = requests.get(url, timeout=30)
    assert answer.status_code >= 400 and "damaged" in answer.text
    s3.client().delete_object(Bucket=BUCKET, Key=key(data))
    assert requests.get(url, timeout=30).status_code == 404


def test_a_model_is_logged_registered_and_loaded(client, server):
    from sklearn.linear_model import LogisticRegression
    rows = numpy.arange(20).reshape(-1, 1)
    model = LogisticRegression().fit(rows, rows[:, 0] > 9)
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(model, name="model", registered_model_name="s3-model")
    empty_cache(server)
    for uri in (info.model_uri, "models:/s3-model/1"):
        assert (mlflow.sklearn.load_model(uri).predict(rows) == model.predict(rows)).all()


def test_a_pipeline_trains_evaluates_and_deploys_from_the_bucket(client, server, folder):
    (folder / "project").mkdir()
    airline = Airline(server, folder / "project")
    airline._write_project()
    airline._deliver_history()
    empty_cache(server)
    airline.cli("run", ".")
    empty_cache(server)
    again = airline.cli("run", ".", "-p", "train_days=45")
    assert "error" not in again.stderr
    versions = client.search_model_versions(f"name='{PROJECT}'")
    assert sorted(int(version.version) for version in versions) == [1, 2]
    assert not (server.data / "artifacts").exists()


def test_an_experiment_in_an_allowed_bucket_is_written_by_its_clients(client, server, s3, tmp_path):
    experiment = client.create_experiment("direct", artifact_location=f"s3://{BUCKET}/direct/team/")
    run = client.create_run(experiment)
    assert run.info.artifact_uri == f"s3://{BUCKET}/direct/team/{run.info.run_id}/artifacts"
    (tmp_path / "note.txt").write_text("written by the client")
    client.log_artifact(run.info.run_id, str(tmp_path / "note.txt"))
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["note.txt"]
    assert f"direct/team/{run.info.run_id}/artifacts/note.txt" in s3.keys("direct/")
    path = client.download_artifacts(run.info.run_id, "note.txt", str(tmp_path))
    assert open(path, encoding="utf-8").read() == "written by the client"
    assert requests.get(f"{server.url}/experiments/{experiment}/runs/{run.info.run_id}", timeout=30).status_code < 500
    for location in (f"s3://{BUCKET}", f"s3://{BUCKET}/directly", f"s3://{BUCKET}/direct/../kept", "s3://other/direct",
                     f"s3://{BUCKET}/direct/%2e%2e/kept", f"s3://{BUCKET}/direct?x", f"s3a://{BUCKET}/direct",
                     f"gs://{BUCKET}/direct", "file:///tmp", f"s3://u:p@{BUCKET}/direct"):
        with pytest.raises(MlflowException, match="Invalid artifact location") as error:
            client.create_experiment(f"not {location}", artifact_location=location)
        assert error.value.get_http_status_code() == 400


def test_a_server_killed_during_an_upload_shows_nothing_and_the_next_one_clears_up(client, server, s3):
    run = client.create_run("0").info.run_id
    url = f"{server.url}{PROXY}/0/{run}/artifacts/large.bin"
    seen = threading.Event()

    def upload():
        try:
            requests.put(url, data=(content(1 << 20, seed=n) for n in range(150)), timeout=120)
        except requests.RequestException:
            pass

    thread = threading.Thread(target=upload)
    thread.start()
    notes = server.data / "artifact-cache" / "incoming"
    martlet.wait_until(lambda: list(notes.glob("*.multipart")), 120, "the upload to S3 begins")
    os.kill(server.process.pid, signal.SIGKILL)
    thread.join()
    server.process.wait()
    before = s3.keys("kept/blobs/")
    assert s3.uploads() != [] and 150 << 20 not in before.values()
    server.start()
    assert list(notes.iterdir()) == [] and s3.uploads() == []
    assert client.list_artifacts(run) == []
    assert requests.get(url, timeout=30).status_code == 404


@pytest.mark.parametrize("change, words", [
    ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "denies"), ({"AWS_ACCESS_KEY_ID": "nobody"}, "denies")])
def test_a_server_without_rights_does_not_start_and_says_why(new_server, s3, change, words):
    server = new_server("--artifacts", KEPT, start=False, **s3.environment | change)
    server.start(wait=False)
    assert server.process.wait(timeout=60) != 0
    assert words in server.output and "AWS_" in server.output and "wrong" not in server.output


def test_a_server_without_credentials_or_with_a_wrong_address_says_what_to_do(folder):
    for arguments, env, words in [
            (["--artifacts", KEPT], {"AWS_SECRET_ACCESS_KEY": ""}, "AWS_ACCESS_KEY_ID"),
            (["--artifacts", "bucket"], {}, "s3://BUCKET"), (["--allow-artifact-root", "/tmp"], {}, "s3://BUCKET"),
            (["--artifacts", KEPT, "--s3-endpoint", "s3"], {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
             "https://")]:
        result = martlet.command("up", "--port", "0", "--data", folder / "data", *arguments, **env)
        assert result.returncode != 0 and words in result.stderr, result.stderr


def test_s3_that_is_away_is_503_and_everything_acknowledged_is_there_when_it_is_back(new_server, folder):
    s3 = S3(folder / "s3").start()
    try:
        server = new_server("--artifacts", KEPT, **s3.environment)
        run = requests.post(server.url + "/api/2.0/mlflow/runs/create", json={"experiment_id": "0"},
                            timeout=30).json()["run"]["info"]["run_id"]
        place = f"{server.url}{PROXY}/0/{run}/artifacts"
        data = content(100_000, seed=2)
        assert requests.put(place + "/before.bin", data=data, timeout=60).status_code == 200
        s3.stop()
        empty_cache(server)
        for answer in (requests.put(place + "/during.bin", data=b"x", timeout=60),
                       requests.get(place + "/before.bin", timeout=60)):
            assert answer.status_code == 503 and "S3" in answer.text and "127.0.0.1" not in answer.text, answer.text
        server.stop()
        server.start()  # starts without S3, and says so
        assert "away for the moment" in server.output
        s3.start()
        assert requests.get(place + "/during.bin", timeout=60).status_code == 404
        assert requests.get(place + "/before.bin", timeout=60).content == data
        assert requests.put(place + "/during.bin", data=b"x", timeout=60).status_code == 200
    finally:
        s3.stop()
