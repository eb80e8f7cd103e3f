#!/usr/bin/env python3
"""What Martlet costs: start, memory, predictions, tracking. `make bench` runs it on the release binary.

Prints a table, and the same as JSON with --json. With --peer it measures MLflow on the same work in the same run, and
prints ratios. Each rate is the median of several rounds; compare ratios, not machines. Benchmarks/README.md says what
is measured how.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests" / "EndToEnd"))
import martlet  # noqa: E402
import martlet_costs  # noqa: E402
import peer  # noqa: E402
import report  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="how long each round of load lasts")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each load, of which the median counts")
    parser.add_argument("--only", choices=martlet_costs.PARTS, action="append", help="measure only this part of Martlet")
    parser.add_argument("--peer", action="store_true", help="measure MLflow as well")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"note: the load of this machine is {load:.1f} already; the figures will be worse", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="martlet-bench-") as path:
        folder = Path(path)
        own, model = martlet_costs.measure(folder, options.seconds, options.rounds, options.only)
        other = {}
        if options.peer:
            other = peer.measure_server(folder, options.seconds, options.rounds)
            if model:
                other |= peer.measure_scoring(folder, model, options.seconds, options.rounds)
    if options.json:
        print(json.dumps({"martlet": own, "mlflow": other, "load_before": load}, indent=2))
    else:
        print(report.table(own, other))


if __name__ == "__main__":
    main()
