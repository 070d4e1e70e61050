"""Finds the calls that a dead worker left open, and what they probably cost.

Keeps true: a call is interrupted when its run's writer is gone and its `open` has no `close` in the run's last two
segments. Two, because a writer that died while it went on to a new segment may not have repeated every `open` there.
"""

from collections.abc import Iterable

from gatewatch.call import Call, line
from gatewatch.ledger.lines import Fact, Sorted, call_id_of, checked, opened
from gatewatch.ledger.segments import SegmentFile

_HEAD = len(line("close", Call(call_id="", started_at=0)).partition(b'"call_id"')[0])
CHUNK = 8 * 1024 * 1024


def interrupted(last: Iterable[SegmentFile]) -> Sorted:
    """The interrupted calls of a run as facts to load, and in quarantine those `open` lines that are no calls.

    `last` are the last two segments of the run, or the only one, oldest first.
    """
    opens: dict[str, tuple[str, int, bytes]] = {}
    for segment in last:
        for offset, text in _lines(segment):
            try:
                kind, _ = checked(text)
            except ValueError:
                continue
            if kind == "open":
                opens[call_id_of(text)] = (segment.name, offset, text)
            elif kind == "close":
                opens.pop(call_id_of(text), None)
    found = Sorted()
    for name, offset, text in opens.values():
        try:
            call = opened(text)
        except ValueError as error:
            found.refuse(name, offset, text, str(error))
        else:
            found.facts["close"].append(Fact(name, offset, line("close", as_interrupted(call))[_HEAD:-1]))
    return found


def as_interrupted(call: Call) -> Call:
    """How an announced call is recorded whose end nobody saw: its estimate counts, its times are unknown."""
    call.status = call.error_kind = "interrupted"
    call.http_status = None
    if call.cost_basis != "unpriced":
        call.cost_basis = "estimated"
    return call


def _lines(segment: SegmentFile) -> Iterable[tuple[int, bytes]]:
    offset = 0
    for chunk in segment.chunks(0, None, CHUNK):
        if chunk.endswith(b"\n"):
            for text in chunk.split(b"\n")[:-1]:
                yield offset, text
                offset += len(text) + 1
