"""Overview: is the gateway well, what does it cost, who is behind it."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

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
from app.console.measures import MEASURES, plot_of
from app.console.screens.view import View
from app.console.snapshot import SPANS, Overview, Question, Snapshot
from app.console.widgets.chart import Chart
from app.console.widgets.notice import first_steps, nothing_in_window
from app.console.widgets.row_list import Column, RowList
from app.console.widgets.still import Still
from app.console.widgets.tile import Tile

NO_NAME = "(none)"


class OverviewScreen(View):
    """The first screen."""

    PLACE = "overview"
    BINDINGS = bindings_of("overview")  # type: ignore[assignment]
    CSS_PATH = ["view.tcss", "overview.tcss"]  # noqa: RUF012 - Textual's way

    def __init__(self) -> None:
        super().__init__()
        self.span = "15 min"
        self.measure = next(iter(MEASURES))

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="tiles"):
            for name in ("requests", "latency", "ttft", "errors", "spend", "tokens"):
                yield Tile(id=name)
        yield Still(id="beside")
        yield Still(id="gateway")
        yield Still(id="chart-title")
        yield Chart(id="chart")
        with Horizontal(id="lists"):
            yield RowList(spend_columns("model"), group_of, id="models")
            yield RowList(spend_columns("team"), group_of, id="teams")
            yield RowList(error_columns(), error_of, id="errors-list")

    def question(self) -> Question:
        return Question(overview=True, span=self.span)

    def crumbs(self) -> list[str]:
        return ["Overview", f"last {self.span}"]

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.query_one("#models", RowList).focus()

    def draw(self, snapshot: Snapshot) -> Content | None:
        self.query_one("#gateway", Still).show(gateway_lines(snapshot))
        now = snapshot.overview
        if now is None:
            return plain("connecting…")
        if not now.window["calls"]:
            if not now.today["calls"]:
                return first_steps((snapshot.live or {}).get("listen"))
            return nothing_in_window(now.span, count(now.today["calls"]))
        self._draw_tiles(now)
        self.query_one("#beside", Still).show(beside(now))
        title, plot = plot_of(self.measure, now)
        self.query_one("#chart-title", Still).show(title)
        self.query_one(Chart).show(plot)
        self.query_one("#models", RowList).show(now.models)
        self.query_one("#teams", RowList).show(now.teams)
        self.query_one("#errors-list", RowList).show(now.errors)
        return None

    def _draw_tiles(self, now: Overview) -> None:
        minute, window, today, series = now.minute, now.window, now.today, now.series

        def trend(name: str) -> list[float]:
            return [float(row.get(name) or 0) for row in series]

        def tile(name: str, label: str, figure: str, note: Content, values: list[float], alarm: str = "") -> None:
            self.query_one(f"#{name}", Tile).show(plain(label), figure, note, values, alarm)

        tile(
            "requests",
            "requests/s, last minute",
            per_second(minute["rps"]),
            plain(f"{now.span} {per_second(window['rps'])}/s"),
            trend("rps"),
        )
        tile(
            "latency",
            "p95, last minute",
            milliseconds(minute["p95_ms"]),
            plain(f"{now.span} {milliseconds(window['p95_ms'])}"),
            trend("p95_ms"),
        )
        tile(
            "ttft",
            "TTFT p95, last minute",
            milliseconds(minute["ttft_p95_ms"]),
            plain(f"{now.span} {milliseconds(window['ttft_p95_ms'])}"),
            trend("ttft_p95_ms"),
        )
        rate = minute["error_rate"] or 0
        tile(
            "errors",
            "errors, last minute",
            share(minute["error_rate"]),
            errors_note(now),
            trend("errors"),
            "bad" if rate >= 0.05 else "warn" if rate >= 0.01 else "",
        )
        unpriced = today.get("unpriced_calls") or 0
        tile(
            "spend",
            "spend since 00:00 UTC",
            dollars(today["cost_usd"]),
            line((f"▲ {count(unpriced)} unpriced", "$warning")) if unpriced else plain(f"{count(today['calls'])} calls"),
            trend("cost_usd"),
        )
        tile(
            "tokens",
            f"tokens, {now.span}",
            compact(tokens_in(window)),
            plain(f"in {compact(window['input_tokens'])} out {compact(window['output_tokens'])}"),
            [float(tokens_in(row)) for row in series],
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
        conditions = {
            "models": [("model", "group")],
            "teams": [("team", "group")],
            "errors-list": [("status", "http_status"), ("error_kind", "error_kind")],
        }[message.rows.id or ""]
        try:
            where = " ".join(condition(column, message.row.get(name)) for column, name in conditions)
        except ValueError as error:
            self.console.say(f"Cannot open it: {error}", "warning")
            return
        self.console.go(Link("calls", where))


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
        Column("error", 10, lambda row: plain(row.get("error_kind") or NO_NAME), grow=1),
        Column("calls", 6, lambda row: plain(compact(row.get("count"))), right=True),
        Column("last seen", 9, lambda row: plain(clock(row.get("last_seen"))), right=True),
    ]


def money_cell(row: Row) -> Content:
    return plain(spent(row), "$warning" if row.get("unpriced_calls") else "")


def unpriced_cell(row: Row) -> Content:
    unpriced = row.get("unpriced_calls")
    return plain(f"▲ {compact(unpriced)}", "$warning") if unpriced else plain("0", "$foreground 50%")


def errors_note(now: Overview) -> Content:
    return plain(f"{now.span} {share(now.window['error_rate'])} · {compact(now.minute['blocked'])} blocked")


def beside(now: Overview) -> Content:
    """What the tiles have no room for, in one line."""
    window = now.window
    percentiles = " ".join(f"{name} {milliseconds(window[f'{name}_ms'])}" for name in ("p50", "p95", "p99"))
    ttft = " ".join(f"{name} {milliseconds(window[f'ttft_{name}_ms'])}" for name in ("p50", "p95"))
    read = share(cache_read_share(window))
    return lines(
        line(
            *(("latency ", "$foreground 65%"), percentiles),
            *(("   TTFT ", "$foreground 65%"), ttft),
            *(("   exact cache ", "$foreground 65%"), share(window["cache_hit_rate"])),
        ),
        line(
            *(("tokens ", "$foreground 65%"), f"in {compact(window['input_tokens'])}"),
            f" ({read} read from the provider's cache) out {compact(window['output_tokens'])}",
            *(("   blocked ", "$foreground 65%"), compact(window["blocked"])),
        ),
    )


def gateway_lines(snapshot: Snapshot) -> Content:
    """Workers, then every alarm that stands."""
    live = snapshot.live or {}
    workers = live.get("workers", ())
    busy = sum(worker["in_flight"] for worker in workers)
    streams = sum(worker["streams"] for worker in workers)
    memory = sum(worker["rss_mb"] for worker in workers)
    many = f"{len(workers)} worker{'s' * (len(workers) != 1)}"
    first = line(
        ("● " if workers else "✗ ", "$success" if workers else "$error"),
        f"{many} on {live.get('listen', '–')}   {busy} in flight, {streams} streams   {memory:.0f} MB",
    )
    alarms = [line((f"▲ since {clock(alarm['since'])} UTC ", "$warning"), alarm["text"]) for alarm in live.get("alarms", ())]
    return lines(first, *alarms)
