#!/usr/bin/env python3
"""Checks the house's rules that no compiler checks: arrows between modules, file sizes, forbidden shortcuts.

Prints FILE:LINE: MESSAGE for each breach and exits with 1 when there is one. ARCHITECTURE.md draws the arrows.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

GROUND = {"MartletModels", "MartletLedger", "MartletJobs", "MartletEngines", "MartletStore", "MartletArtifacts",
          "MartletStatistics"}
DOMAIN = {"MartletData", "MartletFeatures", "MartletPipelines", "MartletTracking", "MartletTuning", "MartletRegistry",
          "MartletServing", "MartletMonitoring", "MartletGovernance", "MartletGoals", "MartletAccess"}
# Within a layer, only these neighbours may be named.
SIDEWAYS = {
    "MartletFeatures": {"MartletData"},
    "MartletTuning": {"MartletTracking"},
    "MartletServing": {"MartletRegistry"},
    "MartletMonitoring": {"MartletServing", "MartletRegistry"},
    "MartletModels": {"MartletStatistics"},
    "MartletLedger": {"MartletStore"},
    "MartletJobs": {"CMartletProcess"},
    "MartletEngines": {"CMartletEngines"},
}
ARROWS: dict[str, set[str]] = {"MartletCore": set(), "MartletTesting": {"MartletCore"} | GROUND}
ARROWS |= {module: {"MartletCore"} | SIDEWAYS.get(module, set()) for module in GROUND}
ARROWS |= {module: {"MartletCore"} | GROUND | SIDEWAYS.get(module, set()) for module in DOMAIN}
ARROWS["MartletReplay"] = {"MartletCore"}
ARROWS["MartletExchange"] = {"MartletCore", "MartletStore", "MartletTracking", "MartletRegistry"}
ARROWS["MartletLifecycle"] = {"MartletCore"} | GROUND | DOMAIN
ARROWS["MartletMLflow"] = {"MartletCore", "MartletTracking", "MartletRegistry", "MartletAccess", "MartletArtifacts"}
ARROWS["MartletWeb"] = {"MartletCore", "MartletLifecycle"} | GROUND | DOMAIN
ARROWS["MartletServer"] = {"MartletCore", "MartletLifecycle", "MartletMLflow", "MartletWeb"} | GROUND | DOMAIN
ARROWS["martlet"] = {"MartletCore", "MartletLifecycle", "MartletServer", "MartletReplay", "MartletExchange"} | GROUND | DOMAIN

IMPORT = re.compile(r"^\s*(?:@\w+\s+)*(?:public |package |internal |fileprivate |private )?import (?:\w+ )?(\w+)")
OURS = re.compile(r"^(Martlet\w+|CMartlet\w+)$")
FORBIDDEN = [
    (re.compile(r"\btry!"), "'try!' crashes the server; throw a MartletError"),
    (re.compile(r"\bas!"), "a forced cast crashes the server; use 'as?'"),
    (re.compile(r"\b(fatalError|preconditionFailure)\("), "crashes the server; throw a MartletError"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "finish it, or open an issue"),
    (re.compile(r"(/home/\w+/|/root/)"), "a path of one machine"),
]
LONGEST_FILE = 400
VAGUE_NAMES = re.compile(r"(Utils?|Helpers?|Manager|Misc|Common)\.swift$")


def breaches():
    for path in sorted((ROOT / "Sources").rglob("*.swift")):
        module = path.relative_to(ROOT / "Sources").parts[0]
        yield from source_breaches(path, module)
    for path in sorted((ROOT / "Tests").rglob("*.swift")):
        yield from text_breaches(path, allow_crashes=True)


def source_breaches(path, module):
    if VAGUE_NAMES.search(path.name):
        yield path, 1, f"'{path.name}' does not say what it holds"
    allowed = ARROWS.get(module)
    if allowed is None:
        yield path, 1, f"the module {module} is not in ARCHITECTURE.md's drawing (scripts/check-house.py)"
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = IMPORT.match(line)
        if match and OURS.match(match[1]) and match[1] not in allowed:
            yield path, number, f"{module} must not import {match[1]}: the arrows in ARCHITECTURE.md point down"
    yield from text_breaches(path, allow_crashes=False)


def text_breaches(path, allow_crashes):
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > LONGEST_FILE:
        yield path, LONGEST_FILE, f"{len(lines)} lines: look for the second idea in this file"
    for number, line in enumerate(lines, 1):
        for pattern, advice in FORBIDDEN[2 if allow_crashes else 0:]:
            match = pattern.search(line)
            if match and not line.lstrip().startswith("//"):
                yield path, number, f"'{match[0]}': {advice}"


found = list(breaches())
for path, number, message in found:
    print(f"{path.relative_to(ROOT)}:{number}: {message}")
sys.exit(1 if found else 0)
