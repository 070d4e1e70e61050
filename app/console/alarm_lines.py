"""What is wrong now, in as few lines as there are: the worst first, then the newest, then how many more there are."""

from collections.abc import Iterator

from textual.content import Content

from app.console.content import line
from app.console.figures import clock
from app.console.snapshot import Snapshot
from gatewatch import __version__

MARKS = {"critical": ("✗", "$error"), "warning": ("▲", "$warning"), "info": ("·", "")}
OF_AN_ALERT = "alert:"
"""How ids of alarms begin that `gatewatch alerts` knows."""


def alarm_lines(snapshot: Snapshot, width: int, rows: int) -> list[Content]:
    """At most so many lines of so many cells; one that is alone is shown in full, and may take more."""
    rank = list(MARKS)
    standing = sorted(_alarms(snapshot), key=lambda alarm: rank.index(alarm[0]))
    if len(standing) == 1:
        return [standing[0][2]]
    shown = len(standing) if len(standing) <= rows else max(1, rows - 1)
    said = [text.truncate(width, ellipsis=True) for _, _, text in standing[:shown]]
    if more := standing[shown:]:
        where = "gatewatch alerts list" if all(id.startswith(OF_AN_ALERT) for _, id, _ in more) else "gatewatch doctor"
        said.append(line(f"+{len(more)}: ", (where, "bold")))
    return said


def _alarms(snapshot: Snapshot) -> Iterator[tuple[str, str, Content]]:
    """Severity, id, and the whole of it; among those of one severity as the gateway has them."""
    live, fresh = snapshot.live or {}, snapshot.fresh or {}
    for alarm in live.get("alarms", ()):
        severity = alarm.get("severity") if alarm.get("severity") in MARKS else "warning"
        mark, colour = MARKS[severity]
        since = f"{mark} {severity} since {clock(alarm['since'], '%H:%M')} "
        yield severity, str(alarm["id"]), line((since, colour), alarm["text"])
    if (version := live.get("version", __version__)) != __version__:
        told = f"the gateway is version {version}, this console is {__version__}"
        yield "warning", "version", line(("▲ ", "$warning"), told)
    for text in fresh.get("alarms", ()):
        yield "warning", "ledger", line(("▲ ledger ", "$warning"), text)
