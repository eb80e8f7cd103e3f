"""The flights example, start to end: what `martlet demo` tells people is what happened, also after a kill."""

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

import martlet

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]
UNTIL, MISTAKE_AT = "2013-04-10", "2013-04-06"


class Demo:
    """One run of the example with its own server."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = martlet.free_port()
        self.log = folder.parent / (folder.name + ".log")
        self.process = None

    def start(self) -> "Demo":
        self.process = subprocess.Popen(
            [str(martlet.BINARY), "demo", "--port", str(self.port), "--data", str(self.folder), "--until", UNTIL,
             "--mistake-at", MISTAKE_AT],
            stdin=subprocess.DEVNULL, stdout=open(self.log, "ab"), stderr=subprocess.STDOUT,
            env=martlet.environment(), start_new_session=True)
        return self

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def finish(self) -> dict:
        assert self.process.wait(timeout=900) == 0, self.output
        return json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))

    def clock(self) -> str:
        """The project's own time; empty while there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/projects/flight-delay/clock", timeout=5) as answer:
                return json.load(answer)["now"]
        except OSError:
            return ""

    def kill(self) -> None:
        """Script, replay and server at once, as a power cut would."""
        server = json.loads((self.folder / "server" / "server.json").read_text(encoding="utf-8"))["pid"]
        os.kill(server, signal.SIGKILL)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        martlet.end_processes_of(self.folder / "server")


@pytest.fixture
def new_demo(folder):
    demos = []

    def make(name: str) -> Demo:
        demos.append(Demo(folder / name))
        return demos[-1]

    yield make
    for demo in demos:
        demo.close()


def test_the_demo_is_killed_goes_on_and_tells_what_happened(new_demo):
    demo = new_demo("demo").start()
    martlet.wait_until(lambda: demo.process.poll() is not None or demo.clock() >= "2013-04-03", 600, "3 April")
    assert demo.process.poll() is None, demo.output
    demo.kill()
    undisturbed = new_demo("undisturbed").start()
    story = demo.start().finish()

    flights = story["datasets"][0]
    assert flights["name"] == "flights" and flights["quarantined"] == 0
    assert flights["without_outcome"] > 0
    # The blizzard of 8 and 9 February stands in the charts without anybody having looked for it.
    assert {"2013-02-08", "2013-02-09"} <= {signal["day"] for signal in story["signals"]}
    # The three-day model never became a version; the colleague's did, went live in part, and was taken back.
    assert [item["state"] for item in story["deployments"]] == ["promoted", "rolled_back"]
    assert "air_time" in story["deployments"][1]["reason"]
    good, leaky = story["models"]
    assert leaky["metrics"]["roc_auc"] > good["metrics"]["roc_auc"] + 0.02
    assert good["aliases"] == ["champion"] and leaky["aliases"] == []
    assert any(alert["kind"] == "rollback" for alert in story["alerts"])
    # Every flight asked about before the kill and after it is there, once, and joined with what came of it.
    assert story["live"]["failed_requests"] == 0
    month = story["months"][0]
    assert month["month"] == "2013-04" and month["flights"] > 5000 and month["roc_auc"] > 0.65
    assert story["live"]["predictions"] > month["flights"]
    assert story["flow"]["cycle_time"]["count"] == 1
    assert "Will this flight arrive more than 15 minutes late?" in demo.output
    # The same seed gives the same numbers, whatever happened on the way.
    assert without_run_ids(undisturbed.finish()) == without_run_ids(story)


def without_run_ids(story: dict) -> dict:
    for model in story["models"]:
        assert len(model.pop("run")) == 32
    return story
