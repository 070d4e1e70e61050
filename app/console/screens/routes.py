"""Routes: where calls go, how it goes there, what is in force over it; rolled back and drained by one key each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from app.console.actions import Situation
from app.console.bindings import bindings_of
from app.console.content import line, lines, plain
from app.console.figures import Row, compact, dollars, milliseconds, share
from app.console.links import Link, condition
from app.console.screens.view import View
from app.console.snapshot import Question, Snapshot
from app.console.widgets.notice import steps
from app.console.widgets.row_list import Column, RowList
from gatewatch.routing.target_words import in_order, out_of_order

MOST_DIFFERENCES = 12
WARN_RATE, BAD_RATE = 0.01, 0.05


class RoutesScreen(View):
    """A row for each route and target."""

    PLACE = "routes"
    BINDINGS = bindings_of("routes")  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.routes = RowList(COLUMNS, lambda row: f"{row['route']} {row['target']}", id="routes")

    def compose_body(self) -> ComposeResult:
        yield self.routes

    def question(self) -> Question:
        return Question(routes=True)

    def crumbs(self) -> list[str]:
        return ["Routes", "the last hour"]

    def situation(self) -> Situation:
        return replace(super().situation(), selected=self.routes.row is not None)

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.routes.focus()

    def draw(self, snapshot: Snapshot) -> Content | None:
        if snapshot.routes is None:
            return plain("connecting…")
        self.routes.show(snapshot.routes)
        if snapshot.routes:
            return None
        return steps(
            "The configuration has no routes.",
            ("give a model a name and targets, under `models`", "gatewatch config schema"),
            ("until then apps ask for provider/model", ":calls"),
        )

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        message.stop()
        self.update_frame()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        message.stop()
        provider, _, model = message.row["target"].partition("/")
        values = (("route", message.row["route"]), ("provider", provider), ("model", model))
        try:
            where = " ".join(condition(column, value) for column, value in values)
        except ValueError as error:
            self.console.say(f"Cannot open it: {error}", "warning")
            return
        self.console.go(Link("calls", where))

    def action_roll_back(self) -> None:
        """Ask with both versions and what differs; a route that is rolled back is asked about being so no longer."""
        row = self.routes.row
        assert row is not None
        route = row["route"]
        if standing := _override(row, "rollback"):
            self._ask(lifting(row, standing), "routes.lift_rollback", f"{route} is as configured again", route=route)
            return

        def planned(plan: dict[str, Any]) -> None:
            self._ask(
                rolling_back(plan),
                "routes.rollback",
                f"{route} is rolled back to {plan['version']}",
                route=route,
                version=plan["version"],
            )

        self.console.perform("routes.rollback", planned, route=route, dry=True)

    def action_drain(self) -> None:
        """Ask; a target that is drained is asked about being so no longer."""
        row = self.routes.row
        assert row is not None
        if standing := _override(row, "drain"):
            asked = {"target": standing["id"].partition(":")[2].partition("|")[0]}
            of_route = standing["id"].partition("|")[2]
            asked |= {"route": of_route} if of_route else {}
            question = line("Let new calls go to ", (asked["target"], "bold"), " again?")
            self._ask(question, "routes.undrain", f"{asked['target']} gets calls again", **asked)
        else:
            question = lines(
                line("Send no new calls to ", (row["target"], "bold"), ", on any route?"),
                plain(f"{self._calls_at(row['target'])} calls run there; they go on to their end."),
            )
            self._ask(question, "routes.drain", f"{row['target']} is drained", target=row["target"])

    def _calls_at(self, target: str) -> int:
        """On any route."""
        return sum(row["in_flight"] or 0 for row in self.routes.rows if row["target"] == target)

    def _ask(self, question: Content, action: str, done: str, **asked: object) -> None:
        self.console.confirm(question, lambda: self.console.perform(action, self._said(done), **asked))

    def _said(self, done: str) -> Callable[[Any], None]:
        def say(_: Any) -> None:
            self.console.say(done)
            self.console.poll()

        return say


def rolling_back(plan: Mapping[str, Any]) -> Content:
    """Both versions, and key by key what will be different. `plan`: what a dry run answers."""
    changed = plan["differences"]
    rows = [
        line("Roll ", (plan["route"], "bold"), " back from version ", (plan["before"], "bold"), " to ",
             (plan["version"], "bold"), "?"),
        plain(""),
        *(line((f"{each['key']}: ", "$accent"), _value(each["then"]), " → ", _value(each["now"]))
          for each in changed[:MOST_DIFFERENCES]),
    ]  # fmt: skip
    if len(changed) > MOST_DIFFERENCES:
        rows.append(plain(f"and {len(changed) - MOST_DIFFERENCES} more: gatewatch routes diff {plan['route']}"))
    rows += [plain(""), plain("New calls go by it at once, and after reloads and restarts, until it is lifted.")]
    return lines(*rows)


def lifting(row: Row, standing: Mapping[str, Any]) -> Content:
    """Of a route that is rolled back."""
    reason = f" It was rolled back because: {standing['reason']}" if standing.get("reason") else ""
    return lines(
        line("Put ", (row["route"], "bold"), " back from version ", (row["version"], "bold"), " to ",
             (row["configured"], "bold"), ", as configured?"),
        plain(f"New calls go by it at once.{reason}"),
    )  # fmt: skip


def _override(row: Row, kind: str) -> Mapping[str, Any] | None:
    return next((each for each in row["overrides"] if each["kind"] == kind), None)


def _value(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def state_cell(row: Row) -> Content:
    """What is in force, then what the gateway has seen of the target; by words and marks, never by colour alone."""
    said = ", ".join(out_of_order(row))
    if row.get("breaker") in ("open", "half_open"):
        return plain(f"✗ {said}", "$error")
    if said:
        return plain(f"▲ {said}", "$warning")
    return plain(("● " if row["is_target"] else "") + in_order(row))


def failed_cell(row: Row) -> Content:
    rate = row.get("failed_rate")
    style = "" if not rate or rate < WARN_RATE else "$error" if rate >= BAD_RATE else "$warning"
    return plain(share(rate), style)


def _live_ms(row: Row) -> str:
    known = row.get("live_ttft_ms")
    return milliseconds(row.get("live_latency_ms") if known is None else known)


COLUMNS = [
    Column("route", 10, lambda row: plain(row["route"]), grow=2),
    Column("target", 18, lambda row: plain(row["target"]), grow=3),
    Column("state", 15, state_cell, grow=3),
    Column("strategy", 8, lambda row: plain(row["strategy"]), from_width=110),
    Column("version", 8, lambda row: plain(row["version"]), from_width=110),
    Column("tries", 6, lambda row: plain(compact(row["tries"])), right=True),
    Column("failed", 6, failed_cell, right=True),
    Column("now", 7, lambda row: plain(_live_ms(row)), right=True, from_width=120),
    Column("p50", 7, lambda row: plain(milliseconds(row["p50_ms"])), right=True, from_width=120),
    Column("p95", 7, lambda row: plain(milliseconds(row["p95_ms"])), right=True),
    Column("answered", 8, lambda row: plain(compact(row["answered"])), right=True),
    Column("share", 6, lambda row: plain(share(row["share"])), right=True, from_width=100),
    Column("headroom", 8, lambda row: plain(share(row["headroom"])), right=True, from_width=140),
    Column("running", 7, lambda row: plain(compact(row["in_flight"])), right=True, from_width=140),
    Column("cost", 9, lambda row: plain(dollars(row["cost_usd"])), right=True, from_width=100),
]
