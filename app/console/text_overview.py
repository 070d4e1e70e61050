"""The overview as text, for a pipe, a log or a screen reader: the numbers of the first screen, from the same queries.

Imports no Textual.
"""

import sys
import time
from collections.abc import Mapping
from typing import Any

from app.console.figures import (
    UNKNOWN,
    Row,
    cache_read_share,
    clock,
    compact,
    count,
    dollars,
    milliseconds,
    per_second,
    share,
    spent,
    tokens_in,
)
from app.console.snapshot import DEFAULT_SPAN, AsksLedger, Overview, look_over
from gatewatch.safe_text import safe

NAME_CELLS = 32


def print_overview(reader: AsksLedger, live: Mapping[str, Any] | None) -> None:
    """Overview → stdout. `live` is the state of a running gateway, None where none runs. Raises GatewatchError."""
    overview, fresh = look_over(reader, DEFAULT_SPAN, time.time_ns() // 1000)
    sys.stdout.write(overview_text(overview, fresh, live))


def overview_text(now: Overview, fresh: Row, live: Mapping[str, Any] | None) -> str:
    """Everything that the overview shows, line by line."""
    window, minute, today = now.window, now.minute, now.today
    began = {name: clock(row["window"]["since"], "%H:%M") for name, row in (("window", window), ("minute", minute))}
    lines = [
        f"Gatewatch, {clock(now.at_us, '%Y-%m-%d %H:%M:%S')} UTC. {_loaded(fresh)}",
        *_gateway(live),
        *(f"▲ ledger: {safe(alarm)}" for alarm in fresh.get("alarms", ())),
        "",
        f"{'':16}{'since ' + began['minute']:>14}{'since ' + began['window']:>14}",
        *(
            f"{name:16}{figure(minute.get(column)):>14}{figure(window.get(column)):>14}"
            for name, column, figure in _FIGURES
        ),
        "",
        f"spend since 00:00 UTC: {_spend(today)} for {count(today['calls'])} calls",
        f"spend since {began['window']} UTC: {_spend(window)}",
        f"provider cache: {share(cache_read_share(now.series))} of input tokens read from it",
        f"exact cache hit rate: {share(window['cache_hit_rate'])}",
    ]
    for title, rows in (("model", now.models), ("team", now.teams)):
        if rows:
            lines += [
                "",
                _table_line(f"top by {title}, since {began['window']}", "calls", "tokens", "cost", "unpriced"),
            ]
            lines += [_spend_line(row) for row in rows]
    if now.errors:
        lines += ["", f"{'errors, since ' + began['window']:{NAME_CELLS}}{'HTTP':>8}{'calls':>10}  provider"]
        lines += [_error_line(row) for row in now.errors]
    return "\n".join(lines) + "\n"


_FIGURES = (
    ("calls", "calls", count),
    ("requests/s", "rps", per_second),
    ("p50", "p50_ms", milliseconds),
    ("p95", "p95_ms", milliseconds),
    ("p99", "p99_ms", milliseconds),
    ("TTFT p50", "ttft_p50_ms", milliseconds),
    ("TTFT p95", "ttft_p95_ms", milliseconds),
    ("errors", "errors", count),
    ("error rate", "error_rate", share),
    ("blocked", "blocked", count),
    ("input tokens", "input_tokens", count),
    ("output tokens", "output_tokens", count),
)


def _loaded(fresh: Row) -> str:
    until = fresh.get("loaded_until")
    return f"The ledger is loaded until {clock(until)} UTC." if until else "Nothing is loaded yet."


def _gateway(live: Mapping[str, Any] | None) -> list[str]:
    if live is None:
        return ["✗ no gateway is running: these are the files of its home"]
    workers = live.get("workers", ())
    busy = (
        f", {sum(each['in_flight'] for each in workers)} in flight"
        if all("in_flight" in each for each in workers)
        else ""
    )
    lines = [f"● {len(workers)} worker{'s' * (len(workers) != 1)} on {safe(live.get('listen', UNKNOWN))}{busy}"]
    return lines + [
        f"▲ {alarm.get('severity', 'warning')} since {clock(alarm['since'])} UTC: {safe(alarm['text'])}"
        for alarm in live.get("alarms", ())
    ]


def _spend(row: Row) -> str:
    unpriced = row["unpriced_calls"]
    return dollars(row["cost_usd"]) + (f", and {count(unpriced)} unpriced calls" if unpriced else "")


def _spend_line(row: Row) -> str:
    unpriced = count(row["unpriced_calls"]) if row["unpriced_calls"] else ""
    return _table_line(row["group"] or "(none)", compact(row["calls"]), compact(tokens_in(row)), spent(row), unpriced)


def _table_line(name: object, calls: str, tokens: str, cost: str, unpriced: str) -> str:
    return f"{safe(name, NAME_CELLS):{NAME_CELLS}}{calls:>10}{tokens:>10}{cost:>14}{unpriced:>10}".rstrip()


def _error_line(row: Row) -> str:
    name, http = safe(row["error_kind"] or "(none)", NAME_CELLS), row["http_status"]
    status = UNKNOWN if http is None else str(http)
    return f"{name:{NAME_CELLS}}{status:>8}{compact(row['count']):>10}  {safe(row['group'] or '(none)', 40)}"
