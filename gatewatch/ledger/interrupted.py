"""Finds the calls that a dead worker left open, and what they probably cost.

Keeps true: a call is interrupted when its run's writer is gone and its `open` has no `close` in the run's last two
segments. Two, because a writer that died while it went on to a new segment may not have repeated every `open` there.
A `close` in quarantine closes nothing: its call is recorded by its estimate.
"""

from collections.abc import Container, Iterable, Iterator

from gatewatch.call import Call, line
from gatewatch.ledger.lines import Fact, Sorted, opened
from gatewatch.ledger.segments import SegmentFile

CHUNK_BYTES = 8 * 1024 * 1024
Place = tuple[str, int]
"""A segment's name and an offset in it."""

_OPEN, _CLOSE = b'{"k":"open",', b'{"k":"close",'
_ID = b'"call_id":"'
_HEAD = len(line("close", Call(call_id="", started_at=0)).partition(b'"call_id"')[0])


def interrupted(last: Iterable[SegmentFile], quarantine: Container[Place]) -> Sorted:
    """The interrupted calls of a run as facts to load, and as quarantined those `open` lines that cannot be.

    `last` are the last two segments of the run, or the only one, oldest first. Lines in `quarantine` do not count.
    """
    opens: dict[bytes, tuple[Place, bytes]] = {}
    for segment in last:
        for place, text in _lines(segment):
            begins = text.startswith(_OPEN)
            if (begins or text.startswith(_CLOSE)) and place not in quarantine:
                at = text.find(_ID) + len(_ID)
                call_id = text[at : at + 36]
                if begins:
                    opens[call_id] = place, text
                else:
                    opens.pop(call_id, None)
    found = Sorted()
    for (name, offset), text in opens.values():
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


def _lines(segment: SegmentFile) -> Iterator[tuple[Place, bytes]]:
    offset = 0
    for chunk in segment.chunks(0, None, CHUNK_BYTES):
        lines = chunk.split(b"\n")
        lines.pop()  # what follows the last newline: nothing, or a torn line
        for text in lines:
            yield (segment.name, offset), text
            offset += len(text) + 1
