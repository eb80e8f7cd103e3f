// The one script of ours: theme, jump-to (Ctrl+K), interactive charts where ECharts is there. Pages work without it.
const root = document.documentElement;

function applyTheme(theme) {
  if (theme) { root.dataset.theme = theme; } else { delete root.dataset.theme; }
}

function setUpTheme() {
  applyTheme(localStorage.getItem("martlet-theme"));
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) { return; }
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const next = dark ? "light" : "dark";
    localStorage.setItem("martlet-theme", next);
    applyTheme(next);
    drawCharts();
  });
}

function setUpJump() {
  const jump = document.querySelector("[data-jump]");
  if (!jump) { return; }
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      jump.focus();
      jump.select();
    }
  });
}

let charts = [];
async function drawCharts() {
  const plots = document.querySelectorAll("[data-plot]");
  const source = root.dataset.echarts;
  if (plots.length === 0 || !source) { return; }
  let echarts;
  try { echarts = await import(source); } catch { return; }
  charts.forEach((chart) => chart.dispose());
  charts = [...plots].map((plot) => {
    const option = JSON.parse(plot.querySelector("script[type='application/json']").textContent);
    const place = plot.querySelector("[data-plot-canvas]");
    place.hidden = false;
    plot.querySelector("[data-plot-static]")?.setAttribute("hidden", "");
    const style = getComputedStyle(root);
    const color = (name) => style.getPropertyValue(name).trim();
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption({
      color: ["--series-1", "--series-2", "--series-3", "--series-4"].map(color),
      textStyle: { color: color("--muted") },
      tooltip: { trigger: "axis", renderMode: "richText" },
      animation: false,
      ...option,
    });
    return chart;
  });
}

// A page that says how often asks for itself again and swaps its live parts, keeping focus and scroll.
function setUpLive() {
  const seconds = Number(document.body.dataset.refresh || 0);
  if (!seconds) { return; }
  setInterval(async () => {
    if (document.hidden) { return; }
    const response = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (!response?.ok) { return; }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    document.querySelectorAll("[data-live]").forEach((part) => {
      const fresh = page.getElementById(part.id);
      if (fresh && fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) { part.replaceWith(fresh); }
    });
  }, seconds * 1000);
}

setUpTheme();
setUpJump();
setUpLive();
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
drawCharts().finally(() => { document.body.dataset.ready = "true"; });
