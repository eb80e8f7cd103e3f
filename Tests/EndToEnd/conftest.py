import os
import subprocess
import tempfile
from pathlib import Path

import pytest

import martlet
from airline import Airline
from browser import Tab, launch


@pytest.fixture
def folder():
    """A folder of the test's own that other users may pass through (PostgreSQL runs as one of them)."""
    with tempfile.TemporaryDirectory(prefix="martlet-e2e-", ignore_cleanup_errors=True) as path:
        Path(path).chmod(0o755)
        yield Path(path)


@pytest.fixture
def new_server(folder):
    """Makes servers over a fresh data directory; they are stopped when the test ends."""
    servers = []

    def make(*arguments, data=None, start=True, **env):
        server = martlet.Server(data or folder / "data", *arguments, **env)
        servers.append(server)
        return server.start() if start else server

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def server(new_server):
    return new_server()


@pytest.fixture(scope="module")
def shared_server():
    """One server for all tests of a file that do not disturb each other."""
    with tempfile.TemporaryDirectory(prefix="martlet-e2e-", ignore_cleanup_errors=True) as path:
        server = martlet.Server(Path(path) / "data").start()
        yield server
        server.close()


@pytest.fixture
def postgres(folder):
    if martlet.Postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    server = martlet.Postgres(folder / "postgres").start()
    yield server
    server.stop()


@pytest.fixture
def mariadb(folder):
    if martlet.MariaDB.binary() is None:
        pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
    server = martlet.MariaDB(folder / "mariadb").start()
    yield server
    server.stop()


@pytest.fixture
def small_disk(folder):
    """A disk of 24 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)])


@pytest.fixture(scope="session")
def airline(tmp_path_factory):
    """One server for all tests of pages, with something of everything on it."""
    folder = tmp_path_factory.mktemp("airline")
    (folder / "project").mkdir()
    server = martlet.Server(folder / "data").start()
    try:
        yield Airline(server, folder / "project").furnish()
    finally:
        server.close()


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = launch(driver)
        yield browser
        browser.close()


@pytest.fixture
def open_page(airline, browser):
    tabs = []

    def open_(path: str, **options) -> Tab:
        tab = Tab(browser, airline.server.url, **options)
        tabs.append(tab)
        tab.status = tab.open(path)
        return tab

    yield open_
    for tab in tabs:
        tab.close()
