"""A server for a team: accounts, roles, tokens, TLS, a path prefix, sign-in; with MLflow's own clients."""

import base64
import json
import os
import re
import stat
import subprocess

import pytest
import requests

import martlet
import projects

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_ENABLE_ASYNC_LOGGING", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException
from mlflow.server import get_app_client

from browser import Tab

PASSWORD = "correct horse battery"
ROOT = ("root", PASSWORD)


def setup_token(server, printed: int = 1) -> str:
    """The token of the server's latest start, which may answer before it has printed it."""
    tokens = martlet.wait_until(
        lambda: (found := re.findall(r"mls_[\w-]{43}", server.output))[printed - 1:] and found, 10, "the setup token is printed")
    return tokens[-1]


def make_administrator(server, **options) -> None:
    answer = requests.post(server.url + "/api/v1/setup", json={
        "token": setup_token(server), "name": "root", "password": PASSWORD}, **options)
    assert answer.status_code == 201, answer.text


def make_user(server, name, *roles, project=None):
    """An account with these roles; returns what signs it in."""
    grants = [{"role": role} | ({"project": project} if project else {}) for role in roles]
    answer = requests.post(server.url + "/api/v1/users", auth=ROOT, json={
        "name": name, "password": PASSWORD, "roles": grants})
    assert answer.status_code == 201, answer.text
    return (name, PASSWORD)


def make_token(server, who, **limits) -> str:
    answer = requests.post(server.url + "/api/v1/tokens", auth=who, json={"name": "test"} | limits)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """A server with authentication, an administrator and some people; for tests that do not disturb each other."""
    server = martlet.Server(tmp_path_factory.mktemp("team") / "data", "--auth").start()
    make_administrator(server)
    server.ada = make_user(server, "ada", "data-scientist")
    server.bob = make_user(server, "bob", "data-scientist", project="flights")
    server.eve = make_user(server, "eve")
    server.boss = make_user(server, "boss", "executive")
    yield server
    server.close()


@pytest.fixture
def signed_in(team, monkeypatch):
    """MLflow's client as somebody, with a name and a password or with a token."""
    mlflow.set_tracking_uri(team.url)
    mlflow.set_registry_uri(team.url)

    def sign_in(who):
        for name in ["USERNAME", "PASSWORD", "TOKEN"]:
            monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
        if isinstance(who, str):
            monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", who)
        elif who:
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", who[0])
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", who[1])
        return MlflowClient()

    yield sign_in
    sign_in(ROOT)
    while mlflow.active_run():
        mlflow.end_run()


# The first administrator


def test_the_first_start_prints_a_token_for_one_administrator(new_server):
    server = new_server("--auth")
    first = setup_token(server)
    assert requests.get(server.url + "/api/v1/status").status_code == 401
    assert requests.get(server.url + "/health").text == "OK"
    server.stop()
    server.start()
    token = setup_token(server, printed=2)
    assert token != first, "a restart before it is used prints a new one"
    refused = server.cli("user", "create", "root", "--setup-token", first, stdin=PASSWORD + "\n")
    assert refused.returncode == 4 and "the setup token is not right" in refused.stderr
    made = server.cli("user", "create", "root", "--setup-token", token, stdin=PASSWORD + "\n")
    assert made.returncode == 0, made.stderr
    again = server.cli("user", "create", "eve", "--setup-token", token, stdin=PASSWORD + "\n")
    assert again.returncode == 6 and "administrator already" in again.stderr
    # From now on authentication is on without being asked for, and can be turned off in so many words.
    server.stop()
    server.arguments.clear()
    server.start()
    assert requests.get(server.url + "/api/v1/status").status_code == 401
    assert requests.get(server.url + "/api/v1/status", auth=ROOT).status_code == 200
    server.stop()
    server.arguments.append("--no-auth")
    server.start()
    assert requests.get(server.url + "/api/v1/status").status_code == 200
    assert "--no-auth lets everybody" in server.output
    secrets = b"".join(file.read_bytes() for file in server.data.glob("martlet.db*"))
    assert token.encode() not in secrets and PASSWORD.encode() not in secrets


def test_without_users_everything_is_as_before(server):
    assert requests.get(server.url + "/api/v1/whoami").json()["authenticated"] is False
    assert requests.get(server.url + "/metrics").status_code == 200
    assert server.cli("status").returncode == 0


# Who may listen where


@pytest.mark.parametrize("arguments, said", [
    (["--host", "0.0.0.0"], "authentication"),
    (["--host", "0.0.0.0", "--auth"], "without TLS"),
    (["--host", "::", "--auth"], "without TLS"),
    (["--behind-proxy"], "a proxy lets others in"),
    (["--allowed-host", "mlops.example.com"], "lets others in"),
    (["--host", "example.com", "--auth", "--insecure-http"], "not an address"),
    (["--host", "0.0.0.0", "--no-auth"], "authentication"),
])
def test_nobody_is_let_in_by_mistake(folder, arguments, said):
    result = martlet.command("up", "--port", martlet.free_port(), "--data", folder / "data", *arguments)
    assert result.returncode in (1, 4), result.stderr
    assert said in result.stderr and "fix:" in result.stderr


@pytest.mark.parametrize("arguments, said", [
    (["--path-prefix", "martlet/../x"], "no path prefix"),
    (["--path-prefix", "/a b"], "no path prefix"),
    (["--auth", "--allowed-host", "*.example.com"], "no host's name"),
    (["--tls-certificate", "cert.pem"], "belong together"),
    (["--tls-certificate", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem"], "there is no such file"),
])
def test_what_cannot_be_meant_is_said(folder, arguments, said):
    result = martlet.command("up", "--port", martlet.free_port(), "--data", folder / "data", *arguments)
    assert result.returncode in (1, 2, 4) and said in result.stderr


def test_a_further_name_is_matched_whole(new_server):
    server = new_server("--auth", "--behind-proxy", "--allowed-host", "mlops.example.com")
    make_administrator(server)
    token = {"Authorization": "Bearer " + make_token(server, ROOT)}
    for host, status in [("mlops.example.com", 200), (f"MLOPS.example.com:{server.port}", 200), ("evil.example", 403),
                         ("mlops.example.com.evil.example", 403), (f"0.0.0.0:{server.port}", 403)]:
        answer = requests.get(server.url + "/api/v1/whoami", headers=token | {"Host": host})
        assert answer.status_code == status, host
    for origin, status in [("https://mlops.example.com", 400), ("http://evil.example", 403)]:
        answer = requests.post(server.url + "/api/v1/users", json={}, headers=token | {"Origin": origin})
        assert answer.status_code == status, origin
    # Behind a proxy, failures count for whoever the proxy names, and cookies are for TLS.
    for address, status in [("10.0.0.1", 401)] * 10 + [("10.0.0.1", 429), ("10.0.0.2", 401)]:
        answer = requests.get(server.url + "/api/v1/whoami", headers={
            "Authorization": "Bearer mlt_wrong", "X-Forwarded-For": f"10.9.9.9, {address}"})
        assert answer.status_code == status


def test_all_addresses_of_the_machine_answer_to_its_names_only(new_server):
    server = new_server("--auth", "--host", "0.0.0.0", "--insecure-http", "--allowed-host", "mlops.example.com")
    assert "travel unencrypted" in server.output
    for address in ["127.0.0.1", "127.0.0.2"]:
        for host, status in [("mlops.example.com", 401), (f"127.0.0.1:{server.port}", 401), (f"127.0.0.2:{server.port}", 403),
                             ("evil.example", 403)]:
            answer = requests.get(f"http://{address}:{server.port}/api/2.0/mlflow/experiments/get?experiment_id=0",
                                  headers={"Host": host}, timeout=10)
            assert answer.status_code == status, (address, host)


# MLflow's clients


def test_nobody_gets_401_as_mlflow_says_it(team, signed_in):
    for path in ["/api/2.0/mlflow/experiments/search?max_results=1", "/ajax-api/2.0/mlflow/runs/get?run_id=x",
                 "/api/2.0/mlflow-artifacts/artifacts/0/x", "/get-artifact?run_id=x&path=y"]:
        answer = requests.get(team.url + path)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="mlflow"'
        assert answer.json()["error_code"] == "UNAUTHENTICATED"
    client = signed_in(None)
    with pytest.raises(MlflowException, match="needs to know who you are"):
        client.search_experiments()


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic YWRh", "Bearer", "Bearer x", "Basic " + "A" * 20_000, "Negotiate x"])
def test_broken_credentials_are_401(team, header):
    answer = requests.get(team.url + "/api/2.0/mlflow/experiments/search?max_results=1", headers={"Authorization": header})
    assert answer.status_code == 401 and answer.json()["error_code"] == "UNAUTHENTICATED"


def test_a_data_scientist_logs_with_a_password_and_with_a_token(team, signed_in):
    for number, who in enumerate([team.ada, make_token(team, team.ada)]):
        client = signed_in(who)
        mlflow.set_experiment(f"ada's {number}")
        with mlflow.start_run() as run:
            mlflow.log_metric("loss", 0.5)
            mlflow.log_text("hello", "note.txt")
        assert client.get_run(run.info.run_id).data.metrics == {"loss": 0.5}
        assert mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt") == "hello"
    entries = requests.get(team.url + "/api/v1/ledger?action=run.&actor=ada", auth=ROOT).json()["items"]
    assert entries and {entry["role"] for entry in entries} == {"data-scientist"}


def test_what_somebody_may_not_is_said_with_what_to_do(team, signed_in):
    client = signed_in(team.eve)
    with pytest.raises(RestException) as error:
        client.create_experiment("eve's")
    assert error.value.error_code == "PERMISSION_DENIED"
    assert "martlet user grant eve data-scientist" in str(error.value)
    assert client.search_experiments() == []
    client = signed_in(ROOT)
    with pytest.raises(RestException, match="root may not log runs"):
        client.create_run("0")
    assert client.search_experiments(), "an administrator reads"


def test_people_of_one_project_see_what_is_theirs(team, signed_in):
    ada = signed_in(team.ada)
    others = ada.create_experiment("not bob's")
    run = ada.create_run(others).info.run_id
    ada.log_text(run, "secret", "note.txt")
    ada.create_registered_model("not bob's model")
    bob = signed_in(team.bob)
    own = bob.create_experiment("bob's own")
    assert [experiment.name for experiment in bob.search_experiments()] == ["bob's own"]
    assert bob.get_experiment(own).tags["martlet.project"] == "flights"
    assert bob.search_registered_models() == [] and bob.search_model_versions() == []
    assert bob.search_runs([others, own]) == []
    bob.log_metric(bob.create_run(own).info.run_id, "loss", 1)
    for attempt in [
        lambda: bob.get_experiment(others), lambda: bob.get_run(run), lambda: bob.log_metric(run, "loss", 1),
        lambda: bob.get_metric_history(run, "loss"), lambda: bob.list_artifacts(run),
        lambda: bob.download_artifacts(run, "note.txt"), lambda: bob.set_experiment_tag(others, "a", "b"),
        lambda: bob.set_experiment_tag(others, "martlet.project", "flights"),
        lambda: bob.get_registered_model("not bob's model"), lambda: bob.delete_run(run),
        lambda: bob.create_model_version("not bob's model", f"runs:/{run}/model", run),
    ]:
        with pytest.raises(RestException) as error:
            attempt()
        assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert bob.get_experiment_by_name("not bob's") is None and bob.get_experiment_by_name("nobody's") is None
    with pytest.raises(RestException) as error:
        bob.create_experiment("x", tags={"martlet.project": "other"})
    assert error.value.error_code == "PERMISSION_DENIED"
    # Every server has the default experiment: its refusal says what to do.
    with pytest.raises(RestException, match="bob may not log runs and data here"):
        bob.create_run("0")
    # Nor through a model of his own that is made from it, nor through a location of his own above it.
    bob.create_registered_model("bob's model")
    with pytest.raises(RestException):
        bob.create_model_version("bob's model", f"runs:/{run}/model", run)
    for location in (f"{others}", f"{others}/{run}", "4711", "bobs/own"):
        if location == "bobs/own":
            bob.create_experiment("located", artifact_location="mlflow-artifacts:/bobs")
        with pytest.raises(RestException, match="Invalid artifact location"):
            bob.create_experiment("trap", artifact_location=f"mlflow-artifacts:/{location}")
    # Nor onto a logged model beside a run of his own.
    model = root_model(team, others)
    mine = bob.create_run(own).info.run_id
    for attempt in [
        lambda: bob.log_metric(mine, "hacked", 1, model_id=model),
        lambda: bob.log_batch(mine, [mlflow.entities.Metric("hacked", 1, 1, 1, model_id=model)]),
        lambda: bob.log_outputs(mine, [mlflow.entities.LoggedModelOutput(model, 1)]),
        lambda: bob.create_logged_model(own, name="stolen", source_run_id=run),
        lambda: bob.create_model_version("bob's model", f"models:/{model}", model_id=model),
    ]:
        with pytest.raises(RestException) as error:
            attempt()
        assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    # Nor with a token for a project in which he is nobody.
    token = make_token(team, team.bob, project="elsewhere")
    answer = requests.post(team.url + "/api/2.0/mlflow/experiments/create", json={"name": "smuggled"},
                           headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403, answer.text
    answer = requests.get(f"{team.url}/api/2.0/mlflow-artifacts/artifacts/{others}/{run}/artifacts/note.txt", auth=team.bob)
    assert answer.status_code == 404
    # Others of the project see it, and ada everywhere.
    make_user(team, "carl", "data-scientist", project="flights")
    carl = signed_in(("carl", PASSWORD))
    assert "bob's own" in [experiment.name for experiment in carl.search_experiments()]


def test_what_is_hidden_answers_like_what_is_not_there(team, signed_in):
    ada = signed_in(team.ada)
    hidden = ada.create_experiment("hidden from bob")
    run = ada.create_run(hidden).info.run_id
    ada.create_registered_model("model hidden from bob")
    absent = {"hidden from bob": "absent from all", hidden: "99999999", run: "0" * 32,
              "model hidden from bob": "model absent from all"}

    def ask(path, **parameters):
        answer = requests.get(f"{team.url}/api/2.0/mlflow/{path}", params=parameters, auth=team.bob)
        return answer.status_code, answer.json(), [value for value in parameters.values()]

    for path, parameters in [
        ("experiments/get", {"experiment_id": hidden}), ("runs/get", {"run_id": run}),
        ("experiments/get-by-name", {"experiment_name": "hidden from bob"}),
        ("registered-models/get", {"name": "model hidden from bob"}),
        ("model-versions/get", {"name": "model hidden from bob", "version": "1"}),
        ("artifacts/list", {"run_id": run}), ("metrics/get-history", {"run_id": run, "metric_key": "loss"}),
    ]:
        status, body, names = ask(path, **parameters)
        other_status, other, other_names = ask(path, **{key: absent.get(value, value) for key, value in parameters.items()})
        assert status == other_status == 404 and body["error_code"] == "RESOURCE_DOES_NOT_EXIST", path
        message = other["message"]
        for mine, theirs in zip(other_names, names):
            message = message.replace(mine, theirs)
        assert body["message"] == message, path
    # Whoever sees everything gets MLflow's own words for what is not there.
    answer = requests.get(team.url + "/api/2.0/mlflow/experiments/get?experiment_id=99999999", auth=ROOT)
    assert answer.json()["message"] == "No Experiment with id=99999999 exists"
    assert ask("experiments/get", experiment_id="99999999")[1] == answer.json()
    # A name that is taken is taken, and what may be seen but not changed is refused.
    bob = signed_in(team.bob)
    with pytest.raises(RestException) as error:
        bob.create_experiment("hidden from bob")
    assert error.value.error_code == "RESOURCE_ALREADY_EXISTS"
    signed_in(team.ada)
    get_app_client("basic-auth", team.url).grant_user_permission("bob", "experiment", hidden, "READ")
    bob = signed_in(team.bob)
    assert bob.get_experiment(hidden).name == "hidden from bob"
    with pytest.raises(RestException) as error:
        bob.create_run(hidden)
    assert error.value.error_code == "PERMISSION_DENIED"


def test_pages_of_a_search_are_full_whatever_is_hidden(team, signed_in):
    ada = signed_in(team.ada)
    for number in range(12):
        ada.create_experiment(f"pages {number:02}")
        ada.create_registered_model(f"pages {number:02}")
    dora = make_user(team, "dora", "data-scientist", project="paging")
    client = signed_in(dora)
    for number in range(5):
        client.create_experiment(f"pages own {number}")
        client.create_registered_model(f"pages own {number}")
    for search in (client.search_experiments, client.search_registered_models):
        page = search(max_results=2, filter_string="name LIKE 'pages%'", order_by=["name ASC"])
        assert [item.name for item in page] == ["pages own 0", "pages own 1"]
        # As of a server that has nothing else.
        assert json.loads(base64.b64decode(page.token)) == {"offset": 2}
        last = search(max_results=2, filter_string="name LIKE 'pages%'", order_by=["name ASC"],
                      page_token=base64.b64encode(b'{"offset": 4}').decode())
        assert [item.name for item in last] == ["pages own 4"] and not last.token


def root_model(team, experiment) -> str:
    """A logged model in an experiment, made by somebody who may."""
    answer = requests.post(team.url + "/api/2.0/mlflow/logged-models", auth=team.ada, json={"experiment_id": experiment, "name": "theirs"})
    assert answer.status_code == 200, answer.text
    return answer.json()["model"]["info"]["model_id"]


def test_nobody_shuts_out_an_administrator(team, signed_in):
    ada = signed_in(team.ada)
    experiment = ada.create_experiment("closed to all")
    for name in ("root", "bob"):
        get_app_client("basic-auth", team.url).grant_user_permission(name, "experiment", experiment, "DENY")
    api = team.url + "/api/2.0/mlflow/experiments/get?experiment_id=" + experiment
    assert requests.get(api, auth=team.bob).status_code == 404
    assert requests.get(api, auth=ROOT).status_code == 200


def test_mlflows_client_for_users_and_roles(team, signed_in):
    signed_in(ROOT)
    auth = get_app_client("basic-auth", team.url)
    user = auth.create_user("mia", "a long password")
    assert (user.username, user.is_admin) == ("mia", False)
    assert auth.get_user("mia").id == user.id
    with pytest.raises(RestException, match="already exists"):
        auth.create_user("mia", "a long password")
    with pytest.raises(RestException, match="12 characters"):
        auth.create_user("short", "short")
    auth.update_user_admin("mia", True)
    assert auth.get_user("mia").is_admin
    auth.update_user_admin("mia", False)
    auth.update_user_password("mia", "another password")
    scientist = next(role for role in auth.list_roles("default") if role.name == "data-scientist")
    assert auth.assign_role("mia", scientist.id).user_id == user.id
    assert [role.name for role in auth.list_user_roles("mia")] == ["data-scientist"]
    assert user.id in [assignment.user_id for assignment in auth.list_role_users(scientist.id)]
    with pytest.raises(RestException, match="built in"):
        auth.delete_role(scientist.id)
    mia = ("mia", "another password")
    experiment = signed_in(mia).create_experiment("mia's")
    signed_in(mia).create_run(experiment)
    signed_in(ROOT)
    auth.unassign_role("mia", scientist.id)
    # She made it, and managed it as long as she was somebody who makes experiments.
    with pytest.raises(RestException) as error:
        signed_in(mia).create_run(experiment)
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    signed_in(ROOT)
    assert auth.get_user_permission("mia", "experiment", experiment).permission == "NO_PERMISSIONS"
    # What she is given in so many words needs no role.
    auth.grant_user_permission("mia", "experiment", experiment, "MANAGE")
    signed_in(mia).create_run(experiment)
    assert auth.get_user_permission("mia", "experiment", experiment).permission == "MANAGE"
    auth.grant_user_permission("eve", "experiment", experiment, "READ")
    eve = signed_in(team.eve)
    assert eve.get_experiment(experiment).name == "mia's"
    with pytest.raises(RestException):
        eve.create_run(experiment)
    signed_in(mia)
    auth.grant_user_permission("ada", "experiment", experiment, "DENY")
    ada = signed_in(team.ada)
    with pytest.raises(RestException):
        ada.get_experiment(experiment)
    assert "mia's" not in [found.name for found in ada.search_experiments()]
    with pytest.raises(RestException):
        auth.grant_user_permission("ada", "experiment", experiment, "MANAGE")
    signed_in(mia)
    auth.revoke_user_permission("ada", "experiment", experiment)
    assert not auth.get_user_permission("eve", "experiment", experiment).allowed
    with pytest.raises(RestException, match="current password|Current password"):
        auth.update_user_password("mia", "a third password")
    auth.update_user_password("mia", "a third password", current_password="another password")
    signed_in(ROOT)
    role = auth.create_role("default", "readers of models", "read")
    permission = auth.add_role_permission(role.id, "registered_model", "*", "READ")
    assert auth.update_role_permission(permission.id, "EDIT").permission == "EDIT"
    assert [p.permission for p in auth.list_role_permissions(role.id)] == ["EDIT"]
    assert auth.update_role(role.id, name="editors of models").name == "editors of models"
    assert auth.get_role(role.id).permissions[0].resource_type == "registered_model"
    auth.remove_role_permission(permission.id)
    auth.delete_role(role.id)
    assert "editors of models" not in [found.name for found in auth.list_all_roles()]
    signed_in(team.eve)
    for refused in [lambda: auth.create_user("x", "a long password"), lambda: auth.list_roles("default"),
                    lambda: auth.get_user("root"), lambda: auth.assign_role("eve", 9)]:
        with pytest.raises(RestException) as error:
            refused()
        assert error.value.error_code == "PERMISSION_DENIED"
    signed_in(ROOT)
    auth.delete_user("mia")
    with pytest.raises(RestException, match="not found"):
        auth.get_user("mia")
    with pytest.raises(RestException, match="own account"):
        auth.delete_user("root")
    signed_in(("mia", "a third password"))
    with pytest.raises(MlflowException):
        MlflowClient().search_experiments()


# Tokens


def test_a_token_is_limited_expires_and_is_revoked(team):
    token = make_token(team, team.ada, permissions=["read"], project="flights")
    bearer = {"Authorization": f"Bearer {token}"}
    me = requests.get(team.url + "/api/v1/whoami", headers=bearer).json()
    assert me["name"] == "ada" and me["permissions"] == ["read"] and me["project"] == "flights"
    assert requests.get(team.url + "/api/v1/projects/flights/datasets", headers=bearer).status_code != 403
    assert requests.get(team.url + "/api/v1/projects/other/datasets", headers=bearer).status_code == 403
    for path in ["/api/v1/tokens", "/api/v1/projects/flights/pipeline-runs"]:
        answer = requests.post(team.url + path, headers=bearer, json={"name": "wider"} if "tokens" in path else {})
        assert answer.status_code == 403, path
    listed = requests.get(team.url + "/api/v1/tokens", auth=team.ada).json()["items"]
    assert token not in json.dumps(listed)
    mine = next(item for item in listed if item.get("project") == "flights")
    assert requests.delete(f"{team.url}/api/v1/tokens/{mine['id']}", auth=team.eve).status_code == 403
    assert requests.delete(f"{team.url}/api/v1/tokens/{mine['id']}", auth=team.ada).status_code == 204
    assert requests.get(team.url + "/api/v1/whoami", headers=bearer).status_code == 401
    short = {"Authorization": "Bearer " + make_token(team, team.ada, seconds=1)}
    martlet.wait_until(lambda: requests.get(team.url + "/api/v1/whoami", headers=short).status_code == 401, 5)
    assert requests.post(team.url + "/api/v1/tokens", auth=ROOT, json={"name": "x", "user": "ada"}).status_code == 403


def test_ten_wrong_passwords_are_enough(new_server):
    server = new_server("--auth")
    make_administrator(server)
    assert requests.get(server.url + "/api/v1/whoami", auth=ROOT).status_code == 200
    statuses = [requests.get(server.url + "/api/v1/whoami", auth=("root", f"wrong {n}")).status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    answer = requests.get(server.url + "/api/2.0/mlflow/users/current", auth=("root", "wrong again"))
    assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    # Whoever was signed in a moment ago works on.
    assert requests.get(server.url + "/api/v1/whoami", auth=ROOT).status_code == 200


# The command line


def test_the_command_line_signs_in_and_out(team, folder):
    env = {"XDG_CONFIG_HOME": folder}
    refused = team.cli("whoami", **env)
    assert refused.returncode == 4 and "martlet login" in refused.stderr
    result = martlet.command("login", team.url, "--name", "ada", stdin=PASSWORD + "\n", **env)
    assert result.returncode == 0, result.stderr
    kept = folder / "martlet" / "credentials"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PASSWORD not in kept.read_text()
    assert team.json("whoami", **env)["name"] == "ada"
    assert team.cli("user", "list", **env).returncode == 4
    kept.chmod(0o644)
    assert "others than its owner can read it" in team.cli("whoami", **env).stderr
    kept.chmod(0o600)
    token = team.cli("token", "create", "ci", "--expires", "1h", **env)
    assert token.stdout.startswith("mlt_") and "shown this once" in token.stderr
    assert team.json("whoami", MARTLET_TOKEN=token.stdout.strip(), XDG_CONFIG_HOME="/nowhere")["name"] == "ada"
    taken = team.cli("export", "mlflow", folder / "out", **env)
    assert taken.returncode == 0 and (folder / "out" / "0" / "meta.yaml").exists(), taken.stderr
    assert martlet.command("logout", team.url, **env).returncode == 0
    assert team.cli("export", "mlflow", folder / "again", **env).returncode == 4
    assert team.cli("whoami", **env).returncode == 4
    roles = team.json("role", "list", MARTLET_TOKEN=make_token(team, ROOT))
    assert [role["name"] for role in roles][0] == "subject-matter-expert"


def test_an_administrator_manages_people(team):
    env = {"MARTLET_TOKEN": make_token(team, ROOT)}
    made = team.json("user", "create", "tom", "--role", "data-engineer", "--project", "flights", stdin=PASSWORD + "\n", **env)
    assert made["roles"] == [{"role": "data-engineer", "project": "flights"}]
    team.json("user", "grant", "tom", "admin", "--project", "flights", **env)
    assert re.search(r"^roles +admin in flights, data-engineer in flights$", team.cli("user", "show", "tom", **env).stdout, re.M)
    tom = {"MARTLET_TOKEN": make_token(team, ("tom", PASSWORD))}
    # Who manages one project's people manages no others.
    assert team.cli("user", "grant", "eve", "executive", "--project", "flights", **tom).returncode == 0
    assert team.cli("user", "grant", "eve", "executive", **tom).returncode == 4
    assert team.cli("user", "grant", "tom", "admin", **tom).returncode == 4
    assert team.cli("user", "create", "x", "--no-password", **tom).returncode == 4
    team.json("user", "revoke", "eve", "executive", "--project", "flights", **tom)
    typo = team.cli("user", "grant", "tom", "data-sientist", **env)
    assert "did you mean 'data-scientist'?" in typo.stderr
    assert team.cli("user", "disable", "tom", **env).returncode == 0
    assert team.cli("whoami", **tom).returncode == 4
    assert team.cli("user", "delete", "tom", **env).returncode == 0
    last = team.cli("user", "revoke", "root", "admin", **env)
    assert last.returncode == 6 and "last administrator" in last.stderr
    actions = [entry["action"] for entry in requests.get(team.url + "/api/v1/ledger?object=user:tom", auth=ROOT).json()["items"]]
    assert actions[0] == "user.deleted" and "role.granted" in actions and "user.disabled" in actions


def test_a_step_acts_with_a_token_that_ends_with_it(team, folder):
    script = ("import json, os, urllib.request as r\n"
              "def call(path, body):\n"
              "    q = r.Request(os.environ['MLFLOW_TRACKING_URI'] + '/api/2.0/mlflow/' + path, json.dumps(body).encode(), {\n"
              "        'Content-Type': 'application/json', 'Authorization': 'Bearer ' + os.environ['MLFLOW_TRACKING_TOKEN']})\n"
              "    return json.load(r.urlopen(q))\n"
              "e = call('experiments/create', {'name': 'of a step'})['experiment_id']\n"
              "call('runs/create', {'experiment_id': e})\n"
              "open(os.environ['MARTLET_OUT_TOKEN'], 'w').write(os.environ['MARTLET_TOKEN'] + ' ' + e)\n")
    path = projects.write(folder / "project", "martlet: 1\nproject: steps\nsteps:\n  log:\n    run: python3 log.py\n"
                                              "    out: {token: token.txt}\n", {"log.py": script})
    env = {"MARTLET_TOKEN": make_token(team, team.ada)}
    result = team.cli("run", path, **env)
    assert result.returncode == 0, result.stderr
    runs = requests.get(team.url + "/api/v1/projects/steps/pipeline-runs", auth=team.ada).json()["items"]
    entries = requests.get(f"{team.url}/api/v1/ledger?actor=pipeline-run:{runs[0]['id']}", auth=team.ada).json()["items"]
    assert {entry["action"] for entry in entries} >= {"experiment.created", "run.created"}
    text = next(blob for blob in (team.data / "artifacts").rglob("*") if blob.is_file() and blob.read_bytes().startswith(b"mlt_")).read_text()
    token, experiment = text.split()
    assert requests.get(team.url + "/api/v1/whoami", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    tags = requests.get(f"{team.url}/api/v1/experiments/{experiment}", auth=team.ada).json()["tags"]
    assert tags["martlet.project"] == "steps"


def test_a_project_does_not_work_into_a_strangers_experiment(team, signed_in, folder):
    experiment = signed_in(team.ada).create_experiment("squatted")
    carol = make_user(team, "carol", "data-scientist", project="squatted")
    path = projects.write(folder / "project", "martlet: 1\nproject: squatted\nsteps:\n  a:\n    run: 'true'\n")
    env = {"MARTLET_TOKEN": make_token(team, carol)}
    refused = team.cli("run", path, **env)
    assert refused.returncode == 6, refused.stderr
    assert "the experiment 'squatted' is not the project's" in refused.stderr
    assert "martlet.project=squatted" in refused.stderr
    assert requests.get(team.url + "/api/v1/projects/squatted", auth=team.ada).status_code == 404
    # Whoever manages it hands it over.
    signed_in(team.ada).set_experiment_tag(experiment, "martlet.project", "squatted")
    result = team.cli("run", path, **env)
    assert result.returncode == 0, result.stderr
    assert signed_in(carol).get_experiment_by_name("squatted").experiment_id == experiment


# TLS and the path prefix


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    for name in ["server", "other"]:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / f"{name}.key",
                        "-out", folder / f"{name}.pem"], check=True, capture_output=True)
    return folder


def test_everything_over_tls(new_server, certificate, monkeypatch, folder):
    pem = certificate / "server.pem"
    server = new_server("--auth", "--tls-certificate", pem, "--tls-key", certificate / "server.key", start=False)
    server.start(wait=False)
    martlet.wait_until(lambda: (server.data / "server.json").exists(), 20)
    url = json.loads((server.data / "server.json").read_text())["url"]
    assert url == f"https://127.0.0.1:{server.port}"
    answer = requests.post(url + "/api/v1/setup", verify=str(pem), json={
        "token": setup_token(server), "name": "root", "password": PASSWORD})
    assert answer.status_code == 201
    answer = requests.post(url + "/api/v1/sessions", verify=str(pem), json={"name": "root", "password": PASSWORD})
    assert "; Secure" in answer.headers["Set-Cookie"] and "HttpOnly; SameSite=Strict" in answer.headers["Set-Cookie"]
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(pem))
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "root")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    assert [experiment.name for experiment in MlflowClient(url).search_experiments()] == ["Default"]
    env = {"MARTLET_SERVER_CERT": pem, "XDG_CONFIG_HOME": folder}
    assert martlet.command("login", url, "--name", "root", stdin=PASSWORD + "\n", **env).returncode == 0
    assert martlet.command("whoami", "--data", server.data, **env).returncode == 0
    assert martlet.command("whoami", "--data", server.data, XDG_CONFIG_HOME=folder).returncode == 7
    old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_1"], input=b"",
                         capture_output=True)
    assert b"Cipher is (NONE)" in old.stdout or old.returncode != 0


def test_a_certificate_and_a_key_that_do_not_fit_are_refused(folder, certificate):
    (folder / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for pem, key, said in [("server.pem", "other.key", "do not belong together"), (folder / "broken.pem", "server.key", "cannot be used"),
                           ("server.pem", "server.pem", "cannot be used")]:
        result = martlet.command("up", "--port", martlet.free_port(), "--data", folder / "data", "--tls-certificate",
                                 certificate / pem, "--tls-key", certificate / key)
        assert result.returncode == 1 and said in result.stderr, result.stderr


def test_everything_lies_below_the_prefix(new_server, monkeypatch):
    server = new_server("--auth", "--path-prefix", "/martlet/")
    base = server.url + "/martlet"
    assert json.loads((server.data / "server.json").read_text())["url"] == base
    answer = requests.get(server.url + "/api/v1/health")
    assert answer.status_code == 404
    assert requests.get(base + "/health").text == "OK"
    assert requests.post(base + "/api/v1/setup", json={
        "token": setup_token(server), "name": "root", "password": PASSWORD}).status_code == 201
    page = requests.get(base, headers={"Accept": "text/html"}, allow_redirects=False)
    assert page.status_code == 303 and page.headers["Location"].startswith("/martlet/sign-in?then=")
    session = requests.Session()
    answer = session.post(base + "/sign-in", data={"name": "root", "password": PASSWORD, "then": "/users"})
    assert answer.url == base + "/users" and answer.status_code == 200
    assert "Path=/martlet;" in answer.history[0].headers["Set-Cookie"]
    places = re.findall(r' (?:href|src|action)="(/[^"]*)"', answer.text)
    assert len(places) > 10 and all(place.startswith("/martlet/") for place in places), places
    for place in places:
        assert session.get(server.url + place).status_code in (200, 404, 405), place
    static = next(place for place in places if place.endswith(".css"))
    assert session.get(server.url + static).status_code == 200
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", make_token_at(base))
    client = MlflowClient(base)
    assert [experiment.name for experiment in client.search_experiments()] == ["Default"]
    assert martlet.command("whoami", "--data", server.data, MARTLET_TOKEN=os.environ["MLFLOW_TRACKING_TOKEN"]).returncode == 0


def make_token_at(base: str) -> str:
    answer = requests.post(base + "/api/v1/tokens", auth=ROOT, json={"name": "test"})
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


# Pages


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def tab(team, browser, request):
    tab = Tab(browser, team.url, script=request.param)
    yield tab
    tab.close()


def test_a_person_signs_in_with_a_browser(team, tab):
    page = tab.page
    page.goto(team.url + "/experiments?order=name")
    assert page.url.startswith(team.url + "/sign-in?then=")
    page.fill("[name=name]", "ada")
    page.fill("[name=password]", "not her password")
    page.click("main button[type=submit]")
    assert "not right" in page.text_content("[role=alert]")
    assert page.input_value("[name=name]") == "ada"
    tab.complaints.clear()
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    assert page.url == team.url + "/experiments?order=name"
    assert "ada" in page.text_content(".visitor")
    assert page.locator(".visitor a[href='/users']").count() == 0
    assert page.goto(team.url + "/users").status == 403
    page.goto(team.url + "/tokens")
    page.fill("[name=name]", "from a browser")
    page.click("main .stacked button[type=submit]")
    secret = page.text_content(".secret")
    assert requests.get(team.url + "/api/v1/whoami", headers={"Authorization": f"Bearer {secret}"}).json()["name"] == "ada"
    page.goto(team.url + "/tokens")
    assert secret not in page.content()
    if tab.script:
        assert tab.axe() == []
    page.click(".visitor button")
    assert page.url == team.url + "/sign-in"
    if tab.script:
        assert tab.axe() == []
    page.goto(team.url + "/experiments")
    assert "/sign-in" in page.url
    # The page that is forbidden says so, and what was on its way is given up when the page is left.
    assert [text for text in tab.complaints if "403" not in text and "ERR_ABORTED" not in text] == []


def test_a_link_of_mlflow_leads_through_the_sign_in(team, tab):
    experiment = requests.get(team.url + "/api/v1/experiments/Default", auth=team.ada).json()["id"]
    page = tab.page
    page.goto(f"{team.url}/#/experiments/{experiment}")
    assert page.url.startswith(team.url + "/sign-in?then=")
    page.fill("[name=name]", "ada")
    # Also after a slip: the form keeps where it leads.
    for password in ["not her password", PASSWORD]:
        page.fill("[name=password]", password)
        page.click("main button[type=submit]")
    # A server never hears what stands behind the sign, so that without a script nobody can keep it.
    page.wait_for_url(f"{team.url}/experiments/{experiment}" if tab.script else team.url + "/")
    if tab.script:
        assert tab.stopped_by_policy == []


def test_an_administrator_manages_people_in_a_browser(team, browser):
    tab = Tab(browser, team.url)
    page = tab.page
    page.goto(team.url + "/sign-in")
    page.fill("[name=name]", "root")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    tab.open("/users")
    assert tab.axe() == [] and tab.stopped_by_policy == []
    with tab.narrow():
        assert tab.wider_than_the_window() == []
    form = page.locator("form[action='/users']")
    form.locator("[name=name]").fill("web")
    form.locator("[name=password]").fill(PASSWORD)
    form.locator("[name=role]").select_option("devops")
    form.locator("button").click()
    assert page.url == team.url + "/users"
    user = requests.get(team.url + "/api/v1/users/web", auth=ROOT).json()
    assert user["roles"] == [{"role": "devops"}]
    page.click("form[action='/users/web/revoke'] button")
    assert requests.get(team.url + "/api/v1/users/web", auth=ROOT).json()["roles"] == []
    page.click("form[action='/users/web/disable'] button")
    assert requests.get(team.url + "/api/v1/whoami", auth=("web", PASSWORD)).status_code == 401
    tab.close()


@pytest.mark.parametrize("then", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%0d%0aX: y"])
def test_a_sign_in_leads_nowhere_else(team, then):
    answer = requests.post(team.url + "/sign-in", data={"name": "ada", "password": PASSWORD, "then": then}, allow_redirects=False)
    assert answer.status_code == 303
    assert re.fullmatch(r"/[^/\\]*", answer.headers["Location"]) and "evil" not in answer.headers["Location"]


def test_an_executive_sees_the_inventory_only(team):
    for path, status in [("/", 200), ("/models", 200), ("/endpoints", 200), ("/experiments", 403), ("/audit", 403)]:
        assert requests.get(team.url + path, auth=team.boss).status_code == status, path
