"""Finds the calls that a dead worker left open, and what they probably cost.

Keeps true: a call is interrupted when its run's writer is gone and its `open` has no `close` in the run's last two
segments. Two, because a writer that died while it went on to a new segment may not have repeated every `open` there.
A `close` in quarantine closes nothing: its call is recorded by its estimate.
"""

from collections.abc import Container, Iterable, Iterator

from gatewatch.call import Call, line
from gatewatch.ledger.lines import Fact, Sorted, kept_text, opened
from gatewatch.ledger.segments import SegmentFile

CHUNK_BYTES = 1024 * 1024

_OPEN, _CLOSE = b'{"k":"open",', b'{"k":"close",'
_ID = b'"call_id":"'
_HEAD = len(line("close", Call(call_id="", started_at=0)).partition(b'"call_id"')[0])


def interrupted(last: Iterable[SegmentFile], quarantine: Container[str]) -> Sorted:
    """The interrupted calls of a run as facts to load, and as quarantined those `open` lines that cannot be.

    `last` are the last two segments of the run, or the only one. Lines whose text is in `quarantine` do not count.
    """
    opens: dict[bytes, tuple[str, int, bytes]] = {}
    closed: set[bytes] = set()
    for segment in last:
        for offset, chunk in _chunks(segment):
            lines = chunk.split(b"\n")
            closes = [text for text in lines if text.startswith(_CLOSE)]
            closed.update(_id(text) for text in closes if not quarantine or kept_text(text) not in quarantine)
            for text in lines:
                if text.startswith(_OPEN):
                    opens[_id(text)] = segment.name, offset, text
                offset += len(text) + 1
    found = Sorted()
    for name, offset, text in (opens[call_id] for call_id in opens.keys() - closed):
        if kept_text(text) in quarantine:
            continue
        try:
            call = opened(text)
        except ValueError as error:
            found.refuse(name, offset, text, str(error))
        else:
            found.facts["close"].append(Fact(name, offset, line("close", as_interrupted(call))[_HEAD:-1]))
    found.facts["close"].sort(key=lambda fact: (fact.segment, fact.offset))
    return found


def as_interrupted(call: Call) -> Call:
    """How an announced call is recorded whose end nobody saw: its estimate counts, its times are unknown."""
    call.status = call.error_kind = "interrupted"
    call.http_status = None
    if call.cost_basis != "unpriced":
        call.cost_basis = "estimated"
    return call


def _id(text: bytes) -> bytes:
    at = text.find(_ID) + len(_ID)
    return text[at : at + 36]


def _chunks(segment: SegmentFile) -> Iterator[tuple[int, bytes]]:
    """Whole lines and where they begin; not a torn one at the end."""
    offset = 0
    for chunk in segment.chunks(0, None, CHUNK_BYTES):
        if chunk.endswith(b"\n"):
            yield offset, chunk
            offset += len(chunk)
