"""What the console knows at one instant: asked for in one go, frozen, then shown.

Keeps true: a snapshot is never changed, the next one is made from it; when something cannot be asked, the last answer
stays and `problem` says since when and what to do. All numbers come from named queries.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from app.console.figures import Row
from gatewatch.errors import GatewatchError, Unreachable
from gatewatch.ledger.answer import Answer
from gatewatch.prices.row import PriceRow
from gatewatch.timespan import iso

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000

SPANS: dict[str, int] = {
    "5 min": 5 * MINUTE_US,
    "15 min": 15 * MINUTE_US,
    "1 h": 60 * MINUTE_US,
    "6 h": 360 * MINUTE_US,
    "24 h": DAY_US,
    "7 d": 7 * DAY_US,
}
"""Windows that the overview offers: name → length in microseconds."""
DEFAULT_SPAN = "15 min"
PAGE_ROWS = 200
TOP_ROWS = 20


class AsksLedger(Protocol):
    """A `LedgerReader`, or a `Source`."""

    def ask(self, query: str, /, **params: object) -> Answer: ...


class Source(AsksLedger, Protocol):
    """Where a snapshot comes from. `ask` and `live` raise GatewatchError; Unreachable when no gateway answers."""

    def live(self) -> dict[str, Any]: ...

    def price_row(self, call: Row) -> PriceRow | None:
        """The price row that a call names, where it is known here."""

    def perform(self, action: str, **asked: object) -> Any:
        """An operator's action; its answer. From any thread, also beside questions. Raises GatewatchError."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Question:
    """What the screen in front wants to know, beside the live state."""

    overview: bool = False
    span: str = DEFAULT_SPAN
    calls: bool = False
    where: str = ""
    before: str | None = None
    """The call id that a page of older calls begins after."""
    call_id: str | None = None
    routes: bool = False


@dataclass(frozen=True)
class Problem:
    """Why what is shown may be old."""

    title: str
    next_step: str
    since_us: int
    unreachable: bool
    """No gateway answers; otherwise it answers that it cannot."""


@dataclass(frozen=True)
class Overview:
    """How the gateway is doing: the last minute, a window, and the day so far (UTC). The ledger widens each to whole
    minutes, and the rows say so in `window`."""

    at_us: int
    span: str
    minute: Row
    window: Row
    today: Row
    series: tuple[Row, ...]
    models: tuple[Row, ...]
    teams: tuple[Row, ...]
    errors: tuple[Row, ...]


@dataclass(frozen=True)
class Page:
    """Calls, newest first."""

    where: str
    before: str | None
    rows: tuple[Row, ...]

    @property
    def last(self) -> bool:
        """Whether there are no older ones."""
        return len(self.rows) < PAGE_ROWS


@dataclass(frozen=True)
class OneCall:
    """One call in full; `row` is None while the ledger does not have it."""

    call_id: str
    row: Row | None
    price: PriceRow | None = None
    """The price row that it names, where it is known here."""


@dataclass(frozen=True)
class Snapshot:
    """Everything a screen draws from."""

    at_us: int
    question: Question
    live: Row | None = None
    fresh: Row | None = None
    """How far the ledger is: `loaded_until`, `behind_bytes`, `alarms`."""
    answered_us: int | None = None
    """When a gateway last answered everything that was asked."""
    overview: Overview | None = None
    page: Page | None = None
    call: OneCall | None = None
    routes: tuple[Row, ...] | None = None
    """One for each route and target."""
    problem: Problem | None = None


def take(source: Source, question: Question, before: Snapshot | None, now_us: int) -> Snapshot:
    """Ask what `question` wants. Never raises for a gateway that cannot answer: the snapshot says so."""
    taken = replace(before, at_us=now_us, question=question) if before else Snapshot(now_us, question)
    try:
        taken = replace(taken, live=source.live())
        if question.overview:
            overview, fresh = look_over(source, question.span, now_us)
            taken = replace(taken, overview=overview, fresh=fresh)
        if question.calls:
            params: dict[str, object] = {"where": question.where, "limit": PAGE_ROWS}
            if question.before:
                params["before"] = question.before
            answer = source.ask("calls", **params)
            page = Page(question.where, question.before, tuple(answer.rows))
            taken = replace(taken, page=page, fresh=answer.fresh)
        if question.call_id:
            call, fresh = one_call(source, question.call_id)
            taken = replace(taken, call=call, fresh=fresh)
        if question.routes:
            found = source.perform("routes.targets")
            taken = replace(taken, routes=tuple(found["rows"]), fresh=found["fresh"])
    except GatewatchError as error:
        since = taken.problem.since_us if taken.problem else now_us
        problem = Problem(error.title, error.next_step, since, unreachable=isinstance(error, Unreachable))
        return replace(taken, problem=problem)
    return replace(taken, problem=None, answered_us=now_us)


def look_over(source: AsksLedger, span: str, now_us: int) -> tuple[Overview, Row]:
    """The overview of a window that ends now, and how fresh it is. Raises GatewatchError."""
    window = {"since": iso(now_us - SPANS[span]), "until": iso(now_us)}
    whole = source.ask("overview", **window)

    def rows(query: str, **params: object) -> tuple[Row, ...]:
        return tuple(source.ask(query, **window, **params).rows)

    def of_period(begin_us: int) -> Row:
        return source.ask("overview", since=iso(begin_us), until=iso(now_us)).rows[0]

    overview = Overview(
        at_us=now_us,
        span=span,
        minute=of_period(now_us - MINUTE_US),
        window=whole.rows[0],
        today=of_period(now_us - (now_us % DAY_US or 1)),
        series=rows("series"),
        models=rows("spend", by="model", limit=TOP_ROWS),
        teams=rows("spend", by="team", limit=TOP_ROWS),
        errors=rows("errors", limit=TOP_ROWS),
    )
    return overview, whole.fresh


def one_call(source: Source, call_id: str) -> tuple[OneCall, Row]:
    """One call with its attempts, if the ledger has it, and how fresh that is. Raises GatewatchError."""
    answer = source.ask("call", call_id=call_id)
    row = answer.rows[0] if answer.rows else None
    return OneCall(call_id, row, source.price_row(row) if row else None), answer.fresh
