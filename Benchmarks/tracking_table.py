"""The figures of `make bench-tracking` as one table, with the aims of issue 3 and how many times better Martlet is."""

from costs import Load
from report import number, ratio

# Key, what it is, the aim on SQLite, the aim on PostgreSQL: requests a second, or milliseconds of the median request.
LOADS = [
    ("log_batch_1", "log-batch of 1000 metrics, 1 connection", ">= 200/s", ">= 100/s"),
    ("log_batch_16", "log-batch of 1000 metrics, 16 connections", ">= 400/s", ""),
    ("create_32", "create run, 32 connections", ">= 5000/s", ">= 2000/s"),
    ("log_metric_32", "log-metric, 32 connections", ">= 8000/s", ""),
    ("search", "search 10k runs x 10 metrics, first 100", "<= 5 ms", "<= 3 x SQLite"),
    ("million_within", "  in 1M runs, within an experiment of 20k", "<= 20 ms", ""),
    ("million_all", "  in 1M runs, over all", "<= 250 ms", ""),
    ("history", "history of 100k points", "<= 60 ms", ""),
]
# Key, what it is, unit, the aim.
SINGLES = [
    ("artifact_up_s", "artifact of 100 MiB, up", "s", "<= 0.45"),
    ("artifact_down_s", "artifact of 100 MiB, down", "s", "<= 0.10"),
    ("artifact_up_growth_mb", "  memory growth, up", "MB", "<= 40"),
    ("artifact_down_growth_mb", "  memory growth, down", "MB", "<= 40"),
    ("memory_idle_mb", "memory, idle", "MB", "<= 40"),
    ("memory_after_mb", "memory, after all of this", "MB", "<= 150"),
    ("start_million_ms", "start with a database of 1M runs (MLflow: 10k)", "ms", "<= 150"),
]
WIDTH = 47


def table(own: dict, peer: dict, store: str) -> str:
    """`peer` may be empty; the columns of a load are requests a second, p50, p99 and processor time a request."""
    columns = f"{'req/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'cpu µs':>8}"
    head = f"{'':{WIDTH}} {'aim':>13}  {columns}"
    over = f"{'':{WIDTH}} {'':>13}  {'Martlet, ' + store:^36}"
    if peer:
        head += f"  {columns}  {'rate':>6} {'cpu':>6}"
        over += f"  {'MLflow 3.17.2, sqlite':^36}  {'times better':>13}"
    lines = [over.rstrip(), head]
    for key, label, sqlite_aim, postgres_aim in LOADS:
        if key in own or key in peer:
            aim = sqlite_aim if store == "sqlite" else postgres_aim
            lines.append(_load_line(label, aim, own.get(key), peer.get(key), bool(peer)))
    singles = [row for row in SINGLES if row[0] in own or row[0] in peer]
    for key, label, unit, aim in singles:
        line = f"{label:{WIDTH}} {aim if store == 'sqlite' else '':>10} {unit:>2}  {number(own.get(key)):>9}{'':27}"
        if peer:
            line += f"  {number(peer.get(key)):>9}{'':27}  {ratio(own.get(key), peer.get(key), False):>6}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def _load_line(label: str, aim: str, own: Load | None, peer: Load | None, with_peer: bool) -> str:
    line = f"{label:{WIDTH}} {aim:>13}  {_columns(own)}"
    if with_peer:
        line += f"  {_columns(peer)}"
        if own and peer:
            line += f"  {ratio(own.per_second, peer.per_second, True):>6} {ratio(own.cpu_us, peer.cpu_us, False):>6}"
    return line.rstrip()


def _columns(load: Load | None) -> str:
    if load is None:
        return f"{'-':>9} {'':>8} {'':>8} {'':>8}"
    return f"{number(load.per_second):>9} {number(load.p50_ms):>8} {number(load.p99_ms):>8} {number(load.cpu_us):>8}"
