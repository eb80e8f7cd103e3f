"""The rules for what comes in and what goes out: pages, paths, addresses, bodies, filters, logs, files."""

import html.parser
import os
import json
import re
import urllib.parse

import pytest
import requests

import projects
from test_attacks import raw, status

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
          "base-uri 'none'; frame-ancestors 'none'")


class Links(html.parser.HTMLParser):
    """The addresses in a page, and what the policy does not allow in one."""

    def __init__(self, page: str):
        super().__init__()
        self.links, self.forbidden, self.tag = [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        # Data for a script of the server's own is not run.
        self.tag = None if tag == "script" and ("type", "application/json") in attributes else tag
        for name, value in attributes:
            if name in ("href", "src", "action") and value:
                self.links.append(value)
            if name.startswith("on") or name in ("style", "srcdoc") or (value or "").lower().startswith("javascript:"):
                self.forbidden.append(f"<{tag} {name}>")
        if tag in ("iframe", "object", "embed", "base"):
            self.forbidden.append(f"<{tag}>")

    def handle_data(self, data):
        if self.tag in ("style", "script") and data.strip():
            self.forbidden.append(f"<{self.tag}> with content")

    def handle_endtag(self, tag):
        self.tag = None


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`${7*7}{{7*7}}"


@pytest.fixture(scope="module")
def hostile(shared_server, tmp_path_factory):
    """Everything that may carry a text from a client carries a hostile one; returns the run."""
    def post(path, **body):
        answer = requests.post(shared_server.url + "/api/2.0/mlflow" + path, json=body)
        answer.raise_for_status()
        return answer.json()

    experiment = post("/experiments/create", name=HOSTILE, tags=[{"key": "mlflow.note.content", "value": HOSTILE}])["experiment_id"]
    run = post("/runs/create", experiment_id=experiment, run_name=HOSTILE, start_time=0, user_id=HOSTILE,
               tags=[{"key": "mlflow.source.name", "value": HOSTILE}])["run"]["info"]
    post("/runs/log-batch", run_id=run["run_id"], params=[{"key": "p", "value": HOSTILE}], tags=[{"key": "t", "value": HOSTILE}],
         metrics=[{"key": "m", "value": 1, "timestamp": 1, "step": step} for step in range(3)])
    post("/registered-models/create", name="hostile", description=HOSTILE, tags=[{"key": "t", "value": HOSTILE}])
    post("/model-versions/create", name="hostile", source=f"runs:/{run['run_id']}/model", run_id=run["run_id"], description=HOSTILE)
    folder = projects.write(tmp_path_factory.mktemp("hostile") / "p", f"""martlet: 1
project: hostile
charter: {{problem: "<script>alert(5)</script>", owner: "<b>owner</b>@example.com"}}
data: {{sales: {{source: "data/{{partition}}.csv", key: [id], partition: {{by: day, column: day}}, card: {{owner: "<script>alert(6)</script>"}}}}}}
steps: {{show: {{sql: "select 1 as n /* <script>alert(3)</script> */"}}}}
""")
    result = shared_server.cli("run", folder)
    assert result.returncode == 0, result.stderr
    (folder / "2024-03-01.csv").write_text('id,day,shop\n1,2024-03-01,"<script>alert(4)</script>"\n')
    result = shared_server.cli("data", "add", "sales", folder / "2024-03-01.csv", "--project", "hostile")
    assert result.returncode == 0, result.stderr
    return run


def test_every_page_has_the_policy_keeps_to_it_and_shows_hostile_texts_as_text(shared_server, hostile):
    """Follows every link from the first page on, a few of each kind."""
    seen, waiting, pages = {"/"}, ["/", f"/experiments/{urllib.parse.quote(HOSTILE)}", "/nothing-here"], 0
    while waiting:
        path = waiting.pop(0)
        answer = requests.get(shared_server.url + path, headers={"Accept": "text/html"}, allow_redirects=False, timeout=20)
        headers = answer.headers
        assert answer.status_code < 500, (path, answer.text[:300])
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer", path
        assert headers["Content-Security-Policy"] == POLICY, path
        if not headers.get("Content-Type", "").startswith("text/html"):
            continue
        pages += 1
        page = Links(answer.text)
        assert page.forbidden == [], (path, page.forbidden)
        assert "<script>alert" not in answer.text and "onerror=alert(2)>" not in answer.text, f"{path} shows a client's text as markup"
        for link in page.links:
            link = urllib.parse.urljoin(path, link).split("#")[0]
            place = re.sub(r"\?.*", "", link)
            if link.startswith("/") and link not in seen and sum(one.startswith(place) for one in seen) < 3 and len(seen) < 200:
                seen.add(link)
                waiting.append(link)
    assert pages > 15, f"only {pages} pages were found"


def test_numbers_of_any_size_are_shown(shared_server):
    """Divergence, dates at the ends of time: what a client may log, a page must show."""
    api = shared_server.url + "/api/2.0/mlflow"
    numbers = [0, 1e15, 1e16, -1e300, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324, "NaN", "Infinity", "-Infinity"]
    experiment = requests.post(api + "/experiments/create", json={"name": "extremes"}).json()["experiment_id"]
    runs = []
    for start, end in [(0, 2**63 - 1), (-2**63, 2**63 - 1), (2**63 - 1, -2**63)]:
        run = requests.post(api + "/runs/create", json={"experiment_id": experiment, "start_time": start}).json()["run"]["info"]["run_id"]
        requests.post(api + "/runs/update", json={"run_id": run, "status": "FINISHED", "end_time": end})
        metrics = [{"key": f"m{index}", "value": value, "timestamp": time_, "step": step}
                   for index in range(3) for step, (value, time_) in enumerate(zip(numbers[index:], [0, 2**63 - 1, 1] * 4))]
        metrics += [{"key": "edge", "value": 1e300, "timestamp": 1, "step": step} for step in (-2**63, 0, 2**63 - 1)]
        requests.post(api + "/runs/log-batch", json={"run_id": run, "metrics": metrics}).raise_for_status()
        runs.append(run)
    seen, waiting = set(), ["/", "/experiments", f"/experiments/{experiment}", *(f"/runs/{run}" for run in runs)]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = requests.get(shared_server.url + path, headers={"Accept": "text/html"}, timeout=20)
        assert answer.status_code < 500, (path, answer.text[:300])
        for link in Links(answer.text).links:
            link = urllib.parse.urljoin(path, link).split("#")[0]
            if any(part in link for part in [*runs, f"experiments/{experiment}"]) and link not in seen and len(seen) < 60:
                waiting.append(link)
    assert len(seen) > 5
    for run in runs:
        assert requests.get(f"{shared_server.url}/api/v1/runs/{run}").status_code == 200


def test_artifacts_are_downloads_whatever_they_are(shared_server, hostile):
    store = shared_server.url + "/api/2.0/mlflow-artifacts/artifacts/"
    path = hostile["artifact_uri"].split("mlflow-artifacts:/")[1].lstrip("/") + "/page.html"
    requests.put(store + path, data=b"<script>alert(1)</script>", headers={"Content-Type": "text/html"}).raise_for_status()
    for url in [store + path, f"{shared_server.url}/get-artifact?run_uuid={hostile['run_id']}&path=page.html"]:
        answer = requests.get(url)
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Content-Security-Policy"] == POLICY


def test_artifacts_that_are_shown_run_nothing_and_reach_nothing(shared_server, hostile):
    store = shared_server.url + "/api/2.0/mlflow-artifacts/artifacts/"
    folder = hostile["artifact_uri"].split("mlflow-artifacts:/")[1].lstrip("/")
    sandbox = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    for name, content in {"shown.html": b"<script>alert(1)</script>", "shown.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
                          "shown.md": HOSTILE.encode(), "shown.csv": HOSTILE.encode(), "shown.json": json.dumps({HOSTILE: HOSTILE}).encode(),
                          "shown.png": b"<script>alert(1)</script>", "shown.parquet": HOSTILE.encode()}.items():
        requests.put(store + f"{folder}/{name}", data=content, headers={"Content-Type": "text/html"}).raise_for_status()
        page = requests.get(f"{shared_server.url}/runs/{hostile['run_id']}/artifacts?path={name}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["Content-Security-Policy"] in (POLICY, POLICY + "; frame-src 'self'")
        assert "<script>alert" not in page.text and "<img src=x" not in page.text, name
    for route, name in [("frame", "shown.html"), ("image", "shown.svg")]:
        answer = requests.get(f"{shared_server.url}/runs/{hostile['run_id']}/artifacts/{route}?path={name}")
        assert answer.status_code == 200
        assert answer.headers["Content-Security-Policy"] == sandbox and answer.headers["X-Content-Type-Options"] == "nosniff"
    for route, name in [("image", "shown.png"), ("image", "shown.html"), ("frame", "shown.svg"), ("frame", "../shown.html"), ("frame", "absent.html")]:
        answer = requests.get(f"{shared_server.url}/runs/{hostile['run_id']}/artifacts/{route}", params={"path": name}, headers={"Accept": "text/html"})
        assert answer.status_code in (400, 404) and "<script>alert" not in answer.text


# Paths and addresses.

@pytest.mark.parametrize("path", [
    "../x", "a/../../x", "%2e%2e/x", "..%2fx", "%2e%2e%2fx", "a/%2e%2e/%2e%2e/x", "..%5cx", "a%5c..%5cx", "%252e%252e%252fx", "..%252fx", "a/./x", "a//x",
    "/etc/passwd", "%2fetc%2fpasswd", "x%00.txt", "x%0a", "x%7f", "%c0%ae%c0%ae/x", "%ff", "%", "%2", "a/..", ".", "..", "x%25", "file:///etc/passwd"])
def test_no_artifact_path_leaves_its_folder(shared_server, path):
    for method, length, body in [("PUT", 5, b"evil!"), ("GET", 0, b""), ("DELETE", 0, b"")]:
        for prefix in ["/api", "/ajax-api"]:
            head = f"{method} {prefix}/2.0/mlflow-artifacts/artifacts/{path} HTTP/1.1\r\nHost: 127.0.0.1:{shared_server.port}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            answer = raw(shared_server, head.encode() + body)
            assert 400 <= status(answer) < 500 and b"root:" not in answer, (method, answer[:300])


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "%2e%2e/x", "x\x00y", "a\\..\\x", "..", "a//b"])
def test_no_path_in_a_parameter_leaves_its_folder(shared_server, hostile, path):
    run = hostile["run_id"]
    for url, fields in [("/get-artifact", {"run_uuid": run, "path": path}), ("/api/2.0/mlflow/artifacts/list", {"run_id": run, "path": path}),
                        ("/model-versions/get-artifact", {"name": "hostile", "version": "1", "path": path}), ("/api/2.0/mlflow-artifacts/artifacts", {"path": path})]:
        answer = requests.get(shared_server.url + url, params=fields)
        assert 400 <= answer.status_code < 500, (url, answer.text)
    answer = requests.post(shared_server.url + "/ajax-api/2.0/mlflow/upload-artifact", params={"run_uuid": run, "path": path}, data=b"x")
    assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.parametrize("location", [
    "file:///etc", "/etc", "file:/etc", "http://127.0.0.1:1/x", "s3://bucket/x", "../x", "dbfs:/x", "mlflow-artifacts:/../x", "mlflow-artifacts://evil.example/x",
    "ftp://evil.example", "gopher://127.0.0.1/", "runs:/x", " file:///etc"])
def test_the_server_opens_no_address_that_a_client_gives(shared_server, hostile, location):
    api = shared_server.url + "/api/2.0/mlflow"
    answer = requests.post(api + "/experiments/create", json={"name": "located " + location, "artifact_location": location})
    assert answer.status_code == 400, answer.text
    if not location.startswith(("s3:", "dbfs:")):
        answer = requests.post(api + "/model-versions/create", json={"name": "hostile", "source": location, "run_id": hostile["run_id"]})
        assert answer.status_code == 400, answer.text


# Bodies, numbers, filters.

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/api/2.0/mlflow/experiments/create", "/api/v1/projects/x/plan"])
def test_bodies_are_bounded_in_depth_length_and_range(shared_server, path):
    def post(data, headers=JSON):
        return requests.post(shared_server.url + path, data=data, headers=headers).status_code

    for depth in (65, 10_000, 1_000_000):
        assert post('{"name": ' + "[" * depth + "]" * depth + "}") == 400
    for number in (2**63, -2**63 - 1, 10**40):
        assert post(f'{{"version": {number}, "name": "x", "artifact_location": {number}}}') == 400
    large = b'{"reason": "' + b"x" * (16 << 20) + b'"}'
    assert post(large) == 413
    assert post(iter([large[:1 << 20]] * 18)) == 413
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "text/json"):
        assert post(b"{}", {"Content-Type": kind}) in (400, 415), kind


def test_whole_numbers_are_64_bits_and_never_clamped(shared_server, hostile):
    def log(timestamp, step=None):
        return requests.post(shared_server.url + "/api/2.0/mlflow/runs/log-metric", headers=JSON,
                             data=f'{{"run_id": "{hostile["run_id"]}", "key": "edge", "value": 1, "timestamp": {timestamp}, "step": {step or timestamp}}}').status_code

    for wrong in (2**63, -2**63 - 1, '"9223372036854775808"', "1.5", "true", '"1.0"', '"1.5e0"', '"1e19"', '"e5"', "007", "-", "+1", "[1]"):
        assert log(wrong) == 400, wrong
    for right in (2**63 - 1, -2**63, '"5"'):
        assert log(1, right) == 200, right
    points = requests.get(shared_server.url + "/api/2.0/mlflow/metrics/get-history", params={"run_id": hostile["run_id"], "metric_key": "edge"}).json()["metrics"]
    assert sorted(int(point["step"]) for point in points) == [-2**63, 5, 2**63 - 1]


def test_filters_are_bounded_and_carry_no_sql(shared_server, hostile):
    def search(text):
        return requests.post(shared_server.url + "/api/2.0/mlflow/runs/search", json={"experiment_ids": [hostile["experiment_id"]], "filter": text})

    assert search(" and ".join(["metrics.m >= 0"] * 50)).status_code == 200
    assert search(" and ".join(["metrics.m >= 0"] * 51)).status_code == 400
    for text in ["1=1", "metrics.m > 0 or 1=1", "params.p = 'x' union select * from runs", "attributes.run_id in (select run_id from runs)",
                 "params.p = 'x'; drop table runs", "params.`p` = 'x' --", "params.p = ''' or ''1''=''1", "metrics.m > (select 1)", "(" * 2000,
                 "params." + "a" * 20_000 + " = 'x'", "params.p LIKE '" + "%_" * 5000 + "x'"]:
        answer = search(text)
        assert answer.status_code == 400 or answer.json().get("runs", []) == [], (text[:80], answer.text[:200])
    assert len(search("params.p LIKE '%alert%'").json()["runs"]) == 1


# Nothing secret in logs, nothing readable by others.

def test_logs_hold_no_values_and_files_are_the_owners_alone(new_server, folder):
    before = os.umask(0)
    try:
        server = new_server(MARTLET_LOG="trace")
        project = projects.write(folder / "tiny", projects.HEAD + projects.SALES + """
steps:
  clean: {sql: "select * from ${data.sales}"}
  show: {run: "cat ${clean.table} > ${out.copy}", out: {copy: copy.bin}}
""", {"data/2024-03-01.csv": projects.GOOD_DAY.replace(",b\n", ",hunter2-row\n")})
        result = server.cli("run", project)
        assert result.returncode == 0, result.stderr
    finally:
        os.umask(before)
    api = server.url + "/api/2.0/mlflow"
    run = requests.post(api + "/runs/create", json={"experiment_id": "0", "start_time": 0}).json()["run"]["info"]["run_id"]
    for path, body in [("/runs/log-batch", {"params": [{"key": "password", "value": "hunter2-param"}]}), ("/runs/set-tag", {"key": "k", "value": "hunter2-tag"}),
                       ("/runs/log-parameter", {"key": "password", "value": "hunter2-other"}), ("/runs/log-metric", {"key": "m", "value": "hunter2-metric"})]:
        requests.post(api + path, json={"run_id": run} | body, headers={"Authorization": "Bearer hunter2-token", "Cookie": "s=hunter2-cookie"})
    requests.get(server.url + "/runs?filter=hunter2-query", headers={"Authorization": "Basic hunter2-basic"})
    (folder / "bad.csv").write_text("id,day,amount,shop\n1,2024-03-02,hunter2-cell,a\n2,2024-03-02\n")
    (folder / "types.csv").write_text("id,day,amount,shop\n1,2024-03-02,hunter2-cell,a\n")
    for name in ("bad.csv", "types.csv"):
        server.cli("data", "add", "sales", folder / name, "--project", "tiny")
    logs = {path: path.read_text(errors="replace") for path in [server.log, *server.data.rglob("*.log")]}
    for path, text in logs.items():
        assert "hunter2" not in text, f"{path}: {[line for line in text.splitlines() if 'hunter2' in line][:3]}"
    files = [server.data, *server.data.rglob("*")]
    assert len(files) > 20
    assert [f"{path} {path.lstat().st_mode:o}" for path in files if path.lstat().st_mode & 0o077 and not path.is_symlink()] == []
