"""Calls: the live list, newest on top, with a filter.

Keeps true: at most `MOST_ROWS` rows are held; the list follows the newest while the cursor is on the first row, and
stands still (paused, in words) as soon as the operator looks at another one; older pages are asked for by keyset.
"""

from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive

from app.console.actions import Situation
from app.console.bindings import bindings_of
from app.console.content import plain, status_text
from app.console.figures import UNKNOWN, Row, clock, compact, dollars, milliseconds
from app.console.links import Link
from app.console.screens.view import View
from app.console.snapshot import Page, Question, Snapshot
from app.console.widgets.notice import first_steps, nothing_matches
from app.console.widgets.row_list import Column, RowList

MOST_ROWS = 500


class CallsScreen(View):
    """The live list."""

    PLACE = "calls"
    BINDINGS = bindings_of("calls")  # type: ignore[assignment]
    CSS_PATH = ["view.tcss", "calls.tcss"]  # noqa: RUF012 - Textual's way

    where: reactive[str] = reactive("")

    def __init__(self) -> None:
        super().__init__()
        self._older_than: str | None = None
        """The page that is being asked for begins after this call; None: the newest."""
        self._no_older = False
        self._newer = 0

    def compose_body(self) -> ComposeResult:
        yield RowList(COLUMNS, lambda row: str(row["call_id"]), id="calls")

    @property
    def list(self) -> RowList:
        return self.query_one("#calls", RowList)

    def question(self) -> Question:
        return Question(calls=True, where=self.where, before=self._older_than)

    def crumbs(self) -> list[str]:
        return ["Calls", self.where] if self.where else ["Calls"]

    def situation(self) -> Situation:
        console = self.console
        return Situation(console.read_only, self.list.row is not None, console.can_go_back, self._no_older)

    def newer(self) -> int:
        return self._newer

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.list.focus()

    def filter_by(self, where: str) -> None:
        """Show the newest calls that match."""
        if where != self.where:
            self.where = where
            self.list.show([])
            self.say_nothing_yet()
        self._follow()

    def draw(self, snapshot: Snapshot) -> Content | None:
        page = snapshot.page
        if page is None or page.where != self.where or page.before:
            return None if self.list.rows else plain("connecting…")
        self._no_older = page.last
        self.list.show(page.rows, from_top=True)
        if page.rows:
            return None
        return nothing_matches(self.where) if self.where else first_steps((snapshot.live or {}).get("listen"))

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        page = snapshot.page if snapshot else None
        if page and self.paused_us is not None and page.where == self.where:
            self._while_paused(page)
        super().watch_snapshot(snapshot)

    def _while_paused(self, page: Page) -> None:
        """Rows stand still: a page of older calls is put under them, newer calls are only counted."""
        rows = self.list.rows
        if page.before:
            if page.before == self._older_than:
                self._older_than = None
                self._no_older = page.last
                cursor = self.list.row
                held = (*rows, *page.rows)[-MOST_ROWS:]
                self.list.show(held)
                if cursor is rows[-1] and page.rows:
                    self.list.select(held.index(page.rows[0]))
            return
        known = {row["call_id"] for row in rows}
        self._newer = next((place for place, row in enumerate(page.rows) if row["call_id"] in known), len(page.rows))

    def watch_paused_us(self) -> None:
        if self.paused_us is None:
            self._older_than, self._newer = None, 0
        super().watch_paused_us()

    def _follow(self) -> None:
        """The newest calls again."""
        self.paused_us = None
        self.list.select(0)
        self.console.poll()

    def action_pause(self) -> None:
        if self.paused_us is None:
            self.paused_us = self.console.now_us()
        else:
            self._follow()

    def action_older(self) -> None:
        rows = self.list.rows
        if not rows or self._no_older or self._older_than:
            return
        if self.paused_us is None:
            self.paused_us = self.console.now_us()
        self._older_than = str(rows[-1]["call_id"])
        self.console.poll()

    def action_copy_id(self) -> None:
        if self.list.row:
            self.console.copy_id(str(self.list.row["call_id"]))

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        message.stop()
        if message.rows.cursor == 0 and self.paused_us is not None and not self._older_than:
            self._follow()
        elif message.rows.cursor > 0 and self.paused_us is None:
            self.paused_us = self.console.now_us()
        self.update_frame()

    def on_row_list_end_reached(self, message: RowList.EndReached) -> None:
        message.stop()
        self.action_older()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        message.stop()
        if self.paused_us is None:
            self.paused_us = self.console.now_us()
        self.console.go(Link("call", str(message.row["call_id"])))

    def step(self, by: int) -> str | None:
        """Move the cursor for the screen above; the id of the call it is on now, None where there is no further one."""
        here = self.list.cursor
        self.list.select(here + by)
        return str(self.list.row["call_id"]) if self.list.row and self.list.cursor != here else None


def what_failed(row: Row) -> Content:
    """The error's code, or nothing."""
    kind = row.get("error_kind")
    return plain(kind, "$error" if row.get("status") == "error" else "$warning") if kind else plain("")


def http_cell(row: Row) -> Content:
    status = row.get("http_status")
    return plain(UNKNOWN if status is None else status, "$error" if status and status >= 500 else "")


def model_cell(row: Row) -> Content:
    """What was asked for; where it went, when that has another name."""
    asked, went = row.get("requested_model"), row.get("model")
    return plain(asked if not went or went == asked else f"{asked} → {went}")


def money_cell(row: Row) -> Content:
    cost = row.get("cost_usd")
    return plain(dollars(cost), "$warning" if cost == "unpriced" else "")


def tries_cell(row: Row) -> Content:
    tries = row.get("attempts")
    return plain(tries, "$warning" if tries and tries > 1 else "")


COLUMNS = [
    Column("time UTC", 8, lambda row: plain(clock(row.get("started_at")))),
    Column("status", 15, lambda row: status_text(row.get("status"))),
    Column("http", 4, http_cell, right=True),
    Column("team", 9, lambda row: plain(row.get("team")), grow=1),
    Column("model", 14, model_cell, grow=3),
    Column("provider", 10, lambda row: plain(row.get("provider")), from_width=110, grow=1),
    Column("key", 12, lambda row: plain(row.get("key_name")), from_width=150, grow=1),
    Column("error", 20, what_failed, from_width=110, grow=1),
    Column("tries", 5, tries_cell, right=True, from_width=120),
    Column("in", 6, lambda row: plain(compact(row.get("input_tokens"))), right=True, from_width=100),
    Column("out", 6, lambda row: plain(compact(row.get("output_tokens"))), right=True, from_width=100),
    Column("TTFT", 7, lambda row: plain(milliseconds(row.get("ttft_ms"))), right=True, from_width=120),
    Column("latency", 7, lambda row: plain(milliseconds(row.get("latency_ms"))), right=True),
    Column("cost", 9, money_cell, right=True),
]
