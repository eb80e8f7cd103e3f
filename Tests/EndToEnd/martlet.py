"""Drives the real binary: starts servers, runs commands, and leaves nothing behind."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("MARTLET", ROOT / ".build" / "debug" / "martlet"))


def environment(**extra) -> dict[str, str]:
    """The test's own environment, without the user's settings."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("MARTLET", "MLFLOW")) or key == "MARTLET_ENGINES"}
    return kept | {"NO_COLOR": "1"} | {key: str(value) for key, value in extra.items()}


_given = set()


def free_port() -> int:
    """A port that nothing else takes before its server does, nor between two starts of it: below those that the system
    gives to clients, and never the same one twice."""
    while True:
        port = random.choice([port for port in range(15_000, 32_000) if port not in _given])
        _given.add(port)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_until(condition, seconds: float = 10, what: str = "the condition"):
    """Polls until `condition()` is truthy and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        time.sleep(0.005)


def command(*arguments, stdin=None, cwd=None, timeout=120, **env) -> subprocess.CompletedProcess:
    """Runs the command line and returns what it printed."""
    return subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True, input=stdin, cwd=cwd,
                          timeout=timeout, env=environment(**env))


def processes_of(data: Path, *verbs: str) -> list[int]:
    """Processes of the binary that work on a data directory: `up`, `serve`."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(verb.encode() in words for verb in verbs) and os.fsencode(data) in words:
            found.append(int(folder.name))
    return found


def end_processes_of(data: Path) -> None:
    for pid in processes_of(data, "up", "serve"):
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            pass


class Server:
    """One `martlet up` over a data directory, started and killed as often as a test likes."""

    def __init__(self, data: Path, *arguments, **env):
        self.data = data
        self.arguments = list(arguments)
        self.env = env
        self.process: subprocess.Popen | None = None
        self.port = free_port()
        self.log = data.parent / (data.name + ".log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, wait: bool = True) -> "Server":
        arguments = [str(BINARY), "up", "--port", str(self.port), "--data", str(self.data)]
        if "--scoring-port" not in self.arguments:
            arguments += ["--scoring-port", str(free_port())]
        self.process = subprocess.Popen(
            arguments + self.arguments, stdout=subprocess.DEVNULL, stderr=open(self.log, "ab"),
            env=environment(**self.env), start_new_session=True)
        if wait:
            self.wait_until_up()
        return self

    def wait_until_up(self, seconds: float = 20) -> float:
        """Seconds from now until the server answers /health."""
        begin = time.monotonic()
        while not self.answers():
            assert self.process.poll() is None, f"the server ended:\n{self.output}"
            assert time.monotonic() - begin < seconds, f"the server is not up after {seconds} s:\n{self.output}"
            time.sleep(0.002)
        return time.monotonic() - begin

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n\r\n".encode())
                return connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def stop(self) -> int:
        """Asks the server to stop and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
        end_processes_of(self.data)

    def scoring_processes(self) -> list[int]:
        """The processes that score for this data directory; they outlive the server on purpose."""
        return processes_of(self.data, "serve")

    def cli(self, *arguments, **options) -> subprocess.CompletedProcess:
        return command(*arguments, "--server", self.url, "--data", self.data, **options)

    def json(self, *arguments, **options):
        """What a command prints under `-o json`; it must succeed."""
        result = self.cli(*arguments, "-o", "json", **options)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)


class Postgres:
    """A throwaway PostgreSQL server on loopback; with `fsync` on, what it acknowledges is on the disk."""

    def __init__(self, folder: Path, fsync: str = "off"):
        self.folder = folder
        self.fsync = fsync
        self.port = free_port()
        self.process = None

    @staticmethod
    def binaries() -> Path | None:
        found = shutil.which("initdb")
        if found:
            folder = Path(found).resolve().parent
            if (folder / "postgres").exists():
                return folder
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        return folders[-1] if folders else None

    @property
    def url(self) -> str:
        return f"postgresql://martlet@127.0.0.1:{self.port}/postgres"

    def _user(self) -> list[str]:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []

    def start(self) -> "Postgres":
        binaries = self.binaries()
        if not (self.folder / "PG_VERSION").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:
                shutil.chown(self.folder, "postgres", "postgres")
            subprocess.run([*self._user(), str(binaries / "initdb"), "-D", str(self.folder), "-A", "trust", "-U", "martlet",
                            "--no-sync", "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd="/")
        self.process = subprocess.Popen(
            [*self._user(), str(binaries / "postgres"), "-D", str(self.folder), "-k", str(self.folder), "-h", "127.0.0.1",
             "-p", str(self.port), "-c", f"fsync={self.fsync}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        wait_until(self._accepts, 20, "PostgreSQL answers")
        return self

    def _accepts(self) -> bool:
        ready = self.binaries() / "pg_isready"
        return subprocess.run([str(ready), "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=20)


class MariaDB:
    """A throwaway MariaDB server on loopback, which speaks MySQL's protocol; its user `mlflow` has a password."""

    password = "p@ss/word"

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = free_port()
        self.process = None

    @staticmethod
    def binary() -> str | None:
        return shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")

    def url(self, driver: str = "") -> str:
        return f"mysql{driver}://mlflow:{quote(self.password, safe='')}@127.0.0.1:{self.port}/mlflow"

    def start(self) -> "MariaDB":
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        self.folder.mkdir(parents=True)
        if user:
            shutil.chown(self.folder, "mysql", "mysql")
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.folder}", "--auth-root-authentication-method=normal",
                        "--skip-test-db", *user], check=True, capture_output=True)
        script = self.folder / "begin.sql"
        script.write_text(f"CREATE DATABASE mlflow CHARACTER SET utf8mb4;\nCREATE USER mlflow@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
                          "GRANT ALL ON mlflow.* TO mlflow@'127.0.0.1';\n")
        script.chmod(0o644)
        self.process = subprocess.Popen(
            [self.binary(), "--no-defaults", f"--datadir={self.folder}", f"--port={self.port}", "--bind-address=127.0.0.1",
             f"--socket={self.folder}/socket", f"--init-file={script}", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve", *user],
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "log", "ab"), cwd="/")
        wait_until(self._accepts, 30, "MariaDB answers")
        return self

    def _accepts(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text(errors="replace")
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                return len(connection.recv(64)) > 0
        except OSError:
            return False

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
