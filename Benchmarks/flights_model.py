"""A real model to serve: the first quarter of Examples/flights, trained and deployed by `martlet run`.

Everything is the example's own but the number of trials. What the endpoint gets as requests are rows of the model's
package (all columns, with the score that training gave them), and rows that callers would send: keys and request
columns, the rest looked up in the online tables.
"""

import csv
import json
import shutil
import subprocess
import sys
import urllib.request
from datetime import datetime
from pathlib import Path

import martlet

EXAMPLE = martlet.ROOT / "Examples" / "flights"
RAW = martlet.ROOT / ".cache" / "flights"
PROJECT = ENDPOINT = "flight-delay"
START = "2013-04-01"
# Flights of the day after the quarter are the requests.
LAST_MONTH, LAST_DAY = 4, 1
TRIALS = ("trials: 12", "trials: 4")


class FlightsModel:
    """The endpoint `flight-delay` of a server of its own. `close` ends both planes."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.project = folder / "project"
        self.server = martlet.Server(folder / "server")

    def start(self) -> "FlightsModel":
        if not RAW.exists():
            raise SystemExit(f"error: there are no flights in {RAW}\nfix:   python3 scripts/fetch-flights.py --raw")
        self._prepare()
        self.server.start()
        # The project is known once it was planned; that it lacks data is what comes next.
        self.server.cli("plan", ".", cwd=self.project)
        self._post(f"projects/{PROJECT}/clock", {"now": START})
        files = self.project / "build"
        for dataset, file in [("planes", "planes.csv"), ("weather", "weather/first_quarter.csv"),
                              ("flights", "flights/first_quarter.csv")]:
            self.server.json("data", "add", dataset, files / file, "--project", PROJECT, cwd=self.project)
        result = self.server.cli("run", ".", cwd=self.project, timeout=900)
        if result.returncode != 0:
            raise SystemExit(f"error: the model could not be trained\n{result.stdout}{result.stderr}")
        martlet.wait_until(self._is_live, 30, "the endpoint is live")
        return self

    def _prepare(self) -> None:
        shutil.copytree(EXAMPLE / "sql", self.project / "sql")
        text = (EXAMPLE / "martlet.yaml").read_text()
        if TRIALS[0] not in text:
            raise SystemExit(f"error: Examples/flights/martlet.yaml no longer says '{TRIALS[0]}'")
        (self.project / "martlet.yaml").write_text(text.replace(*TRIALS))
        raw = self.folder / "raw"
        raw.mkdir(parents=True)
        for name in ("airlines.csv", "airports.csv", "planes.csv"):
            shutil.copy2(RAW / name, raw / name)
        for name in ("flights.csv", "weather.csv"):
            cut(RAW / name, raw / name)
        subprocess.run([sys.executable, EXAMPLE / "prepare.py", raw, self.project / "build"], check=True,
                       stdout=subprocess.DEVNULL)

    def _post(self, path: str, body) -> dict:
        request = urllib.request.Request(f"{self.server.url}/api/v1/{path}", data=json.dumps(body).encode(), method="POST",
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def _is_live(self) -> bool:
        pids = self.server.scoring_processes()
        try:
            return bool(pids) and urllib.request.urlopen(self.scoring_url + "/ping", timeout=1).status == 200
        except OSError:
            return False

    @property
    def scoring_url(self) -> str:
        return f"http://127.0.0.1:{json.loads((self.server.data / 'scoring.json').read_text())['port']}"

    @property
    def invocations(self) -> str:
        return f"{self.scoring_url}/endpoints/{ENDPOINT}/invocations"

    @property
    def package(self) -> Path:
        """The folder of the model that is live."""
        configuration = json.loads((self.server.data / "scoring" / "configuration.json").read_text())
        endpoint = next(endpoint for endpoint in configuration["endpoints"] if endpoint["name"] == ENDPOINT)
        return self.server.data / next(
            variant["packageFolder"] for variant in endpoint["variants"] if variant["role"] == "champion")

    def close(self) -> None:
        self.server.close()

    def examples(self) -> list[dict]:
        """Rows with every column of the model, each with its `score`."""
        return json.loads((self.package / "examples.json").read_text())

    def requests(self, count: int) -> list[dict]:
        """What callers send two hours before departure."""
        with open(self.project / "build" / "requests.csv", newline="") as file:
            rows = [row for _, row in zip(range(count), csv.DictReader(file))]
        numbers = ("distance", "block_minutes", "departure_hour")
        return [row | {name: int(row[name]) for name in numbers} for row in rows]


def cut(source: Path, target: Path) -> None:
    """Copies the rows of the first quarter and of the day after it."""
    with open(source, newline="") as file, open(target, "w", newline="") as output:
        reader = csv.DictReader(file)
        writer = csv.DictWriter(output, reader.fieldnames)
        writer.writeheader()
        writer.writerows(row for row in reader
                         if (int(row["month"]), int(row["day"])) <= (LAST_MONTH, LAST_DAY))


def body(rows: list[dict], count: int) -> dict:
    """A request of `count` rows in MLflow's `dataframe_split`, the rows over and over."""
    columns = list(rows[0])
    data = [[rows[number % len(rows)].get(column) for column in columns] for number in range(count)]
    return {"dataframe_split": {"columns": columns, "data": data}}


def prepared(package: Path, rows: list[dict]) -> list[dict]:
    """The rows as the model's trees see them: what Martlet does for each request, done beforehand."""
    preparation = json.loads((package / "preparation.json").read_text())
    return [{name: values[name] for name in preparation["outputs"]}
            for values in (apply(preparation["operations"], dict(row)) for row in rows)]


def apply(operations: list[dict], values: dict) -> dict:
    for operation in operations:
        (kind, facts), = operation.items()
        name = facts["column"]
        if kind == "fill":
            values[name] = facts["with"] if values.get(name) is None else values[name]
        elif kind == "encode":
            text = values.get(name)
            values[name] = facts["missing"] if text is None else facts["table"].get(text, facts["other"])
        elif kind == "dates":
            time = datetime.fromisoformat(values[name])
            values |= {f"{name}_hour": time.hour, f"{name}_minute": time.hour * 60 + time.minute,
                       f"{name}_weekday": time.isoweekday(), f"{name}_month": time.month,
                       f"{name}_yearday": time.timetuple().tm_yday}
        elif kind != "drop":
            raise SystemExit(f"error: the benchmark does not know the operation '{kind}'")
    return values
