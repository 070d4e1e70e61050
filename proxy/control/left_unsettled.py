"""What a dead worker has journalled and not settled in the shared limits store: the rest of its journal.

Keeps true: each call of it once, where the ledger has it; calls that nobody saw the end of count by their estimate, at
the position behind which nothing follows.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from gatewatch.call import Attempt, Call
from gatewatch.ledger.interrupted import interrupted
from gatewatch.ledger.lines import kept_text, opened, read
from gatewatch.ledger.segments import SegmentFile, find_segment, segments_in
from gatewatch.limits.counters import WHOLE, Position
from gatewatch.paths import Home

CHUNK_BYTES = 1024 * 1024


class Left(NamedTuple):
    """Calls that are settled together: one, or all that were interrupted."""

    calls: Sequence[tuple[Call, Sequence[Attempt]]]
    position: Position


def living(home: Home) -> set[str]:
    """The worker runs whose writer holds its lock."""
    found = set()
    for run, segments in groupby(segments_in(home.journal), key=lambda segment: segment.run):
        if not is_dead(home, run, list(segments)):
            found.add(run)
    return found


def is_dead(home: Home, run: str, segments: Sequence[SegmentFile]) -> bool:
    """Whether nobody writes this run any more. A run goes on in a new segment before it lets go of the old one."""
    while True:
        if not all(_is_let_go(segment) for segment in segments):
            return False
        now = [segment for segment in segments_in(home.journal) if segment.run == run]
        if {segment.name for segment in now} <= {segment.name for segment in segments}:
            return True
        segments = now


def runs_since(home: Home, since: str) -> set[str]:
    """All runs that began then or later, dead ones too."""
    return {each.run for each in (*segments_in(home.journal), *segments_in(home.loaded)) if each.run >= since}


def unsettled(home: Home, run: str, sequence: int, offset: int) -> Iterator[Left]:
    """What a dead run has written behind that position, in its order. Raises OSError where it cannot be read."""
    names = {each.name for each in (*segments_in(home.journal), *segments_in(home.loaded)) if each.run == run}
    segments = [find_segment(home, name) for name in sorted(names)]
    for segment in segments:
        if segment.sequence >= sequence:
            yield from _closed(segment, offset if segment.sequence == sequence else 0)
    if segments and offset != WHOLE:
        last = segments[-2:]
        refused = {kept_text(line) for segment in last for line in _refused(segment)}
        calls = [(opened(b"{" + fact.body), ()) for fact in interrupted(last, refused).facts["close"]]
        yield Left(calls, (segments[-1].name, WHOLE))


def _closed(segment: SegmentFile, begin: int) -> Iterator[Left]:
    """Each call that ends behind `begin`."""
    tries: dict[str, list[Attempt]] = {}
    for line, end in _lines(segment, begin):
        try:
            kind, _, record = read(line)
        except ValueError:
            continue  # in quarantine
        if kind == "attempt":
            tries.setdefault(record.call_id, []).append(record)
        elif kind == "close":
            yield Left([(record, tries.pop(record.call_id, ()))], (segment.name, end))


def _refused(segment: SegmentFile) -> Iterator[bytes]:
    for line, _ in _lines(segment, 0):
        try:
            read(line)
        except ValueError:
            yield line


def _lines(segment: SegmentFile, begin: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines from there on, without their newline, and the offset behind each."""
    at = begin
    if begin >= WHOLE:
        return
    for chunk in segment.chunks(begin, None, CHUNK_BYTES):
        if chunk.endswith(b"\n"):
            for line in chunk[:-1].split(b"\n"):
                at += len(line) + 1
                yield line, at


def _is_let_go(segment: SegmentFile) -> bool:
    try:
        return segment.writer_is_gone()
    except FileNotFoundError:  # packed away, or taken back by a worker that found no space
        return True
