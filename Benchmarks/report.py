"""The figures as a table: Martlet's, MLflow's where it was measured, and how many times better Martlet is."""

# Key, what it is, unit, whether more is better, and the aim where there is one.
ROWS = [
    ("Start", [
        ("start_new_ms", "from nothing to the first answer", "ms", False, 300),
        ("start_again_ms", "on an existing data directory", "ms", False, 300),
        ("start_again_cpu_ms", "processor time of that", "ms", False, None),
        ("start_scoring_ms", "model server", "ms", False, None),
        ("train_to_live_s", "a quarter of flights: data, training, live", "s", False, None),
    ]),
    ("Memory, resident", [
        ("idle_control_mb", "control plane, idle", "MB", False, None),
        ("idle_scoring_mb", "scoring plane, idle, no model", "MB", False, None),
        ("idle_both_mb", "both, shared pages counted once", "MB", False, 60),
        ("after_tracking_mb", "control plane after the tracking below", "MB", False, None),
        ("after_training_control_mb", "control plane after training", "MB", False, None),
        ("warm_workers_mb", "workers kept warm after training", "MB", False, None),
        ("live_scoring_mb", "scoring plane with a model", "MB", False, None),
        ("after_predictions_scoring_mb", "scoring plane after the predictions below", "MB", False, None),
        ("idle_cpu_ms_per_s", "both planes idle: processor time a second", "ms", False, None),
    ]),
    ("Predictions, every column in the request", [
        ("predict_1_row_16_per_s", "1 row, 16 connections", "req/s", True, None),
        ("predict_1_row_16_p50_ms", "  p50", "ms", False, None),
        ("predict_1_row_16_p99_ms", "  p99", "ms", False, None),
        ("predict_1_row_16_cpu_us", "  processor time a request", "µs", False, None),
        ("predict_1_row_1_per_s", "1 row, 1 connection", "req/s", True, None),
        ("predict_1_row_1_p50_ms", "  p50", "ms", False, None),
        ("predict_1_row_1_p99_ms", "  p99", "ms", False, None),
        ("predict_1_row_1_cpu_us", "  processor time a request", "µs", False, None),
        ("predict_100_rows_1_per_s", "100 rows, 1 connection", "req/s", True, None),
        ("predict_100_rows_1_p50_ms", "  p50", "ms", False, None),
        ("predict_100_rows_1_p99_ms", "  p99", "ms", False, None),
        ("predict_100_rows_1_cpu_us", "  processor time a request", "µs", False, None),
    ]),
    ("Predictions, features looked up online", [
        ("online_predict_1_row_16_per_s", "1 row, 16 connections", "req/s", True, None),
        ("online_predict_1_row_16_p99_ms", "  p99", "ms", False, None),
        ("online_predict_1_row_16_cpu_us", "  processor time a request", "µs", False, None),
        ("online_predict_100_rows_1_per_s", "100 rows, 1 connection", "req/s", True, None),
        ("online_predict_100_rows_1_cpu_us", "  processor time a request", "µs", False, None),
    ]),
    ("Tracking", [
        ("health_16_per_s", "GET /health, 16 connections", "req/s", True, None),
        ("log_batch_1_metrics_per_s", "log-batch of 1000, 1 connection", "metrics/s", True, None),
        ("log_batch_1_p50_ms", "  p50", "ms", False, None),
        ("log_batch_1_p99_ms", "  p99", "ms", False, None),
        ("log_batch_1_cpu_us", "  processor time a request", "µs", False, None),
        ("log_batch_16_metrics_per_s", "log-batch of 1000, 16 connections", "metrics/s", True, None),
        ("log_batch_16_p99_ms", "  p99", "ms", False, None),
        ("log_batch_16_cpu_us", "  processor time a request", "µs", False, None),
        ("log_batch_python_1_metrics_per_s", "the same from Python, 1 thread", "metrics/s", True, None),
        ("log_batch_python_16_metrics_per_s", "the same from Python, 16 threads", "metrics/s", True, None),
        ("create_run_1_per_s", "create a run, 1 connection", "runs/s", True, None),
        ("create_run_16_per_s", "create a run, 16 connections", "runs/s", True, None),
        ("create_run_16_p99_ms", "  p99", "ms", False, None),
    ]),
]


def table(own: dict[str, float], peer: dict[str, float]) -> str:
    """`peer` may be empty."""
    width = max(len(label) for _, rows in ROWS for _, label, *_ in rows)
    head = f"{'':{width}}  {'unit':9}  {'aim':>6}  {'Martlet':>10}"
    lines = [head + (f"  {'MLflow':>10}  {'times better':>12}" if peer else "")]
    for title, rows in ROWS:
        shown = [row for row in rows if row[0] in own or row[0] in peer]
        lines += ["", title] if shown else []
        for key, label, unit, more, aim in shown:
            line = f"{label:{width}}  {unit:9}  {f'< {aim}' if aim else '':>6}  {number(own.get(key)):>10}"
            if peer:
                line += f"  {number(peer.get(key)):>10}  {ratio(own.get(key), peer.get(key), more):>12}"
            lines.append(line.rstrip())
    return "\n".join(lines)


def ratio(own: float | None, peer: float | None, more: bool) -> str:
    if not own or not peer:
        return ""
    times = own / peer if more else peer / own
    return f"{times:,.1f}" if times < 10 else f"{times:,.0f}"


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"
