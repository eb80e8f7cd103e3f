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
    const axis = { axisLabel: { color: color("--muted") }, axisLine: { lineStyle: { color: color("--line") } },
      axisTick: { lineStyle: { color: color("--line") } }, splitLine: { lineStyle: { color: color("--line") } } };
    const chart = echarts.init(place, null, { renderer: "svg" });
    chart.setOption({
      color: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => color(`--series-${number}`)),
      textStyle: { color: color("--muted") },
      tooltip: { trigger: "axis", renderMode: "richText" },
      animation: false,
      ...option,
      xAxis: { ...option.xAxis, ...axis, splitLine: { show: false } },
      yAxis: { ...option.yAxis, ...axis },
      dataZoom: option.dataZoom?.map((zoom) => ({ ...zoom, textStyle: { color: color("--muted") }, borderColor: color("--line") })),
    });
    return chart;
  });
}

const focusable = "a[href], button, input, select, textarea, summary, [tabindex='0']";

// What somebody is writing is never taken from them.
const isBeingWritten = (part) => [...part.querySelectorAll("input, textarea")].some(
  (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked || field === document.activeElement);

// What a person opened stays open, what had the focus keeps it, and a log that was read to its end goes on at its end.
function exchange(part, fresh) {
  if (isBeingWritten(part)) { return; }
  const open = [...part.querySelectorAll("details")].map((details) => details.open);
  fresh.querySelectorAll("details").forEach((details, index) => { if (index < open.length) { details.open = open[index]; } });
  if (fresh.innerHTML === part.innerHTML) { return; }
  const focus = [...part.querySelectorAll(focusable)].indexOf(document.activeElement);
  const logs = [...part.querySelectorAll("pre")].map((log) => [log.scrollTop, log.scrollTop + log.clientHeight >= log.scrollHeight - 4]);
  const wide = [...part.querySelectorAll(".scroll")].map((frame) => frame.scrollLeft);
  part.replaceWith(fresh);
  fresh.querySelectorAll("pre").forEach((log, index) => {
    const [top, atEnd] = logs[index] ?? [0, true];
    log.scrollTop = atEnd ? log.scrollHeight : top;
  });
  fresh.querySelectorAll(".scroll").forEach((frame, index) => { frame.scrollLeft = wide[index] ?? 0; });
  if (focus >= 0) { fresh.querySelectorAll(focusable)[focus]?.focus({ preventScroll: true }); }
}

// A page that says how often asks for itself again and swaps its live parts.
function setUpLive() {
  const seconds = Number(document.body.dataset.refresh || 0);
  if (!seconds) { return; }
  const timer = setInterval(async () => {
    if (document.hidden) { return; }
    const response = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (!response?.ok) { return; }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    document.querySelectorAll("[data-live]").forEach((part) => {
      const fresh = page.getElementById(part.id);
      if (fresh) { exchange(part, fresh); }
    });
    if (!page.body.dataset.refresh) { clearInterval(timer); }
  }, seconds * 1000);
}

// MLflow's clients print links such as /#/experiments/1/runs/ID.
function followMLflowLink() {
  const parts = location.hash.replace(/^#\//, "").split(/[/?]/);
  const root = document.documentElement.dataset.root;
  if (location.pathname !== root || !location.hash.startsWith("#/")) { return; }
  const run = parts.indexOf("runs");
  const place = (...names) => root + names.map((name) => encodeURIComponent(decodeURIComponent(name))).join("/");
  if (run >= 0 && parts[run + 1]) { location.replace(place("runs", parts[run + 1])); }
  else if (parts[0] === "experiments" && parts[1]) { location.replace(place("experiments", parts[1])); }
  else if (parts[0] === "models" && parts[2] === "versions" && parts[3]) { location.replace(place("models", parts[1], parts[3])); }
  else if (parts[0] === "models" && parts[1]) { location.replace(place("models", parts[1])); }
  else if (parts[0] === "experiments" || parts[0] === "models") { location.replace(root + parts[0]); }
}

try { followMLflowLink(); } catch { /* no link of theirs */ }
setUpTheme();
setUpJump();
setUpLive();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts());
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
drawCharts().finally(() => { document.body.dataset.ready = "true"; });
