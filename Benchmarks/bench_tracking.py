#!/usr/bin/env python3
"""Tracking, measured: Martlet and stock `mlflow server` on the same work in one go, one after the other.

    make bench-tracking                                   about a quarter of an hour
    make bench-tracking BENCH="--only search --no-peer"
    make bench-tracking BENCH="--store postgresql --json"
    make bench-tracking BENCH="--quick"                   little of everything: does it still run?

`wrk` is the client. Rates and medians are those of the median round; processor time is that of all processes of the
server. Stock MLflow answers no request on a kept connection in less than 44 ms, which flatters nobody's wall time but its
own processor: compare both ratios.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
import martlet  # noqa: E402
import tracking_data  # noqa: E402
import tracking_parts  # noqa: E402
import tracking_servers  # noqa: E402
import tracking_table  # noqa: E402
from costs import Load, median  # noqa: E402


def main() -> None:
    options = parsed()
    scale = tracking_parts.Scale.quick() if options.quick else tracking_parts.Scale()
    if options.seconds:
        scale.seconds = options.seconds
    if options.rounds:
        scale.rounds = options.rounds
    parts = options.only or tracking_parts.PARTS
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"note: the load of this machine is {load:.1f} already; the figures will be worse", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as path:
        folder = Path(path)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        own = measure_martlet(folder, scale, parts, options)
        peer = {} if options.no_peer else measure_mlflow(folder, scale, parts)
    if options.json:
        print(json.dumps({"martlet": plain(own), "mlflow": plain(peer), "store": options.store, "load_before": load}, indent=2))
    else:
        print(tracking_table.table(own, peer, options.store))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tracking_parts.PARTS, action="append", help="measure only this part; may be repeated")
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite", help="what Martlet keeps its metadata in")
    parser.add_argument("--no-peer", action="store_true", help="leave MLflow out")
    parser.add_argument("--quick", action="store_true", help="little of everything, to see that it runs")
    parser.add_argument("--seconds", type=float, help="how long each round of load lasts (5)")
    parser.add_argument("--rounds", type=int, help="rounds of each load, of which the median counts (3)")
    parser.add_argument("--million", type=Path, metavar="FOLDER",
                        help="keep the data directory with the million runs here, and use it again if it is there")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def measure_martlet(folder: Path, scale: tracking_parts.Scale, parts: list[str], options: argparse.Namespace) -> dict:
    figures = {}
    if set(parts) - {"million"}:
        with tracking_servers.martlet_server(folder, options.store) as target:
            figures |= tracking_parts.measure(target, folder, scale, parts)
    if "million" in parts and options.store == "sqlite":
        figures |= measure_million(options.million or folder / "million", folder, scale)
    return figures


def measure_million(data: Path, folder: Path, scale: tracking_parts.Scale) -> dict:
    """Searches among a million runs, and the start of a server that finds them there."""
    server, known = martlet.Server(data), data.parent / (data.name + ".json")
    try:
        if not known.exists():
            print(f"note: writing {scale.million:,} runs", file=sys.stderr)
            server.start().stop()
            filled = tracking_data.fill_martlet(data / "martlet.db", scale.million, scale.experiments, points=1)
            known.write_text(json.dumps(filled.experiments))
        filled = tracking_data.Filled(json.loads(known.read_text()), series_run="")
        starts = []
        for _ in range(scale.starts):
            begin = time.perf_counter()
            server.start()
            starts.append((time.perf_counter() - begin) * 1000)
            server.stop()
        server.start()
        target = tracking_servers.Target(server.url, server.process.pid)
        return tracking_parts.million(target, scale, folder, filled) | {"start_million_ms": median(starts)}
    finally:
        server.close()


def measure_mlflow(folder: Path, scale: tracking_parts.Scale, parts: list[str]) -> dict:
    """In longer rounds: some of its answers take seconds."""
    scale = replace(scale, seconds=max(scale.seconds, 10))
    figures = {}
    if set(parts) - {"million"}:
        with tracking_servers.mlflow_server(folder) as target:
            figures |= tracking_parts.measure(target, folder, scale, parts)
        figures["start_million_ms"] = tracking_servers.mlflow_start_ms(folder)
    return figures


def plain(figures: dict) -> dict:
    return {key: asdict(value) if isinstance(value, Load) else value for key, value in figures.items()}


if __name__ == "__main__":
    main()
