"""Calls: the live list, newest on top, with a filter.

Keeps true: at most `MOST_ROWS` rows are held; the list follows the newest while the cursor is on the first row, and
stands still (paused, in words) as soon as the operator looks at another one; older pages are asked for by keyset.
"""

from dataclasses import replace

from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import var

from app.console.actions import Situation
from app.console.bindings import bindings_of
from app.console.content import line, mark, plain, status_text
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

    where: var[str] = var("")

    def __init__(self) -> None:
        super().__init__()
        self._older_than: str | None = None
        """The page that is being asked for begins after this call; None: the newest."""
        self._no_older = False
        self._newer = 0

        self.calls = RowList(COLUMNS, lambda row: str(row["call_id"]), id="calls")

    def compose_body(self) -> ComposeResult:
        yield self.calls

    def question(self) -> Question:
        return Question(calls=True, where=self.where, before=self._older_than)

    def crumbs(self) -> list[str]:
        return ["Calls", self.where] if self.where else ["Calls"]

    def situation(self) -> Situation:
        return replace(super().situation(), selected=self.calls.row is not None, no_older=self._no_older)

    def newer(self) -> int:
        return self._newer

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.calls.focus()

    def filter_by(self, where: str) -> None:
        """Show the newest calls that match."""
        if where != self.where:
            self.where = where
            self.calls.show([])
            self.say_nothing_yet()
        self._follow()

    def draw(self, snapshot: Snapshot) -> Content | None:
        page = snapshot.page
        if page is None or page.where != self.where or page.before:
            return None if self.calls.rows else plain("connecting…")
        self._no_older = page.last
        self.calls.show(page.rows, from_top=True)
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
        rows = self.calls.rows
        if page.before:
            if page.before == self._older_than:
                self._older_than = None
                self._no_older = page.last
                cursor = self.calls.row
                held = (*rows, *page.rows)[-MOST_ROWS:]
                self.calls.show(held)
                if cursor is rows[-1] and page.rows:
                    self.calls.select(held.index(page.rows[0]))
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
        self.calls.select(0)
        self.console.poll()

    def action_pause(self) -> None:
        if self.paused_us is None:
            self.paused_us = self.console.now_us()
        else:
            self._follow()

    def action_older(self) -> None:
        rows = self.calls.rows
        if not rows or self._no_older or self._older_than:
            return
        if self.paused_us is None:
            self.paused_us = self.console.now_us()
        self._older_than = str(rows[-1]["call_id"])
        self.console.poll()

    def action_copy_id(self) -> None:
        if self.calls.row:
            self.console.copy_id(str(self.calls.row["call_id"]))

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
        here = self.calls.cursor
        self.calls.select(here + by)
        return str(self.calls.row["call_id"]) if self.calls.row and self.calls.cursor != here else None


def outcome_cell(row: Row) -> Content:
    """The error's code where there is one, the status otherwise, with the mark of the status."""
    sign, colour = mark(row.get("status"))
    return line((f"{sign} {row['error_kind']}", colour)) if row.get("error_kind") else status_text(row.get("status"))


def error_cell(row: Row) -> Content:
    """The error's code, or nothing."""
    kind = row.get("error_kind")
    return plain(kind, mark(row.get("status"))[1]) if kind else plain("")


def http_cell(row: Row) -> Content:
    status = row.get("http_status")
    return plain(UNKNOWN if status is None else status, "$error" if status and status >= 500 else "")


def model_cell(row: Row) -> Content:
    """What was asked for; where it went, when that has another name than `provider/model` says already."""
    asked, went = row.get("requested_model"), row.get("model")
    told = not went or asked in (went, f"{row.get('provider')}/{went}")
    return plain(asked if told else f"{asked} → {went}")


def money_cell(row: Row) -> Content:
    cost = row.get("cost_usd")
    return plain(dollars(cost), "$warning" if cost == "unpriced" else "")


def tries_cell(row: Row) -> Content:
    tries = row.get("attempts")
    return plain(tries, "$warning" if tries and tries > 1 else "")


WIDE = 110
COLUMNS = [
    Column("time UTC", 8, lambda row: plain(clock(row.get("started_at")))),
    Column("outcome", 17, outcome_cell, grow=1, below_width=WIDE),
    Column("status", 15, lambda row: status_text(row.get("status")), from_width=WIDE),
    Column("http", 4, http_cell, right=True),
    Column("team", 8, lambda row: plain(row.get("team")), grow=1),
    Column("model", 14, model_cell, grow=3),
    Column("provider", 10, lambda row: plain(row.get("provider")), from_width=120, grow=1),
    Column("key", 12, lambda row: plain(row.get("key_name")), from_width=150, grow=1),
    Column("endpoint", 12, lambda row: plain(row.get("endpoint")), from_width=170),
    Column("error", 16, error_cell, from_width=WIDE, grow=2),
    Column("tries", 5, tries_cell, right=True, from_width=140),
    Column("in", 6, lambda row: plain(compact(row.get("input_tokens"))), right=True, from_width=WIDE),
    Column("out", 6, lambda row: plain(compact(row.get("output_tokens"))), right=True, from_width=WIDE),
    Column("TTFT", 7, lambda row: plain(milliseconds(row.get("ttft_ms"))), right=True, from_width=140),
    Column("latency", 7, lambda row: plain(milliseconds(row.get("latency_ms"))), right=True),
    Column("cost", 10, money_cell, right=True),
]
