#!/usr/bin/env python3
"""Puts the pinned web libraries (charts and live parts of pages) into assets/, each with a gzip beside it."""

import gzip
import hashlib
import sys
import zipfile
from pathlib import Path

from pinned_package import fetch, sha256

TARGET = Path(__file__).resolve().parent.parent / "assets"

ECHARTS = ("instaui-echarts==0.8.0", "instaui_echarts-0.8.0-py3-none-any.whl",
           "a02e161415dacb49764d92f09ca45afc3d71661180bc11ba7ebe9724563120eb")
HTMX = ("django-htmx==1.29.0", "django_htmx-1.29.0-py3-none-any.whl",
        "0ec5be1645ed71e6787bd75e0250624f00274ac3bb1730f07b6629a95688929b")

# file in assets/, package, member, SHA-256 of the member
ASSETS = [
    ("echarts.esm.min.js", ECHARTS, "instaui_echarts/static/echarts.esm.min.js",
     "28515f26aa57f87eb1e4ed4eb446927eaf329b5f5e02b4bfd4b0264fea40d1da"),
    ("htmx-2.min.js", HTMX, "django_htmx/static/django_htmx/htmx-2.min.js",
     "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"),
    ("hx-sse-2.min.js", HTMX, "django_htmx/static/django_htmx/ext/hx-sse-2.min.js",
     "98a46496de0c3605fbffdce9167ba427bdd9553184f83f149c261891a92c0136"),
]


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    for name, package, member, digest in ASSETS:
        path = TARGET / name
        if path.exists() and sha256(path) == digest and path.with_name(name + ".gz").exists():
            continue
        with zipfile.ZipFile(fetch(*package)) as wheel:
            content = wheel.read(member)
        if hashlib.sha256(content).hexdigest() != digest:
            sys.exit(f"error: {member} is not the pinned file\nfix:   see scripts/fetch-assets.py")
        path.write_bytes(content)
        path.with_name(name + ".gz").write_bytes(gzip.compress(content, 9, mtime=0))
        print(f"assets/{name}", file=sys.stderr)


main()
