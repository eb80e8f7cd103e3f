"""What changes on a page while one looks, and what one can do there: by keyboard, without JavaScript, safely."""

import pytest
import martlet
import requests
from airline import DAMAGED, PROJECT, Airline
from browser import opened

DATASET = f"/data/{PROJECT}/flights"
ENDPOINT = f"/endpoints/{PROJECT}"


def test_a_run_is_watched_live_and_its_log_grows_also_under_the_keyboard(airline, open_page):
    run = airline.start_search()
    tab = open_page(f"/pipelines/{run}")
    page = tab.page
    page.evaluate("window.neverReloaded = true")
    log = page.locator("#step-train pre")
    page.locator("#step-train h2 .badge", has_text="running").wait_for(timeout=60_000)
    assert page.locator(".graph a.live").get_attribute("aria-label") == "train, train · running"
    assert "1 under way" in open_page("/pipelines").text()
    assert "running" in open_page("/").page.locator("#runs").locator("..").text_content()
    log.wait_for()
    log.focus()
    for _ in range(2):
        before = log.text_content()
        martlet.wait_until(lambda: len(log.text_content()) > len(before), 60, "more lines of the log")
        assert log.text_content().startswith(before)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Log of train"
    page.locator("#step-train summary").press("Enter")
    assert not log.is_visible()
    airline.cancel(run)
    page.locator("#head h1 + .badge", has_text="cancelled").wait_for()
    assert not log.is_visible(), "what was closed stays closed"
    assert page.evaluate("window.neverReloaded") is True
    assert tab.complaints == []


def test_a_run_under_way_shows_new_metrics_by_itself(airline, open_page):
    run = airline.ids["notebook run 2"]
    page = open_page(f"/runs/{run}").page
    assert page.locator("#metrics", has_text="late_share").count() == 0
    airline.mlflow("runs/log-metric", {"run_id": run, "key": "late_share", "value": 0.125, "timestamp": 1_364_774_600_000})
    page.locator("#metrics", has_text="late_share").wait_for()
    assert "0.125" in page.locator("#metrics").text_content()
    airline.mlflow("runs/log-metric", {"run_id": run, "key": "loss", "value": 7.5, "timestamp": 1_364_774_601_000, "step": 120})
    page.locator("#chart-loss > p", has_text="121 points").wait_for()
    airline.mlflow("runs/log-metric", {"run_id": run, "key": "late_share", "value": 0.25, "timestamp": 1_364_774_602_000, "step": 1})
    page.locator("[id='chart-late_share'] [data-plot-canvas] svg").wait_for()


def test_live_traffic_is_counted_while_one_looks(airline, open_page):
    page = open_page(ENDPOINT).page
    rows = page.locator("#now tbody tr td:nth-child(4)")
    before = sum(int(text.replace(",", "")) for text in rows.all_text_contents())
    endpoint = airline.get(f"/endpoints/{PROJECT}")
    with open(airline.folder / "build" / "requests.csv") as file:
        header, row = (next(file) for _ in range(2))
    for _ in range(5):
        answer = requests.post(endpoint["url"], data=header + row, headers={"Content-Type": "text/csv"}, timeout=10)
        assert answer.status_code == 200, answer.text
    counted = lambda: sum(int(text.replace(",", "")) for text in rows.all_text_contents())
    martlet.wait_until(lambda: counted() == before + 5, what="five more rows on the page")


def open_alerts(airline: Airline) -> list[dict]:
    return airline.items("/alerts")


def test_an_alert_is_acknowledged_by_keyboard_alone(airline, open_page):
    before = open_alerts(airline)
    page = open_page("/alerts").page
    alert = page.locator("article.alert").first.get_attribute("id")
    form = page.locator(f"[id='{alert}'] form")
    form.locator("input").focus()
    page.keyboard.type("on it <b>now</b>")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Acknowledge"
    page.keyboard.press("Enter")
    page.locator(f"[id='{alert}']").wait_for(state="detached")
    assert [entry["id"] for entry in open_alerts(airline)] == [entry["id"] for entry in before if entry["id"] != alert]
    assert "on it <b>now</b>" in open_page(f"/audit?object=alert:{alert}").text()
    assert "acknowledged" in open_page("/alerts?all=1").page.locator(f"[id='{alert}']").text_content()


def test_an_alert_is_acknowledged_without_javascript(airline, open_page):
    page = open_page("/alerts", script=False).page
    alert = page.locator("article.alert").last.get_attribute("id")
    page.locator(f"[id='{alert}'] button").click()
    assert page.url.endswith("/alerts")
    assert page.locator(f"[id='{alert}']").count() == 0
    assert alert not in [entry["id"] for entry in open_alerts(airline)]


def test_a_held_back_partition_is_released_with_a_reason_and_not_without(airline, open_page):
    page = open_page(DATASET, script=False).page
    card = page.locator(f"#quarantine-{DAMAGED[1]}")
    card.locator("button").click()
    assert page.locator(f"[id='quarantine-{DAMAGED[1]}']").count() == 1, "the browser asks for the reason"
    card.locator("input").fill("the supplier counts in kilometres now")
    card.locator("button").press("Enter")
    page.wait_for_url("**" + DATASET)
    assert page.locator(".held").count() == 1
    assert [held["partition"] for held in airline.items(f"/projects/{PROJECT}/datasets/flights/quarantine")] == [DAMAGED[0]]
    assert "the supplier counts in kilometres now" in open_page("/audit").text()


def test_a_version_on_its_way_is_rolled_back_by_keyboard_with_a_reason(airline, open_page):
    page = open_page(ENDPOINT).page
    form = page.locator("#rollback form")
    page.locator("#rollback summary").press("Enter")
    assert f"{PROJECT}@1 answers all of the traffic again at once: {PROJECT}@2 gives back 20 %" in page.locator("#rollback").text_content()
    form.locator("button").press("Enter")
    assert airline.get(f"/endpoints/{PROJECT}")["state"] == "rolling out", "the browser asks for the reason"
    form.locator("input").fill("the desk sees too many false alarms")
    form.locator("input").press("Enter")
    page.locator("h1 + .badge", has_text="live").wait_for()
    assert airline.get(f"/endpoints/{PROJECT}")["state"] == "live"
    assert "the desk sees too many false alarms" in page.locator("#deployments").text_content()
    assert page.locator("#rollback form").count() == 0
    address = f"{airline.server.url}{ENDPOINT}/rollback"
    assert requests.post(address, data={"reason": "again"}, timeout=10).status_code == 409
    # Set out again, for whoever looks next.
    airline.post(f"/endpoints/{PROJECT}/deployments", {"version": f"{PROJECT}@2"})


def test_forms_of_other_sites_change_nothing(airline):
    alert = open_alerts(airline)[0]["id"]
    address = f"{airline.server.url}/alerts/{alert}/acknowledge"
    for headers in [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]:
        answer = requests.post(address, data={"reason": "x"}, headers=headers, timeout=10, allow_redirects=False)
        assert answer.status_code == 403, headers
    for body in [{"json": {"reason": "x"}}, {"data": b"reason=x", "headers": {"Content-Type": "text/plain"}}]:
        assert requests.post(address, timeout=10, allow_redirects=False, **body).status_code == 415
    assert requests.get(address, timeout=10).status_code in (404, 405)
    assert alert in [entry["id"] for entry in open_alerts(airline)]


def test_the_skip_link_comes_first_and_leads_to_the_content(open_page):
    page = open_page(DATASET).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_graph_is_followed_by_keyboard(airline, open_page):
    page = open_page("/pipelines/" + airline.ids["pipeline"]).page
    node = page.locator(".graph a", has_text="training_set")
    assert node.get_attribute("aria-label") == "training_set, join · done"
    node.focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#step-training_set")
    version = open_page(f"/models/{PROJECT}/2").page
    version.locator(".graph a", has_text="pipeline").first.focus()
    version.keyboard.press("Enter")
    version.wait_for_url("**/pipelines/*")


def test_runs_are_chosen_and_compared_by_keyboard(airline, open_page):
    tab = open_page("/experiments/" + airline.ids["notebook"])
    page = tab.page
    for rate in ["0.3", "0.03"]:
        page.get_by_role("checkbox", name=f"Compare learning-rate-{rate}", exact=True).press("Space")
    page.get_by_role("button", name="Compare the chosen runs").press("Enter")
    page.locator("h1", has_text="Compared").wait_for()
    assert "2 runs" in tab.text()
    marked = page.locator("tr.marked td:first-child").all_text_contents()
    assert "learning_rate" in marked and "loss" in marked and "engine" not in marked
    assert "learning-rate-0.3" in page.locator("figure .legend").text_content()
    page.get_by_role("link", name="Only what differs").press("Enter")
    page.get_by_role("link", name="Show all rows").wait_for()
    assert "lightgbm" not in tab.text() and "learning_rate" in tab.text()


@pytest.mark.parametrize("fragment,path", [
    ("#/experiments/{notebook}", "/experiments/{notebook}"), ("#/experiments/{notebook}/runs/{run}", "/runs/{run}"),
    ("#/experiments/{notebook}/runs/{run}/artifacts/notes.md", "/runs/{run}"), ("#/experiments/{notebook}/models/{model}", "/logged-models/{model}"),
    ("#/models/{project}/versions/2", "/models/{project}/2"), ("#/models/{project}", "/models/{project}"), ("#/models", "/models"),
    ('#/compare-runs?runs=["{run}","{other}"]&experiments=["{notebook}"]', "/compare?run={run}&run={other}"),
    ("#/experiments/{notebook}?searchFilter=metrics.roc_auc > 0.71&orderByKey=metrics.`roc_auc`&orderByAsc=true", "/experiments/{notebook}?"),
])
def test_links_that_mlflow_prints_open_the_right_page(airline, open_page, fragment, path):
    names = {"notebook": airline.ids["notebook"], "run": airline.ids["notebook run 0"], "other": airline.ids["notebook run 1"],
             "model": airline.ids["logged model"], "project": PROJECT}
    tab = open_page("/")
    tab.page.goto("about:blank")
    tab.page.goto(tab.url + "/" + fragment.format(**names))
    tab.page.wait_for_url(lambda url: url.startswith(tab.url + path.format(**names)))
    tab.page.wait_for_selector("body[data-ready]")
    assert "Not here" not in tab.text()


@pytest.mark.parametrize("fragment", ["#/nowhere", "#//evil.example/experiments", "#/\\\\evil.example", "#experiments", "#/javascript:alert(1)"])
def test_other_fragments_lead_nowhere(open_page, fragment):
    tab = open_page("/" + fragment)
    assert tab.page.locator("h1").text_content() == "Home"
    assert tab.page.url.startswith(tab.url + "/#")


def test_a_logged_page_runs_no_script_and_reaches_nothing(airline, open_page):
    tab = open_page(f"/runs/{airline.ids['notebook run 1']}/artifacts?path=scripted.html")
    frame = tab.page.frame_locator("iframe.artifact")
    assert frame.locator("h1").text_content() == "Report"
    inner = next(one for one in tab.page.frames if "/artifacts/frame" in one.url)
    assert inner.title() == "x", "the script did not run"
    assert inner.evaluate("window.origin") == "null"


def test_lines_are_brushed_in_parallel_coordinates(airline, open_page):
    tab = open_page("/compare?run=" + "&run=".join(airline.ids[f"notebook run {number}"] for number in range(3)))
    canvas = tab.page.locator("#parallel-plot [data-plot-canvas]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tab.page.mouse.move(box["x"] + 70, box["y"] + 50)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + 70, box["y"] + box["height"] - 30, steps=5)
    tab.page.mouse.up()
    tab.page.locator("#parallel-plot [data-plot-selection]", has_text="Inside: 2. learning-rate-0.1, learning-rate-0.03").wait_for()
    assert tab.complaints == []


def test_a_view_is_saved_and_opened_by_keyboard(airline, open_page):
    tab = open_page(f"/experiments/{airline.ids['notebook']}?filter=metrics.roc_auc+>+0.71")
    page = tab.page
    page.locator("summary", has_text="Save this view").press("Enter")
    page.get_by_role("textbox", name="Name").fill("good ones")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    page.get_by_role("link", name="good ones").first.wait_for()
    page.goto(f"{tab.url}/experiments/{airline.ids['notebook']}")
    page.get_by_role("link", name="good ones").first.press("Enter")
    page.wait_for_url("**filter=metrics.roc_auc*")
    assert "2 runs match" in tab.text()
    page.locator("summary", has_text="Save this view").press("Enter")
    page.locator("form[aria-label='Delete the view good ones'] button").press("Enter")
    page.wait_for_url(f"**/experiments/{airline.ids['notebook']}")
    assert page.get_by_role("link", name="good ones").count() == 0


def test_an_alias_is_set_with_a_confirmation_and_not_without(airline, open_page):
    page = open_page(f"/models/{PROJECT}/1").page
    page.locator("#standing summary").press("Enter")
    form = page.locator("form[aria-label='Let an alias name this version']")
    form.get_by_role("combobox").fill("candidate")
    form.get_by_role("button").press("Enter")
    assert airline.get(f"/models/{PROJECT}/versions/1")["aliases"] == ["champion"]
    form.get_by_role("checkbox").press("Space")
    form.get_by_role("button").press("Enter")
    page.locator(".badge", has_text="candidate").wait_for()
    page.locator("#standing summary").press("Enter")
    form = page.locator("form[aria-label='Remove the alias candidate']")
    form.get_by_role("checkbox").press("Space")
    form.get_by_role("button").press("Enter")
    martlet.wait_until(lambda: airline.get(f"/models/{PROJECT}/versions/1")["aliases"] == ["champion"], what="the alias is gone")


def test_jump_to_finds_by_keyboard(open_page):
    page = open_page("/audit").page
    page.keyboard.press("Control+k")
    page.keyboard.type("learning-rate-0.03")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="learning-rate-0.03").wait_for()


def test_the_theme_follows_the_system_and_a_choice_is_kept(open_page):
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    page = open_page("/", scheme="dark").page
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Switch between light and dark").click()
    light = page.evaluate(ground)
    assert light != dark
    page.goto(page.url + "models")
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate(ground) == light
    assert open_page("/", scheme="light").page.evaluate(ground) == light


def test_a_course_is_drawn_by_echarts_and_stays_described(airline, open_page):
    page = open_page("/runs/" + airline.ids["notebook run 0"]).page
    figure = page.locator("figure", has_text="loss").first
    assert figure.locator("[data-plot-canvas] svg").is_visible()
    assert figure.locator("[data-plot-static]").is_hidden()
    assert "120 points from 0.4025 to 0.7" in figure.locator("[data-plot-canvas]").get_attribute("aria-label")
    figure.locator("summary").press("Enter")
    assert figure.locator("tbody tr").count() == 120
    label = figure.locator("[data-plot-canvas] text").first
    light = label.get_attribute("fill")
    page.emulate_media(color_scheme="dark")
    martlet.wait_until(lambda: label.get_attribute("fill") != light, what="the chart in the colours of the dark scheme")


def test_a_new_server_says_how_to_begin(server, browser):
    for path, words in [
        ("/", "martlet run"), ("/data", "martlet data add"), ("/pipelines", "martlet run"), ("/experiments", "mlflow.set_tracking_uri"),
        ("/models", "mlflow.register_model"), ("/endpoints", "martlet model promote"), ("/alerts", "No open alerts"),
    ]:
        with opened(browser, server.url, path) as tab:
            assert tab.status == 200
            assert words in tab.text(), path
            assert tab.axe() == [] and tab.complaints == []
            tab.page.emulate_media(color_scheme="dark")
            with tab.narrow():
                assert tab.axe() == [] and tab.wider_than_the_window() == []
