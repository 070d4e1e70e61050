"""What the journal says that rules have counted, without the ledger: behind a checkpoint, or as far back as windows go.

Keeps true: it is what the ledger will say when it has loaded the same lines, interrupted calls included. Memory is that
of the counters and of one chunk, however long the journal is.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby

from gatewatch.call import Attempt, Call
from gatewatch.ledger.interrupted import interrupted
from gatewatch.ledger.lines import opened, read
from gatewatch.ledger.segments import SegmentFile, find_segment, segments_in
from gatewatch.limits.charged import charged
from gatewatch.limits.concerned import Concerned, by_tries
from gatewatch.limits.counters import MOST_COUNTED, WHOLE, Seed, Seeds
from gatewatch.limits.rule import Rule
from gatewatch.paths import Home

CHUNK_BYTES = 1024 * 1024
_TRIES_BEFORE = 64 * 1024
"""Bytes; a call's tries stand right before its end, which may be the first line behind a position."""
_CLOSE, _ATTEMPT = b'{"k":"c', b'{"k":"a'


@dataclass
class Part:
    """Rules that were counted up to the same positions."""

    rules: Sequence[Rule]
    known: Seeds
    """What they had there; nothing, with no positions, where nothing is known of them."""
    _found: dict[str, dict[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.concerned = Concerned(self.rules)
        for seed in self.known.seeds:
            self._found[seed.counter] = dict(seed.buckets)

    def begin(self, segment: str) -> int:
        """The first byte of it that is not counted."""
        return self.known.positions.get(segment, 0)

    def add(self, call: Call, attempts: Iterable[Attempt]) -> None:
        """A call that has ended."""
        for key, bucket, amount in charged(self.concerned, call, attempts):
            buckets = self._found.setdefault(key, {})
            buckets[bucket] = min(buckets.get(bucket, 0) + amount, MOST_COUNTED)

    def counted(self, now: int) -> Iterator[Seed]:
        """What counts at `now`."""
        oldest = {rule.id: rule.window.kept_from(now) for rule in self.rules if rule.window}
        for key, buckets in self._found.items():
            if (first := oldest.get(key.partition("|")[0])) is None:
                continue
            if kept := {bucket: amount for bucket, amount in buckets.items() if bucket >= first and amount}:
                yield Seed(key, kept)


def counted_by_journal(home: Home, parts: Sequence[Part], now: int) -> Seeds:
    """What all of these rules have counted by now. Raises OSError where the journal cannot be read."""
    oldest = min((rule.window.kept_from(now) for part in parts for rule in part.rules if rule.window), default=now)
    positions: dict[str, int] = {}
    looked_at: set[str] = set()
    while new := [segment for segment in _segments(home) if segment.name not in looked_at]:  # also begun meanwhile
        for segment in new:
            looked_at.add(segment.name)
            with suppress(FileNotFoundError):  # a worker takes an empty one back
                segment = find_segment(home, segment.name)
                if segment.path.stat().st_mtime * 1_000_000 >= oldest or not segment.writer_is_gone():
                    positions[segment.name] = _add(segment, parts)
    for _, run in groupby(_segments(home), key=lambda segment: segment.run):
        last = [*run][-2:]
        if positions.get(last[-1].name) == WHOLE:
            _add_interrupted(last, parts)
    return Seeds(
        rules=tuple(rule.id for part in parts for rule in part.rules),
        seeds=tuple(seed for part in parts for seed in part.counted(now)),
        positions=positions,
    )


def _segments(home: Home) -> list[SegmentFile]:
    """Each once, by run and sequence; while one is packed away, both of it are whole."""
    found = {segment.name: segment for segment in segments_in(home.loaded) + segments_in(home.journal)}
    return [segment for _, segment in sorted(found.items(), key=lambda each: (each[1].run, each[1].sequence))]


def _add(segment: SegmentFile, parts: Sequence[Part]) -> int:
    """What of it is not counted yet; the position that it is counted up to then."""
    is_gone = segment.writer_is_gone()  # before it is read: then its end is the last
    begin = min(part.begin(segment.name) for part in parts)
    if begin == WHOLE:
        return WHOLE
    at = max(0, begin - _TRIES_BEFORE)
    tries: dict[str, list[Attempt]] | None = None
    if any(by_tries(rule) for part in parts for rule in part.rules):
        tries = {}
    for chunk in segment.chunks(at, None, CHUNK_BYTES):
        if not chunk.endswith(b"\n"):
            break  # torn, or being written
        for line in chunk[:-1].split(b"\n"):
            if line.startswith(_CLOSE) or (tries is not None and line.startswith(_ATTEMPT)):
                _add_line(line, at, segment.name, parts, tries)
            at += len(line) + 1
    return WHOLE if is_gone else at


def _add_line(
    line: bytes, at: int, segment: str, parts: Sequence[Part], tries: dict[str, list[Attempt]] | None
) -> None:
    try:
        _, _, record = read(line)
    except ValueError:
        return  # it will be in quarantine
    if isinstance(record, Attempt):
        if tries is not None:
            tries.setdefault(record.call_id, []).append(record)
        return
    attempts = tries.pop(record.call_id, []) if tries else []
    for part in parts:
        if at >= part.begin(segment):
            part.add(record, attempts)


def _add_interrupted(last: Sequence[SegmentFile], parts: Sequence[Part]) -> None:
    """What the dead writer of a run left open."""
    left = [part for part in parts if part.begin(last[-1].name) != WHOLE]
    if left:
        for fact in interrupted(last, ()).facts["close"]:
            call = opened(b"{" + fact.body)
            for part in left:
                part.add(call, ())
