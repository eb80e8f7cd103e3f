"""A real browser, strict: whatever a page complains about is kept, and its content policy stays in force."""

import shutil
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe

# Everything that a person can act on, as far as it is to be seen.
INTERACTIVE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"

# Runs before the page's own script: Chromium says what its content policy stopped.
WATCH_POLICY = """
window.stoppedByPolicy = [];
addEventListener("securitypolicyviolation", (event) => window.stoppedByPolicy.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def launch(playwright):
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])


class Tab:
    """One page in a context of its own."""

    def __init__(self, browser, url: str, scheme="light", width=1280, height=900, script=True, scale=1):
        self.url = url
        self.script = script
        self.context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": height}, java_script_enabled=script,
            device_scale_factor=scale)
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: message.type in ("error", "warning") and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"{request.url}: {request.failure}"))
        if script:
            self.page.add_init_script(WATCH_POLICY)
        self.encoded = 0
        network = self.context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", self._count)

    def _count(self, event):
        self.encoded += event["encodedDataLength"]

    def open(self, path: str):
        """Loads a page; its status."""
        answer = self.page.goto(self.url + path, wait_until="load")
        if self.script:
            self.page.wait_for_selector("body[data-ready]")
        return answer.status

    @property
    def stopped_by_policy(self) -> list[str]:
        return self.page.evaluate("window.stoppedByPolicy")

    @contextmanager
    def narrow(self):
        """As wide as a telephone, for a while."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": 390, "height": 844})
        yield
        self.page.set_viewport_size(before)

    def text(self) -> str:
        """All that the page holds, closed details too, with single spaces."""
        return " ".join(self.page.locator("main").text_content().split())

    def axe(self) -> list[str]:
        """What axe finds wrong: rule, and the elements."""
        found = Axe().run(self.page).response["violations"]
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]

    def wider_than_the_window(self) -> list[str]:
        """Elements that stick out on the right when the page scrolls sideways."""
        return self.page.evaluate("""() => {
          const root = document.scrollingElement;
          if (root.scrollWidth <= innerWidth) { return []; }
          const scrolls = (element) => element.closest(".scroll, pre") !== null;
          return [...document.body.querySelectorAll("*")].filter((element) =>
            element.getBoundingClientRect().right > innerWidth + 0.5 && !scrolls(element)
          ).map((element) => element.outerHTML.slice(0, 120)).concat(`scrollWidth ${root.scrollWidth}`);
        }""")

    def unreachable_by_tab(self) -> list[str]:
        """Goes through the page with the Tab key; what was never reached, or was not to be seen when it was."""
        count = self.page.evaluate("""(selector) => {
          const shown = (element) => element.checkVisibility({ visibilityProperty: true });
          window.expected = [...document.querySelectorAll(selector)].filter((element) => shown(element) && !element.disabled);
          window.reached = new Set();
          window.dim = [];
          document.activeElement?.blur();
          getSelection().removeAllRanges();
          addEventListener("focusin", (event) => {
            const element = event.target;
            window.reached.add(element);
            const marked = [element, ...element.querySelectorAll("rect")].some((part) => {
              const style = getComputedStyle(part);
              return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || parseFloat(style.strokeWidth) >= 2.5;
            });
            if (!marked) { window.dim.push("no visible focus: " + element.outerHTML.slice(0, 160)); }
          });
          return window.expected.length;
        }""", INTERACTIVE)
        assert count > 8, "the navigation alone has more"
        for _ in range(count + 2):
            self.page.keyboard.press("Tab")
        return self.page.evaluate("""() => window.expected.filter((element) => !window.reached.has(element))
          .map((element) => "never reached: " + element.outerHTML.slice(0, 160)).concat(window.dim)""")

    def close(self):
        self.context.close()


@contextmanager
def opened(browser, url, path, **options):
    tab = Tab(browser, url, **options)
    try:
        tab.status = tab.open(path)
        yield tab
    finally:
        tab.close()
