#!/usr/bin/env python3
"""The whole loop, once around, on the flights of 2013: through the public command line and API only.

    demo.py MARTLET [--port N] [--data DIR] [--until DATE]

MARTLET is the binary; `martlet demo` starts this script. From the deployment on this script only delivers
data, requests and outcomes; the server decides everything else. Run again, it continues where it was.
Only the standard library is used.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = "flight-delay"
FETCH = HERE.parents[1] / "scripts" / "fetch-flights.py"
FLIGHTS = HERE.parents[1] / ".cache" / "flights"
START = "2013-04-01"
STAGES = 9


class Demo:
    def __init__(self, options):
        self.martlet = str(Path(options.martlet).resolve())
        self.data = Path(options.data).resolve()
        self.port = options.port
        self.until = options.until
        self.mistake_at = options.mistake_at
        self.work = self.data / "project"
        self.build = self.work / "build"
        self.notes = self.data / "demo.json"
        self.done = json.loads(self.notes.read_text()) if self.notes.exists() else {}
        self.started = time.time()
        self.stage = 0
        self.server = None

    # What every stage uses.

    def say(self, text):
        line = f"[{self.stage}/{STAGES}] {int(time.time() - self.started):>3} s  {text}"
        if sys.stderr.isatty():
            columns = shutil.get_terminal_size().columns
            print("\r\033[K" + line[: columns - 1], end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def cli(self, *arguments, expect=(0,), cwd=None):
        command = [self.martlet, *map(str, arguments), "--server", self.url, "-o", "json"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=cwd or self.work)
        if result.returncode not in expect:
            sys.exit(f"\n$ {' '.join(command)}\nexited with {result.returncode}\n{result.stdout}{result.stderr}")
        try:
            return json.loads(result.stdout) if result.stdout.strip() else None
        except json.JSONDecodeError:
            return [json.loads(line) for line in result.stdout.splitlines() if line.strip().startswith("{")]

    def api(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}", data=data, method=method, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def items(self, path):
        answer = self.api("GET", path)
        return answer["items"] if isinstance(answer, dict) and "items" in answer else answer

    def remember(self, key, value=True):
        self.done[key] = value
        self.notes.write_text(json.dumps(self.done, indent=1))

    def begin(self, text):
        self.stage += 1
        self.say(text)

    # The stages.

    def prepare(self):
        self.begin("fetching the engines and the flights, preparing what an airline would deliver")
        self.data.mkdir(parents=True, exist_ok=True)
        for command in [[self.martlet, "engines", "install"], [sys.executable, FETCH, "--raw"]]:
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
                sys.exit(1)  # it said why
        for name in ["martlet.yaml", "replay.yaml", "sql"]:
            source, target = HERE / name, self.work / name
            shutil.copytree(source, target, dirs_exist_ok=True) if source.is_dir() else (
                target.parent.mkdir(parents=True, exist_ok=True), shutil.copy2(source, target))
        if "prepared" not in self.done:
            subprocess.run([sys.executable, HERE / "prepare.py", FLIGHTS, self.build], check=True, stdout=subprocess.DEVNULL)
            for file in (self.build / "damaged" / "flights").iterdir():
                shutil.copy2(file, self.build / "flights" / file.name)
            self.remember("prepared")

    def serve(self):
        self.begin("starting the server")
        home = self.data / "server"
        home.mkdir(parents=True, exist_ok=True)
        log = open(self.data / "server.log", "ab")
        self.server = subprocess.Popen(
            [self.martlet, "up", "--data", home, "--port", str(self.port), "--scoring-port", "0"], stdout=log, stderr=log,
            start_new_session=True)
        address = home / "server.json"
        for _ in range(600):
            if self.server.poll() is not None:
                sys.exit(f"\nthe server did not start:\n{(self.data / 'server.log').read_text()[-2000:]}")
            try:
                described = json.loads(address.read_text())
                if described.get("pid") == self.server.pid:
                    self.url = described["url"].rstrip("/")
                    urllib.request.urlopen(self.url + "/health", timeout=2).read()
                    return
            except (OSError, ValueError):
                pass
            time.sleep(0.05)
        sys.exit("\nthe server did not answer within 30 seconds")

    def ingest(self):
        self.begin("ingesting the first quarter: flights, weather, planes")
        if "ingested" in self.done:
            return
        self.cli("plan", ".", expect=(0, 1, 2, 5))
        self.api("POST", f"/projects/{PROJECT}/clock", {"now": START})
        for dataset, file in [
            ("planes", "planes.csv"), ("weather", "weather/first_quarter.csv"), ("flights", "flights/first_quarter.csv")
        ]:
            self.cli("data", "add", dataset, self.build / file, "--project", PROJECT)
        self.remember("ingested")

    def first_model(self):
        self.begin("features, search, evaluation, registration, gate, deployment")
        if "first" not in self.done:
            self.cli("run", ".")
            self.remember("first", time.time() - self.started)

    def refused_model(self):
        self.begin("a model trained on three days only: the gate refuses it")
        if "refused" not in self.done:
            self.cli("run", ".", "-p", "train_days=3", expect=(5,))
            self.remember("refused")

    def replay(self, until):
        command = [
            self.martlet, "replay", "replay.yaml", "--until", until, "--server", self.url, "-o", "json"]
        process = subprocess.Popen(command, cwd=self.work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if line.strip():
                self.say("live: " + line.strip().split("\r")[-1])
        output = process.stdout.read()
        if process.wait() != 0:
            sys.exit(f"\nthe replay exited with {process.returncode}\n{output}")
        summary = json.loads(output)
        total = self.done.get("replay", {})
        for key in ("requests", "failures", "outcomes", "partitions"):
            total[key] = total.get(key, 0) + (summary.get(key) or 0)
        self.remember("replay", total)

    def replay_until(self, until, key):
        """Plays on when an earlier run of this script did not get that far."""
        if self.done.get(key, "") < until:
            self.replay(until)
            self.remember(key, until)

    def live(self):
        self.begin("live: requests, outcomes and data in the order of their time")
        self.replay_until(min(self.until, self.mistake_at), "summer")

    def colleague(self):
        self.begin("a colleague's mistake: air_time, known only after landing, shines offline")
        if "colleague" in self.done or self.until <= self.mistake_at:
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "flights"
            copy.mkdir()
            shutil.copy2(self.work / "martlet.yaml", copy)
            shutil.copytree(self.work / "sql", copy / "sql")
            query = copy / "sql" / "flights_asof.sql"
            more = "  block_minutes,\n  air_time,\n  block_minutes - air_time as spare_minutes,\n"
            query.write_text(query.read_text().replace("  block_minutes,\n", more, 1))
            self.cli("run", copy, "--branch", "air-time", cwd=copy)
        self.remember("colleague")

    def autumn(self):
        self.begin("live: the mistake is noticed and rolled back; the year goes on")
        self.replay_until(self.until, "year")

    def summary(self):
        self.begin("done")
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        print(Summary(self).text())

    def stay(self):
        if sys.stdout.isatty():
            print("The server stays up; Ctrl-C ends it.")
            self.server.wait()

    def end_server(self):
        if not self.server or self.server.poll() is not None:
            return
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(timeout=30)
        # Scoring outlives its server on purpose; the demo's own is not needed any more.
        try:
            scoring = json.loads((self.data / "server" / "scoring.json").read_text())["pid"]
            if b"serve" in Path(f"/proc/{scoring}/cmdline").read_bytes().split(b"\0"):
                os.kill(scoring, signal.SIGTERM)
        except (OSError, ValueError, KeyError):
            pass

    def run(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        try:
            for stage in [
                self.prepare, self.serve, self.ingest, self.first_model, self.refused_model, self.live, self.colleague,
                self.autumn, self.summary, self.stay,
            ]:
                stage()
        except KeyboardInterrupt:
            sys.exit(130)
        finally:
            self.end_server()


class Summary:
    """What the server says happened: a table for people, and summary.json for programs."""

    def __init__(self, demo):
        self.demo = demo
        self.windows = sorted(demo.items("/endpoints/flight-delay/windows?limit=1000"), key=lambda window: window["from"])
        self.facts = {
            "datasets": [self.dataset(name) for name in ("flights", "weather", "planes")],
            "signals": self.signals(),
            "models": [self.model(version) for version in reversed(demo.items("/models/flight-delay/versions"))],
            "months": self.months(),
            "windows": {"judged": len(self.windows), "quiet": sum(window["quiet"] for window in self.windows)},
            "alerts": [self.alert(alert) for alert in demo.items(f"/alerts?all=true&limit=1000&project={PROJECT}")],
            "deployments": [self.deployment(item) for item in reversed(demo.items("/endpoints/flight-delay/deployments"))],
            "live": self.live(),
            "flow": demo.api("GET", f"/projects/{PROJECT}/flow"),
        }
        self.facts["alerts"].sort(key=lambda alert: (alert["first"], alert["reason"]))

    # The facts.

    def dataset(self, name):
        path = f"/projects/{PROJECT}/datasets/{name}"
        found = self.demo.api("GET", path)
        facts = {key: found[key] for key in ("name", "rows", "partitions", "quarantined")}
        if name == "flights":
            statistics = self.demo.api("GET", path + "/versions/latest")["partitions"]
            columns = (column for partition in statistics for column in partition["statistics"]["columns"])
            facts["without_outcome"] = sum(column["nulls"] for column in columns if column["name"] == "arr_delay")
        return facts

    def signals(self):
        """Days of the first quarter that the charts found out of control, with the charts' own words."""
        charts = self.demo.items(f"/projects/{PROJECT}/datasets/flights/charts")
        return [
            {"day": point["partition"], "words": point.get("explanation")}
            for chart in charts for point in chart["series"] if point.get("violations") and point["partition"] < START
        ]

    def model(self, version):
        lineage = version["lineage"]
        return {"version": version["version"], "metrics": version["metrics"], "aliases": version["aliases"],
                "run": lineage.get("pipelineRun") or lineage.get("pipeline_run")}

    def months(self):
        months = {}
        for window in self.windows:
            quality = window["measures"].get("quality")
            if quality:
                months.setdefault(window["from"][:7], []).append(quality)
        return [self.month(month, qualities) for month, qualities in sorted(months.items())]

    @staticmethod
    def month(month, qualities):
        """The mean over the month's windows, weighted by their flights."""
        rows = sum(quality["labelled"] for quality in qualities)
        def mean(values):
            return sum(value * quality["labelled"] for value, quality in zip(values, qualities)) / rows
        metrics = {name: mean([quality["metrics"].get(name, 0) for quality in qualities])
                   for name in ("roc_auc", "pr_auc", "brier", "value_per_1000", "gain_per_1000")}
        return {"month": month, "flights": rows, "late": mean([quality["positive_share"] for quality in qualities])} | metrics

    @staticmethod
    def alert(alert):
        return {"first": alert["first_at"][:10], "last": alert["last_at"][:10], "kind": alert["kind"],
                "severity": alert["severity"], "times": alert["occurrences"], "owner": alert.get("owner"),
                "reason": alert["reason"]}

    @staticmethod
    def deployment(item):
        return {"started": item["started"][:10], "ended": (item.get("ended") or "")[:10], "version": item["version"],
                "state": item["state"], "reason": item.get("reason")}

    def live(self):
        outcomes = self.demo.api("GET", "/endpoints/flight-delay")["outcomes"]
        return {"predictions": sum(window["measures"]["rows"] for window in self.windows), "outcomes": outcomes,
                "failed_requests": self.demo.done.get("replay", {}).get("failures", 0)}

    # As text.

    def text(self):
        (self.demo.data / "summary.json").write_text(json.dumps(self.facts, indent=1))
        lines = ["", "Will this flight arrive more than 15 minutes late? New York, 2013, asked two hours before departure."]
        for title, body in [
            ("Data", self.data_lines()), ("Models", self.model_lines()), ("Live by month", self.month_lines()),
            ("Alerts", self.alert_lines()), ("Releases", self.release_lines()), ("In all", self.total_lines()),
            ("Look at", self.pages()),
        ]:
            lines += ["", title] + ["  " + line for line in body]
        return "\n".join(lines) + "\n"

    def data_lines(self):
        for dataset in self.facts["datasets"]:
            line = f"{dataset['name']:<8} {dataset['rows']:>8,} rows in {dataset['partitions']} partitions"
            if dataset["quarantined"]:
                line += f", {dataset['quarantined']} held back"
            if "without_outcome" in dataset:
                line += f"; {dataset['without_outcome']:,} flights without an outcome, kept and counted"
            yield line
        for signal in self.facts["signals"]:
            yield f"chart    {signal['day']}  {cut(signal['words'] or 'out of control', 90)}"

    def model_lines(self):
        yield f"{'version':<8} {'roc_auc':>8} {'pr_auc':>7} {'brier':>7} {'USD/1000':>9} {'gain/1000':>9}   on the days held out"
        for model in self.facts["models"]:
            yield f"{model['version']:<8} {numbers(model['metrics'])}   {', '.join(model['aliases'])}"

    def month_lines(self):
        yield f"{'month':<8} {'roc_auc':>8} {'pr_auc':>7} {'brier':>7} {'USD/1000':>9} {'gain/1000':>9} {'flights':>8} {'late':>5}"
        for month in self.facts["months"]:
            yield f"{month['month']:<8} {numbers(month)} {month['flights']:>8,} {month['late']:>5.0%}"
        yield "USD/1000: value of 1,000 decisions under the charter's assumed costs; gain: over the best rule without a model"

    def alert_lines(self):
        if not self.facts["alerts"]:
            yield "none"
        for alert in self.facts["alerts"]:
            times = f" ({alert['times']} times until {alert['last']})" if alert["times"] > 1 else ""
            yield f"{alert['first']} {alert['severity']:<5} {alert['kind']:<8} {cut(alert['reason'], 140)}{times}"

    def release_lines(self):
        for item in self.facts["deployments"]:
            until = f" on {item['ended']}" if item["ended"] and item["ended"] != item["started"] else ""
            reason = f": {cut(item['reason'], 110)}" if item["reason"] else ""
            yield f"{item['started']} {item['version']:<16} {item['state']}{until}{reason}"

    def total_lines(self):
        windows, live, flow = self.facts["windows"], self.facts["live"], self.facts["flow"]
        yield f"windows  {windows['judged']} judged, {windows['quiet']} quiet, {windows['judged'] - windows['quiet']} with an alert"
        yield f"requests {live['predictions']:,} predictions logged in them, {live['failed_requests']} requests failed"
        if flow["cycle_time"]:
            yield (f"cycle    from new data to live: {days(flow['cycle_time']['median_seconds'])} (median of {flow['cycle_time']['count']}); "
                   f"{flow['deployments']} promotions, {(flow['change_fail_rate'] or 0):.0%} of changes rolled back")
        first, elapsed = self.demo.done.get("first", 0), time.time() - self.demo.started
        yield f"time     first model live after {first:.0f} s; this run took {elapsed:.0f} s"

    def pages(self):
        for page in ["/", f"/data/{PROJECT}/flights", "/pipelines", "/experiments", "/models/flight-delay",
                     "/endpoints/flight-delay", "/alerts", "/audit"]:
            yield self.demo.url + page


def numbers(metrics):
    return (f"{metrics.get('roc_auc', 0):>8.3f} {metrics.get('pr_auc', 0):>7.3f} {metrics.get('brier', 0):>7.4f} "
            f"{metrics.get('value_per_1000', 0):>9,.0f} {metrics.get('gain_per_1000', 0):>9,.0f}")


def cut(text, length):
    return text if len(text) <= length else text[: length - 1] + "…"


def days(seconds):
    return f"{seconds / 86_400:.1f} days" if seconds >= 86_400 else f"{seconds / 3600:.1f} hours"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("martlet")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--data", default=str(HERE / ".martlet"))
    parser.add_argument("--until", default="2014-01-03", help="end the year earlier")
    parser.add_argument("--mistake-at", default="2013-11-16", help="when the colleague's mistake is made")
    Demo(parser.parse_args()).run()
