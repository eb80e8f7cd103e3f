"""Drives `martlet serve` on a data directory of its own, with a small model and no control plane."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import martlet

FEATURES = [f"f{i}" for i in range(12)]


class ScoringProcess:
    """One `martlet serve`, started and killed as often as a test likes."""

    def __init__(self, data: Path, trees: int = 20):
        self.data = data
        self.port = martlet.free_port()
        self.process: subprocess.Popen | None = None
        self.log = data.parent / (data.name + ".log")
        subprocess.run([sys.executable, martlet.ROOT / "Benchmarks" / "serving_model.py", data, str(trees)], check=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return (self.data / "scoring.token").read_text()

    def start(self) -> "ScoringProcess":
        self.process = subprocess.Popen(
            [str(martlet.BINARY), "serve", "--data", str(self.data), "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=open(self.log, "ab"), env=martlet.environment())
        martlet.wait_until(self.answers, what="GET /ping")
        return self

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return urllib.request.urlopen(self.url + "/ping", timeout=1).status == 200
        except OSError:
            return False

    def row(self, number: int, **changes) -> dict:
        return {"id": f"r{number}"} | {name: number / 7 for name in FEATURES} | changes

    def admin(self, method: str, path: str, body=None) -> dict:
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def logged(self) -> list[dict]:
        """All records of the prediction log, sealed first."""
        records = []
        for segment in self.admin("POST", "/admin/seal")["segments"]:
            data = (self.data / "scoring" / "log" / segment["name"]).read_bytes()
            while data:
                length = int.from_bytes(data[:4], "little")
                records.append(json.loads(data[8:8 + length]))
                data = data[8 + length:]
        return records

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
