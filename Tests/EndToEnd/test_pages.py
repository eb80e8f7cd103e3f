"""Every kind of page in a real browser, on a server where something of everything happened."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest
import requests

from airline import DAMAGED, PROJECT, Airline
from browser import Tab, opened

DATASET = f"/data/{PROJECT}/flights"
ENDPOINT = f"/endpoints/{PROJECT}"
BUDGET = 500_000


@dataclass
class Page:
    """Where a page is, its heading, and what it must show: texts, or what the API says."""

    path: str | Callable[[Airline], str]
    heading: str | Callable[[Airline], str]
    shows: Callable[[Airline], list[str]]
    status: int = 200

    def at(self, airline: Airline) -> str:
        return self.path if isinstance(self.path, str) else self.path(airline)

    def headed(self, airline: Airline) -> str:
        return self.heading if isinstance(self.heading, str) else self.heading(airline)


def grouped(number: int) -> str:
    return f"{number:,}"


def measured(airline: Airline, version: int, metric: str) -> str:
    """A version's metric as the pages write it: four decimals, no zeros at the end."""
    return f"{airline.get(f'/models/{PROJECT}/versions/{version}')['metrics'][metric]:.4f}".rstrip("0")


def rows_of(airline: Airline, dataset: str) -> str:
    return grouped(airline.get(f"/projects/{PROJECT}/datasets/{dataset}")["rows"])


def judged_windows(airline: Airline) -> list[dict]:
    return [window for window in airline.items(f"/endpoints/{PROJECT}/windows") if window["measures"].get("quality")]


PAGES = {
    "home": Page("/", "Home", lambda a: [
        "Needs you", "held back", f"flights {DAMAGED[0]}", "Live", f"{PROJECT}@1", "per 1,000 decisions", "ROC AUC", "20 % of the traffic",
        "Pipeline runs", f"{PROJECT} #3", "failed", "Fewer missed connections", "Latest changes", "run.created", "psi(prediction)"]),
    "data": Page("/data", "Data", lambda a: [
        "flights", rows_of(a, "flights"), "2 held back", "weather", rows_of(a, "weather"), "planes", "3,322", "data-team@example.com",
        "Feature views", "airport_weather", "origin_delays", "3h", "online"]),
    "dataset": Page(DATASET, "flights", lambda a: [
        "2 partitions held back", f"Held back: {DAMAGED[0]}", "mean(distance)", "In control?", "individuals chart",
        "points are out of control", "public domain", "no-loops", "flight_id", "flights-history.csv",
        "SHA-256", "origin_delays", "pushed since"]),
    "dataset of one file": Page(f"/data/{PROJECT}/planes", "planes", lambda a: ["3,322 rows", "planes.csv", "No control charts", "plane"]),
    "profile": Page(DATASET + "/profile", "Profile of flights", lambda a: [rows_of(a, "flights"), "distance", "Outliers", "Missing"]),
    "first rows": Page(DATASET + "/preview", "First rows of flights", lambda a: ["flight_id", "2013-01-0"]),
    "partition": Page(f"{DATASET}/partitions/{DAMAGED[0]}", DAMAGED[0], lambda a: ["held back", "mean(distance)", f"{DAMAGED[0]}.csv"]),
    "pipelines": Page("/pipelines", "Pipelines", lambda a: ["3 runs", f"{PROJECT} #1", "succeeded", "failed", "manual", "2013-04-01 00:00"]),
    "pipeline run": Page(lambda a: "/pipelines/" + a.ids["pipeline"], f"{PROJECT} #1", lambda a: [
        "succeeded", "training_set", "gate.quality", "train_days", "90", f"{PROJECT}@1", "Log of train", "SHA-256"]),
    "failed pipeline run": Page(lambda a: "/pipelines/" + a.ids["failed pipeline"], f"{PROJECT} #3", lambda a: [
        "failed", "arrived_lat", "Why:", "skipped"]),
    "experiments": Page("/experiments", "Experiments", lambda a: ["notebook", PROJECT]),
    "runs": Page(lambda a: "/experiments/" + a.ids["notebook"], "notebook", lambda a: [
        "3 runs", "learning-rate-0.03", "loss", "0.72", "running"]),
    "runs that differ": Page(lambda a: f"/experiments/{a.ids['notebook']}?differs=1&order=metrics.roc_auc+DESC", "notebook", lambda a: [
        "learning_rate", "0.03", "Show all columns"]),
    "comparison": Page(lambda a: "/compare?run=" + "&run=".join(a.ids[f"notebook run {number}"] for number in range(3)), "Compared", lambda a: [
        "3 runs", "learning-rate-0.3", "learning-rate-0.1", "learning-rate-0.03", "lightgbm", "Only what differs",
        "learning-rate-0.3: 120 points from 0.4025 to 0.7, last 0.4025", "0.4033"]),
    "comparison of nothing": Page("/compare?run=", "That did not work", lambda a: ["at least two runs", "choose two to 100"], status=400),
    "two runs": Page(lambda a: f"/compare?run={a.ids['notebook run 0']}&run={a.ids['notebook run 1']}&log=1", "Compared", lambda a: [
        "numpy==2.0", "numpy==2.1", "How their numbers hang together", "roc_auc over learning_rate", "Code"]),
    "groups of runs": Page(lambda a: f"/experiments/{a.ids['notebook']}?group=params.engine&columns=metrics.roc_auc", "notebook", lambda a: [
        "lightgbm", "0.72 ± 0.02", "0.7 to 0.74"]),
    "runs that cannot be read": Page(lambda a: f"/experiments/{a.ids['notebook']}?filter=metrics.roc_auc+>>+1&group=x", "notebook", lambda a: [
        "the view cannot be read", "Expected numeric value type for metric"]),
    "artifacts": Page(lambda a: f"/runs/{a.ids['notebook run 1']}/artifacts", "Artifacts of learning-rate-0.1", lambda a: ["notes.md", "plots/curve.svg"]),
    "a note": Page(lambda a: f"/runs/{a.ids['notebook run 1']}/artifacts?path=notes.md", "notes.md", lambda a: ["A slower start is worth it", "Download", "SHA-256"]),
    "a table": Page(lambda a: f"/runs/{a.ids['notebook run 1']}/artifacts?path=late.csv", "late.csv", lambda a: ["carrier", "B6", "0.21"]),
    "a picture": Page(lambda a: f"/runs/{a.ids['notebook run 1']}/artifacts?path=plots/curve.svg", "plots/curve.svg", lambda a: ["SHA-256"]),
    "a report": Page(lambda a: f"/runs/{a.ids['notebook run 1']}/artifacts?path=report.html", "report.html", lambda a: ["Scripts and everything from other addresses"]),
    "a JSON file": Page(lambda a: f"/runs/{a.ids['notebook run 1']}/artifacts?path=params.json", "params.json", lambda a: ['"depth": 6', '"nested"']),
    "logged model": Page(lambda a: f"/logged-models/{a.ids['logged model']}", "booster", lambda a: ["MLmodel", "being uploaded", "notebook"]),
    "versions compared": Page(f"/compare-versions?name={PROJECT}&version=1&version=2", f"{PROJECT} compared", lambda a: [
        "version 1 → version 2", measured(a, 1, "roc_auc"), measured(a, 2, "roc_auc"), "45", "Signature"]),
    "models found": Page("/models?filter=name+ILIKE+'%25FLIGHT%25'", "Models", lambda a: ["1 model", PROJECT]),
    "runs of a search": Page(lambda a: "/experiments/" + a.ids["experiment"], PROJECT, lambda a: ["roc_auc", "pr_auc"]),
    "run": Page(lambda a: "/runs/" + a.ids["notebook run 0"], "learning-rate-0.3", lambda a: [
        "finished", "took 2 min 0 s", "learning_rate", "0.3", "loss: 120 points from 0.4025 to 0.7", "Is a slower start worth it?"]),
    "run under way": Page(lambda a: "/runs/" + a.ids["notebook run 2"], "learning-rate-0.03", lambda a: ["running", "under way"]),
    "run of a pipeline": Page(lambda a: "/runs/" + a.ids["search run"], lambda a: a.get("/runs/" + a.ids["search run"])["name"], lambda a: [
        f"{PROJECT}@2", "model.txt", "Pipeline run"]),
    "models": Page("/models", "Models", lambda a: [PROJECT, "champion → 1", "1 model"]),
    "model": Page(f"/models/{PROJECT}", PROJECT, lambda a: [
        "2 versions", "version 1", "version 2", measured(a, 1, "roc_auc"), measured(a, 2, "roc_auc"), "ROC AUC by version"]),
    "model version": Page(f"/models/{PROJECT}/2", f"{PROJECT} version 2", lambda a: [
        "How good is it?", measured(a, 2, "pr_auc"), f"champion ({PROJECT}@1)", "baseline: constant", "What let it through", "champion.pr_auc - 0.5 at 95%",
        "passed", "Where it went", "rolled back", "complaints from the desk", "Where it came from", f"Lineage of {PROJECT}@2",
        "flights-history.csv", "Calibration", "What it looks at", "By carrier", "By origin", "Signature", "model.txt", "learning_rate"]),
    "endpoints": Page("/endpoints", "Endpoints", lambda a: [PROJECT, f"{PROJECT}@1", f"{PROJECT}@2", "20 % of the traffic"]),
    "endpoint": Page(ENDPOINT, PROJECT, lambda a: [
        "rolling out", "champion", "80.0 %", "challenger", "20.0 %", "Quality", "Rows with outcome", "Windows", "Latency, median",
        "ROC AUC", "Brier score", "Drift in the window", "What was live when", "rolled back", "complaints from the desk", "promoted",
        grouped(judged_windows(a)[0]["measures"]["quality"]["labelled"]), "psi(prediction)"]),
    "alerts": Page("/alerts", "Alerts", lambda a: ["open", "operations@example.com", f"partition {DAMAGED[0]}", "is quarantined", "Acknowledge"]),
    "all alerts": Page("/alerts?all=1", "Alerts", lambda a: ["seen or resolved"]),
    "audit": Page("/audit", "Audit", lambda a: ["deployment.rolled_back", "complaints from the desk", "dataset.partition.quarantined"]),
    "audit verified": Page("/audit?verify=1&action=deployment.*", "Audit", lambda a: ["Intact:", "deployment.started"]),
    "search": Page("/search?q=flight", "Search", lambda a: ["endpoint", "model", "experiment", "dataset"]),
    "nothing found": Page("/search?q=zeppelin", "Search", lambda a: ["Nothing has “zeppelin” in its name"]),
    "not there": Page("/models/zeppelin", "Not here", lambda a: ["zeppelin", "What to do", "Look for it"], status=404),
    "no such page": Page("/zeppelin", "Not here", lambda a: ["Look for it"], status=404),
}

@dataclass
class Visit:
    """One of the pages, loaded with its script and without."""

    page: Page
    tab: Tab
    plain: Tab


@pytest.fixture(scope="module", params=PAGES)
def visit(request, airline, browser):
    page = PAGES[request.param]
    with opened(browser, airline.server.url, page.at(airline)) as tab:
        with opened(browser, airline.server.url, page.at(airline), script=False) as plain:
            yield Visit(page, tab, plain)


def check_content(tab: Tab, airline: Airline, page: Page):
    assert tab.status == page.status
    heading = page.headed(airline)
    assert [text.strip() for text in tab.page.locator("h1").all_text_contents()] == [heading]
    text = tab.text()
    missing = [words for words in page.shows(airline) if words not in text]
    assert not missing, f"{missing} not in: {text[:3000]}"
    for trace in ["{{", "}}", "Optional(", "nil", "[object", "undefined", "NaN"]:
        assert not re.search(rf"(?<!\w){re.escape(trace)}(?!\w)", text), trace


def test_a_page_shows_what_there_is_without_complaints_and_within_its_budget(airline, visit):
    page, tab = visit.page, visit.tab
    assert 5_000 < tab.encoded <= BUDGET
    check_content(tab, airline, page)
    assert tab.page.title().endswith(" · Martlet")
    assert tab.stopped_by_policy == []
    expected = "\n" if page.status == 200 else f"the server responded with a status of {page.status}"
    assert [words for words in tab.complaints if expected not in words] == []


def test_a_page_can_be_read_without_javascript(airline, visit):
    check_content(visit.plain, airline, visit.page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit, scheme):
    visit.tab.page.emulate_media(color_scheme=scheme)
    assert visit.tab.axe() == []


def test_a_narrow_page_does_not_scroll_sideways(visit):
    with visit.tab.narrow():
        assert visit.tab.wider_than_the_window() == []
        assert visit.tab.axe() == []


def test_everything_is_reached_by_the_tab_key_and_seen(airline, visit):
    visit.tab.open(visit.page.at(airline))
    assert visit.tab.unreachable_by_tab() == []


def test_every_chart_says_what_it_shows_and_has_its_numbers_as_a_table(visit):
    for picture in visit.plain.page.locator("svg.chart").all():
        assert picture.get_attribute("role") == "img"
        assert len(picture.get_attribute("aria-label")) > 20
    for figure in visit.plain.page.locator("figure").all():
        title = figure.locator("h3").text_content()
        assert figure.locator("> p").text_content().strip(), title
        assert figure.locator("table tbody tr").count() > 0, f"'{title}' has no table"


def test_every_link_leads_somewhere(visit, checked):
    page = visit.plain.page
    links = {link.split("#")[0] for link in page.eval_on_selector_all("a[href]", "all => all.map((a) => new URL(a.getAttribute('href'), location.href).href)")}
    inner = {link for link in links if link.startswith(visit.plain.url)}
    assert len(inner) > 8
    for link in sorted(inner - checked):
        answer = requests.get(link, headers={"Accept": "text/html"}, timeout=30)
        assert answer.status_code == 200 or visit.page.status != 200, link
        checked.add(link)
    anchors = page.eval_on_selector_all("a[href^='#']", "all => all.map((a) => a.getAttribute('href').slice(1))")
    assert [anchor for anchor in anchors if page.locator(f"[id='{anchor}']").count() != 1] == []


@pytest.fixture(scope="module")
def checked() -> set[str]:
    """Links that were followed already."""
    return set()


def test_the_watchers_see_what_is_wrong(airline, open_page):
    """Without this, a watcher that sees nothing would pass everything above."""
    tab = open_page("/", width=390)
    assert tab.wider_than_the_window() == []
    tab.page.evaluate("""() => {
      const main = document.querySelector("main");
      main.innerHTML += '<img src="/static/martlet.svg"><button></button><div id="wide" tabindex="-1">x</div>';
      document.querySelector("#wide").style.width = "2000px";
      document.querySelector(".brand").tabIndex = -1;
      main.setAttribute("style", "color: red");
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      main.append(script);
    }""")
    rules = {finding.split(":")[0] for finding in tab.axe()}
    assert {"image-alt", "button-name"} <= rules
    assert any("wide" in element for element in tab.wider_than_the_window())
    assert any("brand" in finding for finding in tab.unreachable_by_tab())
    assert any(words.startswith("script-src") for words in tab.stopped_by_policy)
    assert tab.complaints
    assert tab.page.evaluate("window.ran") is None


@pytest.mark.skipif("MARTLET_SCREENSHOTS" not in os.environ, reason="MARTLET_SCREENSHOTS names no folder for pictures")
def test_pictures_for_people_to_look_at(airline, browser):
    folder = Path(os.environ["MARTLET_SCREENSHOTS"])
    for name, page in PAGES.items():
        with opened(browser, airline.server.url, page.at(airline)) as tab:
            for scheme, width in [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]:
                tab.page.emulate_media(color_scheme=scheme)
                tab.page.set_viewport_size({"width": width, "height": 900})
                tab.page.screenshot(path=folder / f"{name.replace(' ', '-')}-{scheme}-{width}.png", full_page=True)
