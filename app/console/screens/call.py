"""One call in full."""

from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from app.console import call_view
from app.console.actions import Situation
from app.console.bindings import bindings_of
from app.console.charges import charges_of
from app.console.content import plain
from app.console.links import Link
from app.console.screens.view import View
from app.console.snapshot import OneCall, Question, Snapshot
from app.console.widgets.notice import steps
from app.console.widgets.still import Still

MARGINS = 5
"""Cells to the left and right of what is shown: padding and scroll bar."""


class CallScreen(View):
    """Stands on top of the list of calls."""

    PLACE = "call"
    BINDINGS = bindings_of("call")  # type: ignore[assignment]

    def __init__(self, call_id: str) -> None:
        super().__init__()
        self.call_id = call_id

        self._parts = {
            name: Still(id=name) for name in ("summary", "error", "attempts", "time", "money", "limits", "details")
        }
        self._scroll = VerticalScroll(*self._parts.values(), id="call")

    def compose_body(self) -> ComposeResult:
        yield self._scroll

    def question(self) -> Question:
        return Question(call_id=self.call_id)

    def crumbs(self) -> list[str]:
        where = self.console.where_in_calls()
        return ["Calls", *([where] if where else []), self.call_id]

    def situation(self) -> Situation:
        return replace(super().situation(), selected=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self._scroll.focus()

    def show_call(self, call_id: str) -> None:
        """Another call in the same place."""
        self.call_id = call_id
        self.say_nothing_yet()
        self.console.poll()

    def draw(self, snapshot: Snapshot) -> Content | None:
        known = snapshot.call
        if known is None or known.call_id != self.call_id:
            return plain("connecting…")
        if known.row is None:
            return steps(
                "This call is not in the ledger.",
                ("a call that has just ended is there within two seconds", ""),
                ("look for it in the list", f':calls id="{self.call_id}"'),
                ("see whether the ledger is behind", "gatewatch doctor"),
            )
        self._draw_call(known)
        return None

    def _draw_call(self, known: OneCall) -> None:
        call, row = known.row or {}, known.price
        width = max(MARGINS + 20, self.size.width) - MARGINS
        charges = charges_of(call, row)
        for name, content in (
            ("summary", call_view.summary(call)),
            ("error", call_view.error(call)),
            ("attempts", call_view.time_line(call, width)),
            ("time", call_view.timings(call)),
            ("money", call_view.money(charges, call.get("price_row"), row, call.get("cost_basis"))),
            ("limits", call_view.limits(call, width)),
            ("details", call_view.details(call, width)),
        ):
            part = self._parts[name]
            part.display = bool(content)
            part.show(content)

    def on_resize(self) -> None:
        if self.snapshot:
            self.watch_snapshot(self.snapshot)

    def action_copy_id(self) -> None:
        self.console.copy_id(self.call_id)

    def action_step(self, by: int) -> None:
        next_id = self.console.step_in_calls(by)
        if next_id:
            self.console.go(Link("call", next_id), replace=True)
