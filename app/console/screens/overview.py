"""Overview: is the gateway well, what does it cost, who is behind it."""

from collections.abc import Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from app.console.actions import Situation
from app.console.alarm_lines import alarm_lines
from app.console.bindings import bindings_of
from app.console.content import line, lines, plain
from app.console.figures import (
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
from app.console.links import Link, condition
from app.console.measures import HOUR, MEASURES, MINUTE, SECOND, plot_of, trend
from app.console.screens.view import View
from app.console.snapshot import DEFAULT_SPAN, SPANS, Overview, Question, Snapshot
from app.console.widgets.chart import Chart
from app.console.widgets.notice import first_steps, nothing_in_window
from app.console.widgets.row_list import Column, RowList
from app.console.widgets.still import Still
from app.console.widgets.tile import Tile

NO_NAME = "(none)"
QUIET = "$foreground 65%"
GAP = "   "
GATEWAY_ROWS, GATEWAY_ROWS_NARROW = 6, 3
"""As the style sheet has them."""
WARN_RATE, BAD_RATE = 0.01, 0.05
ALARM_MARKS = {"": "", "warn": "▲ ", "bad": "✗ "}
ALARM_COLOURS = {"": "", "warn": "$warning", "bad": "$error"}


class OverviewScreen(View):
    """The first screen."""

    PLACE = "overview"
    BINDINGS = bindings_of("overview")  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.span = DEFAULT_SPAN
        self.measure = next(iter(MEASURES))
        self._tiles = {name: Tile(id=name) for name in ("requests", "latency", "ttft", "errors", "spend", "tokens")}
        self._beside = Still(id="beside")
        self._gateway = Still(id="gateway")
        self._chart_title = Still(id="chart-title")
        self._chart = Chart(id="chart")
        self._models = RowList(spend_columns("model"), group_of, id="models")
        self._teams = RowList(spend_columns("team"), group_of, id="teams")
        self._errors = RowList(error_columns(), error_of, id="errors-list")

    def compose_body(self) -> ComposeResult:
        yield Horizontal(*self._tiles.values(), id="tiles")
        yield self._beside
        yield self._gateway
        yield self._chart_title
        yield self._chart
        yield Horizontal(self._models, self._teams, self._errors, id="lists")

    def question(self) -> Question:
        return Question(overview=True, span=self.span)

    def crumbs(self) -> list[str]:
        shown = self.snapshot.overview if self.snapshot else None
        since = f" since {clock(shown.window['window']['since'], '%H:%M')}" if shown and shown.span == self.span else ""
        return ["Overview", f"{self.span}{since}"]

    def situation(self) -> Situation:
        focused = self.focused
        selected = isinstance(focused, RowList) and focused.row is not None
        return replace(super().situation(), selected=selected)

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self._models.focus()

    def draw(self, snapshot: Snapshot) -> Content | None:
        self._draw_gateway(snapshot)
        now = snapshot.overview
        if now is None:
            return plain("connecting…")
        if not now.window["calls"]:
            if not now.today["calls"]:
                return first_steps((snapshot.live or {}).get("listen"))
            return nothing_in_window(now.span, count(now.today["calls"]))
        self._draw_tiles(now)
        self._beside.show(beside(now))
        title, plot = plot_of(self.measure, now)
        self._chart_title.show(title)
        self._chart.show(plot)
        self._models.show(now.models)
        self._teams.show(now.teams)
        self._errors.show(now.errors)
        return None

    def on_resize(self) -> None:
        if self.snapshot:
            self._draw_gateway(self.snapshot)

    def _draw_gateway(self, snapshot: Snapshot) -> None:
        rows = GATEWAY_ROWS_NARROW if self.has_class("-narrow") else GATEWAY_ROWS
        self._gateway.show(gateway_lines(snapshot, self.size.width - 2, rows))

    def _draw_tiles(self, now: Overview) -> None:
        minute, window, today = now.minute, now.window, now.today
        since = f"since {clock(minute['window']['since'], '%H:%M')}"
        for name, label, figure, of_window, column, per_us in (
            ("requests", "req/s", per_second(minute["rps"]), f"{per_second(window['rps'])}/s", "calls", SECOND),
            ("latency", "p95", *_both(now, "p95_ms"), "p95_ms", None),
            ("ttft", "TTFT p95", *_both(now, "ttft_p95_ms"), "ttft_p95_ms", None),
        ):
            tile = self._tiles[name]
            tile.show(plain(f"{label} {since}"), figure, plain(f"{now.span} {of_window}"), trend(now, column, per_us))
        alarm = alarm_of(minute["error_rate"])
        self._tiles["errors"].show(
            plain(f"errors {since}"),
            share(minute["error_rate"]),
            line((ALARM_MARKS[alarm], ALARM_COLOURS[alarm]), f"{now.span} {share(window['error_rate'])}"),
            trend(now, "errors", SECOND),
            alarm,
        )
        unpriced = today["unpriced_calls"]
        self._tiles["spend"].show(
            plain("spend since 00:00 UTC" if not self.has_class("-narrow") else "$ since 00:00 UTC"),
            dollars(today["cost_usd"]),
            line((f"▲ +{compact(unpriced)} unpriced", "$warning"))
            if unpriced
            else plain(f"{count(today['calls'])} calls"),
            trend(now, "cost_usd", HOUR),
        )
        self._tiles["tokens"].show(
            plain(f"tokens in {now.span}"),
            compact(tokens_in(window)),
            plain(f"in {compact(window['input_tokens'])} out {compact(window['output_tokens'])}"),
            trend(now, "input_tokens", MINUTE),
        )

    def action_next_window(self) -> None:
        names = list(SPANS)
        self.span = names[(names.index(self.span) + 1) % len(names)]
        self.paused_us = None
        self.console.poll()
        self.update_frame()

    def action_next_measure(self) -> None:
        names = list(MEASURES)
        self.measure = names[(names.index(self.measure) + 1) % len(names)]
        if self.snapshot:
            self.draw(self.snapshot)

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        message.stop()
        columns = CONDITIONS[message.rows.id or ""]
        values = [(column, message.row.get(name)) for column, name in columns]
        try:
            where = " ".join(
                condition(column, value) for column, value in values if value is not None or len(values) == 1
            )
        except ValueError as error:
            self.console.say(f"Cannot open it: {error}", "warning")
            return
        self.console.go(Link("calls", where))


CONDITIONS = {
    "models": [("model", "group")],
    "teams": [("team", "group")],
    "errors-list": [("status", "http_status"), ("error", "error_kind"), ("provider", "group")],
}
"""List → (column of a filter, name in the row) that leads from its rows to their calls."""


def group_of(row: Row) -> str:
    return str(row.get("group"))


def error_of(row: Row) -> str:
    return f"{row.get('http_status')} {row.get('error_kind')} {row.get('group')}"


def spend_columns(by: str) -> list[Column]:
    """Name, calls, tokens, money; unpriced calls apart where there is room."""
    return [
        Column(by, 8, lambda row: plain(row.get("group") or NO_NAME), grow=1),
        Column("calls", 6, lambda row: plain(compact(row.get("calls"))), right=True),
        Column("tokens", 6, lambda row: plain(compact(tokens_in(row))), right=True),
        Column("cost", 9, lambda row: money_cell(row), right=True),
        Column("unpriced", 8, lambda row: unpriced_cell(row), right=True, from_width=50),
    ]


def error_columns() -> list[Column]:
    """What went wrong, how often, when last."""
    return [
        Column("status", 6, lambda row: plain(row.get("http_status"))),
        Column("error", 10, lambda row: plain(row.get("error_kind") or NO_NAME), grow=2),
        Column("provider", 8, lambda row: plain(row.get("group") or NO_NAME), grow=1, from_width=48),
        Column("calls", 6, lambda row: plain(compact(row.get("count"))), right=True),
        Column("last seen", 9, lambda row: plain(clock(row.get("last_seen"))), right=True),
    ]


def money_cell(row: Row) -> Content:
    return plain(spent(row), "$warning" if row.get("unpriced_calls") else "")


def unpriced_cell(row: Row) -> Content:
    unpriced = row.get("unpriced_calls")
    return plain(f"▲ {compact(unpriced)}", "$warning") if unpriced else plain("")


def alarm_of(error_rate: float | None) -> str:
    """How bad an error rate is."""
    rate = error_rate or 0
    return "bad" if rate >= BAD_RATE else "warn" if rate >= WARN_RATE else ""


def beside(now: Overview) -> Content:
    """What the tiles have no room for, in two lines."""
    window = now.window
    percentiles = " ".join(f"{name} {milliseconds(window[f'{name}_ms'])}" for name in ("p50", "p95", "p99"))
    ttft = " ".join(f"{name} {milliseconds(window[f'ttft_{name}_ms'])}" for name in ("p50", "p95"))
    read = share(cache_read_share(now.series))
    return lines(
        line(percentiles, (f"{GAP}TTFT ", QUIET), ttft),
        line(
            *(("tokens ", QUIET), f"in {compact(window['input_tokens'])} ({read} provider cache)"),
            f" out {compact(window['output_tokens'])}",
            *((f"{GAP}exact cache ", QUIET), share(window["cache_hit_rate"])),
            *((f"{GAP}blocked ", QUIET), compact(window["blocked"])),
        ),
    )


def _both(now: Overview, column: str) -> tuple[str, str]:
    """A duration in the last minute and in the window."""
    return milliseconds(now.minute[column]), milliseconds(now.window[column])


def _load(workers: Sequence[Row]) -> str:
    """What the workers have to do; keys of one team are not told."""
    if not all("in_flight" in worker for worker in workers):
        return ""
    busy, streams, memory = (sum(worker[name] for worker in workers) for name in ("in_flight", "streams", "rss_mb"))
    return f"{busy} in flight, {streams} streams   {memory:.0f} MB"


def gateway_lines(snapshot: Snapshot, width: int, rows: int) -> Content:
    """Workers, then alarms, in so many rows of so many cells."""
    live = snapshot.live or {}
    workers = live.get("workers", ())
    many = f"{len(workers)} worker{'s' * (len(workers) != 1)}"
    first = line(
        ("● " if workers else "✗ ", "$success" if workers else "$error"),
        f"{many} on {live.get('listen', '–')}   {_load(workers)}",
    )
    return lines(first, *alarm_lines(snapshot, width, rows - 1))
