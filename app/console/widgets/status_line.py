"""The top line of every screen: where one is, and how old what one sees is."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from app.console.content import line, plain
from app.console.figures import age, clock, stopwatch
from app.console.snapshot import PAGE_ROWS, Snapshot
from app.console.widgets.still import Still
from gatewatch.timespan import parse_instant

SLOW_US = 3_000_000
"""From here on a question that has not been answered is worth a word."""


@dataclass(frozen=True)
class Standing:
    """What the status line speaks of, beside the snapshot."""

    now_us: int
    asked_us: int | None = None
    """When the question that is being waited for was asked."""
    paused_us: int | None = None
    newer: int = 0
    """Calls that came in during the pause."""
    read_only: bool = False


class StatusLine(Horizontal):
    """Breadcrumb to the left, state to the right."""

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; padding: 0 1; }
    StatusLine > .status--crumbs { width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    StatusLine > .status--state { width: auto; margin-left: 1; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._crumbs = Still(classes="status--crumbs")
        self._state = Still(classes="status--state")

    def compose(self) -> ComposeResult:
        yield self._crumbs
        yield self._state

    def show(self, crumbs: list[str], snapshot: Snapshot | None, standing: Standing) -> None:
        self._crumbs.show(breadcrumb(crumbs))
        self._state.show(state(snapshot, standing))


def breadcrumb(crumbs: list[str]) -> Content:
    """`Calls › team=search`, the last one bold."""
    parts = [plain(crumb, "bold" if crumb is crumbs[-1] else "") for crumb in crumbs]
    return Content(" › ").join(parts)


def state(snapshot: Snapshot | None, standing: Standing) -> Content:
    """`● live  loaded 0.8 s ago  12:04:31 UTC`, or what is the matter."""
    parts: list[Content] = []
    if standing.read_only:
        parts.append(line(("READ-ONLY", "bold $warning")))
    if standing.paused_us is not None:
        more = "+" if standing.newer >= PAGE_ROWS else ""
        newer = f" · {standing.newer}{more} newer" if standing.newer else ""
        parts.append(line((f"▲ PAUSED {stopwatch(standing.now_us - standing.paused_us)}{newer}", "bold $warning")))
    parts.append(_gateway(snapshot, standing))
    if snapshot is not None:
        parts.append(plain(f"{clock(standing.now_us)} UTC"))
    return Content("  ").join(parts)


def _gateway(snapshot: Snapshot | None, standing: Standing) -> Content:
    waited = standing.now_us - standing.asked_us if standing.asked_us is not None else 0
    if snapshot is None:
        return plain("connecting…")
    problem = snapshot.problem
    if problem and problem.unreachable:
        return line((f"✗ gateway not reachable since {clock(problem.since_us)} UTC", "bold $error"))
    if problem:
        return line((f"✗ no answer from the ledger since {clock(problem.since_us)} UTC", "bold $error"))
    if waited > SLOW_US:
        return line((f"▲ waiting {age(waited)} for an answer", "$warning"))
    alarms = sum(len((part or {}).get("alarms", ())) for part in (snapshot.live, snapshot.fresh))
    said = line((f"▲ {alarms} alarm{'s' * (alarms != 1)}", "bold $warning")) if alarms else line(("● live", "$success"))
    return said if snapshot.fresh is None else line(said, "  ", _loaded(snapshot, standing))


def _loaded(snapshot: Snapshot, standing: Standing) -> Content:
    until = (snapshot.fresh or {}).get("loaded_until")
    if until is None:
        return plain("nothing loaded yet")
    return plain(f"loaded {age(standing.now_us - parse_instant(until, standing.now_us))} ago")
