"""P1 to P3: what was acknowledged survives a kill, a request applies whole or not at all, and it is up again at once."""

import random
import threading
import time

import pytest
import requests

import martlet

WRITERS = 8
KILLS = 10
BATCH = 50


def create_run(url: str) -> str:
    answer = requests.post(url + "/api/2.0/mlflow/runs/create", json={"experiment_id": "0", "start_time": 0}, timeout=10)
    answer.raise_for_status()
    return answer.json()["run"]["info"]["run_id"]


class Writer(threading.Thread):
    """Logs batch after batch, each point of a batch under the batch's number as its step, and keeps what was acknowledged."""

    def __init__(self, server, run: str):
        super().__init__(daemon=True)
        self.server, self.run_id = server, run
        self.acknowledged, self.attempted, self.problems = set(), 0, []
        self.stopping = threading.Event()

    def run(self):
        session = requests.Session()
        while not self.stopping.is_set():
            number = self.attempted
            self.attempted += 1
            metrics = [{"key": f"m{i}", "value": number + i / 1000, "timestamp": 1, "step": number} for i in range(BATCH)]
            try:
                answer = session.post(self.server.url + "/api/2.0/mlflow/runs/log-batch", timeout=10,
                                      json={"run_id": self.run_id, "metrics": metrics})
            except requests.RequestException:
                session = requests.Session()
                time.sleep(0.01)
                continue
            if answer.status_code == 200:
                self.acknowledged.add(number)
            else:
                self.problems.append(f"{answer.status_code}: {answer.text[:200]}")


def history(url: str, run: str, key: str) -> dict[int, float]:
    found, token = {}, None
    while True:
        query = {"run_id": run, "metric_key": key, "max_results": 20000} | ({"page_token": token} if token else {})
        answer = requests.get(url + "/api/2.0/mlflow/metrics/get-history", params=query, timeout=30)
        answer.raise_for_status()
        page = answer.json()
        found |= {int(point["step"]): float(point["value"]) for point in page.get("metrics", [])}
        token = page.get("next_page_token")
        if not token:
            return found


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_no_batch_is_half_there_over_ten_random_kills(new_server):
    server = new_server()
    writers = [Writer(server, create_run(server.url)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    chance, restarts = random.Random(7), []
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.2, 0.8))
        server.kill()
        begin = time.monotonic()
        server.start()
        restarts.append(time.monotonic() - begin)
    time.sleep(0.5)
    for writer in writers:
        writer.stopping.set()
    for writer in writers:
        writer.join(20)

    assert max(restarts) < 3, f"a debug build was up again after {restarts}"
    for writer in writers:
        assert writer.problems == []
        assert len(writer.acknowledged) > KILLS, "the writers hardly wrote: the test shows nothing"
        columns = [history(server.url, writer.run_id, f"m{i}") for i in range(BATCH)]
        steps = set(columns[0])
        assert writer.acknowledged <= steps, f"lost: {sorted(writer.acknowledged - steps)[:5]}"
        for index, column in enumerate(columns):
            assert set(column) == steps, f"half a batch: m{index} differs in {sorted(set(column) ^ steps)[:5]}"
            assert all(value == step + index / 1000 for step, value in column.items())


@pytest.mark.slow
def test_the_ledger_is_whole_after_a_kill(new_server):
    server = new_server()
    for _ in range(20):
        create_run(server.url)
    server.kill()
    server.start()
    verified = server.json("audit", "verify")
    assert verified["intact"] is True and verified["entries"] >= 20


@pytest.mark.slow
def test_a_full_disk_answers_507_applies_nothing_by_halves_and_the_server_stays_up(new_server, small_disk):
    server = new_server(data=small_disk / "data")
    run = create_run(server.url)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (16 << 20))
    acknowledged, status = [], 200
    for number in range(2000):
        metrics = [{"key": f"m{i}", "value": number, "timestamp": 1, "step": number} for i in range(200)]
        answer = requests.post(server.url + "/api/2.0/mlflow/runs/log-batch", json={"run_id": run, "metrics": metrics}, timeout=30)
        status = answer.status_code
        if status != 200:
            break
        acknowledged.append(number)
    assert status == 507, answer.text
    assert server.answers()
    filler.unlink()
    martlet.wait_until(lambda: requests.post(
        server.url + "/api/2.0/mlflow/runs/log-metric", timeout=30,
        json={"run_id": run, "key": "after", "value": 1, "timestamp": 1}).status_code == 200, 20, "writing works again")
    first = history(server.url, run, "m0")
    assert set(acknowledged) <= set(first)
    assert set(history(server.url, run, "m199")) == set(first)


def test_a_store_that_is_not_there_is_said_in_three_lines(folder):
    result = martlet.command("up", "--port", martlet.free_port(), "--data", folder / "data", "--store",
                             f"postgresql://martlet:hunter2@127.0.0.1:{martlet.free_port()}/postgres")
    assert result.returncode == 7
    assert result.stderr.startswith("error: ") and "PostgreSQL" in result.stderr
    assert "cause:" in result.stderr and "fix:" in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.slow
def test_a_server_over_postgresql_survives_its_database_going_away(new_server, postgres):
    server = new_server("--store", postgres.url)
    run = create_run(server.url)
    postgres.stop()
    answer = requests.post(server.url + "/api/2.0/mlflow/runs/log-metric", timeout=60,
                           json={"run_id": run, "key": "m", "value": 1, "timestamp": 1})
    assert answer.status_code == 503
    assert server.answers()
    postgres.start()
    martlet.wait_until(lambda: requests.post(
        server.url + "/api/2.0/mlflow/runs/log-metric", timeout=60,
        json={"run_id": run, "key": "m", "value": 1, "timestamp": 1}).status_code == 200, 30, "the store is found again")


def test_a_damaged_database_is_refused_with_a_message(folder):
    (folder / "data").mkdir()
    (folder / "data" / "martlet.db").write_bytes(b"this is not a database, it is a sentence that goes on for a while" * 100)
    result = martlet.command("up", "--port", martlet.free_port(), "--data", folder / "data")
    assert result.returncode not in (0, 2, 3)
    assert result.stderr.startswith("error: ") and "martlet.db" in result.stderr
