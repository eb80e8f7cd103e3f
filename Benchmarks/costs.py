"""What processes cost and what servers bear: `/proc` and `wrk`, read into numbers."""

import os
import re
import shutil
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def process_tree(pid: int) -> list[int]:
    """The process and all that it started, whether directly or not."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for known in found:
        found += children.get(known, [])
    return found


def memory(pids: list[int]) -> dict[str, float]:
    """Megabytes: `rss` counts what processes share once for each, `pss` once in all."""
    total = {"rss": 0.0, "pss": 0.0}
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.lower() in total:
                total[name.lower()] += int(value.split()[0]) / 1024
    return total


def reset_peak_memory(pids: list[int]) -> None:
    """From here on `peak_memory` is the most that was resident since."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_memory(pids: list[int]) -> float:
    """Megabytes: what was resident at most, process by process."""
    total = 0
    for pid in pids:
        status = Path(f"/proc/{pid}/status").read_text()
        total += int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1])
    return total / 1024


def cpu_seconds(pids: list[int]) -> float:
    """Time on a processor so far, in user and system mode; a process that has ended counts for nothing."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


@dataclass
class Load:
    """What `wrk` saw, and what the server's processes used meanwhile."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    requests: int


UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def wrk(url: str, pids: list[int], script: str, *arguments, connections: int, seconds: float) -> Load:
    """Loads `url` as the Lua script says. A request that fails ends the benchmark: it would measure something else."""
    if not shutil.which("wrk"):
        raise SystemExit("error: wrk is not installed\nfix:   apt-get install wrk")
    before = cpu_seconds(pids)
    result = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "--timeout", "30s", "-s",
         str(HERE / "wrk" / script), url, "--", *map(str, arguments)], capture_output=True, text=True, check=True)
    used = cpu_seconds(pids) - before
    text = result.stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"error: requests to {url} failed\n{text}")
    count = int(re.search(r"(\d+) requests in", text)[1])
    if count == 0:
        raise SystemExit(f"error: {url} answered nothing in {seconds:g} s")

    def percentile(share: int) -> float:
        number, unit = re.search(rf"^\s+{share}%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE).groups()
        return float(number) * UNITS_MS[unit]

    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return Load(rate, percentile(50), percentile(99), used / count * 1e6, count)


def median_load(rounds: int, measure) -> Load:
    """The round with the median rate, whole: its figures belong together."""
    loads = sorted((measure() for _ in range(rounds)), key=lambda load: load.per_second)
    return loads[len(loads) // 2]


def median(values) -> float:
    return statistics.median(values)
