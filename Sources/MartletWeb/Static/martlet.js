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

const charts = new Map();
let echarts = null;

const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const palette = () => [1, 2, 3, 4, 5, 6, 7, 8].map((number) => color(`--series-${number}`));

// The plot's numbers in the page's colours.
function optionOf(plot) {
  const option = JSON.parse(plot.querySelector("script[type='application/json']").textContent);
  const axis = { axisLabel: { color: color("--muted") }, axisLine: { lineStyle: { color: color("--line") } },
    axisTick: { lineStyle: { color: color("--line") } }, splitLine: { lineStyle: { color: color("--line") } },
    nameTextStyle: { color: color("--muted") } };
  const colors = palette();
  const drawn = {
    color: colors, textStyle: { color: color("--muted") }, tooltip: { trigger: "axis", renderMode: "richText" },
    animation: false, ...option,
    series: option.series.map((series) => series.colorIndex === undefined ? series
      : { ...series, itemStyle: { color: colors[series.colorIndex] }, lineStyle: { ...series.lineStyle, color: colors[series.colorIndex] } }),
  };
  if (option.xAxis) { drawn.xAxis = { ...option.xAxis, ...axis, splitLine: { show: false } }; }
  if (option.yAxis) { drawn.yAxis = { ...option.yAxis, ...axis }; }
  if (option.parallelAxis) { drawn.parallelAxis = option.parallelAxis.map((one) => ({ ...one, ...axis })); }
  if (option.dataZoom) {
    drawn.dataZoom = option.dataZoom.map((zoom) => ({ ...zoom, textStyle: { color: color("--muted") }, borderColor: color("--line") }));
  }
  return drawn;
}

function drawChart(plot) {
  const place = plot.querySelector("[data-plot-canvas]");
  place.hidden = false;
  plot.querySelector("[data-plot-static]")?.setAttribute("hidden", "");
  const chart = echarts.init(place, null, { renderer: "svg" });
  chart.setOption(optionOf(plot));
  charts.set(plot, chart);
  lookCloser(plot, chart);
  nameBrushed(plot, chart);
}

async function drawCharts() {
  const plots = document.querySelectorAll("[data-plot]");
  const source = root.dataset.echarts;
  if (plots.length === 0 || !source) { return; }
  try { echarts ??= await import(source); } catch { return; }
  charts.forEach((chart) => chart.dispose());
  charts.clear();
  plots.forEach(drawChart);
}

// A part of a long series is fetched anew, as fine as the picture can show it.
function lookCloser(plot, chart) {
  const addresses = JSON.parse(plot.dataset.curves ?? "[]");
  if (addresses.length === 0) { return; }
  let waiting = null;
  let latest = 0;
  chart.on("datazoom", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const zoom = chart.getOption().dataZoom[0];
      const mine = ++latest;
      const window = `&from_step=${Math.floor(zoom.startValue)}&to_step=${Math.ceil(zoom.endValue)}`;
      const curves = await Promise.all(addresses.map((address) => fetch(document.documentElement.dataset.root + address.slice(1) + window).then((answer) => answer.ok ? answer.json() : null).catch(() => null)));
      if (mine !== latest || curves.includes(null) || chart.isDisposed()) { return; }
      const series = optionOf(plot).series;
      chart.setOption({ series: series.map((one, index) => ({ data: pointsOf(curves[curves.length === 1 ? 0 : index], one.role) })) });
      plot.dataset.shown = curves.reduce((sum, curve) => sum + curve.parts.length, 0);
    }, 120);
  });
}

const pointsOf = (curve, role) => curve.parts
  .map((part) => [part.last_step, role === "value" ? part.smoothed ?? part.mean : part[role]])
  .filter((point) => typeof point[1] === "number");

// Brushing along an axis of parallel coordinates names the lines that are left.
function nameBrushed(plot, chart) {
  chart.on("axisareaselected", () => {
    const option = optionOf(plot);
    const active = chart.getModel().getSeries()[0].getRawIndicesByActiveState("active");
    let words = plot.querySelector("[data-plot-selection]");
    if (!words) {
      words = document.createElement("p");
      words.dataset.plotSelection = "";
      words.className = "small";
      words.setAttribute("aria-live", "polite");
      plot.append(words);
    }
    const names = active.slice(0, 12).map((index) => option.series[0].data[index].name);
    words.textContent = active.length === 0 ? "" : `Inside: ${active.length}. ${names.join(", ")}${active.length > 12 ? " …" : ""}`;
  });
}

// New numbers of a chart that is there already; what a person zoomed to stays.
function renewCharts(page) {
  document.querySelectorAll("[data-plot][id]").forEach((plot) => {
    const fresh = page.getElementById(plot.id);
    const [old, now] = [plot, fresh].map((one) => one?.querySelector("script[type='application/json']"));
    if (!now || now.textContent === old.textContent) { return; }
    old.textContent = now.textContent;
    const [mine, theirs] = [plot, fresh].map((one) => one.closest("figure"));
    [":scope > p", "[data-plot-static]", "details .scroll"].forEach((part) => {
      const [before, after] = [mine.querySelector(part), theirs.querySelector(part)];
      if (before && after) { before.innerHTML = after.innerHTML; }
    });
    const { dataZoom, ...option } = optionOf(plot);
    charts.get(plot)?.setOption(option);
  });
  const place = document.getElementById("charts");
  page.querySelectorAll("#charts figure[id]").forEach((figure) => {
    if (!place || document.getElementById(figure.id)) { return; }
    place.append(figure);
    if (echarts) { figure.querySelectorAll("[data-plot]").forEach(drawChart); }
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
    renewCharts(page);
    if (!page.body.dataset.refresh) { clearInterval(timer); }
  }, seconds * 1000);
}

// MLflow's clients print links such as /#/experiments/1/runs/ID. What stands after the sign never reaches the server;
// without the sign it knows them all.
function followMLflowLink() {
  const known = ["experiments", "models", "compare-runs", "compare-model-versions", "compare-experiments", "metric"];
  if (!document.querySelector("[data-home]") || !location.hash.startsWith("#/")) { return; }
  const target = location.hash.slice(1);
  if (known.includes(target.split(/[/?]/)[1])) { location.replace(`.${target}`); }
}

// Nor does it reach the sign-in that such a link leads to first: browsers carry it along, and the form takes it on.
function keepFragment() {
  const then = document.querySelector("form[action$='/sign-in'] input[name=then]");
  if (then && location.hash && !then.value.includes("#")) { then.value += location.hash; }
}

keepFragment();
followMLflowLink();
setUpTheme();
setUpJump();
setUpLive();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawCharts());
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
drawCharts().finally(() => { document.body.dataset.ready = "true"; });
