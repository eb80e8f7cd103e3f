#!/usr/bin/env python3
"""Adds up what both test runners say: count-tests.py SWIFT_LOG JUNIT_XML prints "N passed, N failed, N skipped"."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def swift(path: Path) -> tuple[int, int, int]:
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    failed = len(re.findall(r"^[✘] Test (?!run).* failed after", text, re.M))
    skipped = len(re.findall(r"^[➜] Test (?!run).* skipped", text, re.M))
    passed = len(re.findall(r"^[✔] Test (?!run).* passed after", text, re.M))
    if not re.search(r"Test run with \d+ tests? .*passed", text):
        failed = max(failed, 1)
    return passed, failed, skipped


def junit(path: Path) -> tuple[int, int, int]:
    if not path.exists():
        return 0, 1, 0
    totals = [0, 0, 0]
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
        bad = count["failures"] + count["errors"]
        totals = [totals[0] + count["tests"] - bad - count["skipped"], totals[1] + bad, totals[2] + count["skipped"]]
    return totals[0], totals[1], totals[2]


both = [sum(pair) for pair in zip(swift(Path(sys.argv[1])), junit(Path(sys.argv[2])))]
print(f"{both[0]} passed, {both[1]} failed, {both[2]} skipped")
