"""Sorts the lines of a journal: what can be loaded, what is kept for later, what goes to quarantine.

Keeps true: a line that leaves here as a fact has the types and ranges that the ledger's columns hold; every other line
is either an `open` or in quarantine with its reason. A line is never changed, only its `k` and `v` give way to the
segment and offset it came from.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from gatewatch.call import COST_BASES, JOURNAL_VERSION, STATUSES, Attempt, Call, Rejected

MAX_LINE = 16 * 1024 * 1024
"""Bytes; DuckDB's own limit for one JSON object."""
QUARANTINED_TEXT = 64 * 1024
"""Bytes of a bad line that the quarantine keeps; the segment has the rest."""
FACTS = ("close", "attempt", "rejected")
"""The kinds whose lines become rows."""

CALL_ID = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
_TIME = Annotated[int, msgspec.Meta(ge=0, lt=4_102_444_800_000_000)]  # until the year 2100
_COUNT = Annotated[int, msgspec.Meta(ge=0, lt=10**12)]  # so that a sum over millions fits BIGINT
_SMALL = Annotated[int, msgspec.Meta(ge=0, lt=10**6)]
_PICOS = Annotated[int, msgspec.Meta(ge=0, lt=10**18)]  # below a million USD, as DECIMAL(18, 12) is


_RANGES: dict[str, Any] = {
    "call_id": CALL_ID,
    "started_at": _TIME,
    "cost_picos": _PICOS | None,
    "reserved_picos": _PICOS | None,
    "avoided_picos": _PICOS | None,
    "lost_picos": _PICOS | None,
    "cache_age_us": _TIME | None,
    "cost_basis": Literal[COST_BASES],
    "http_status": _SMALL | None,
    "client_retry": _SMALL,
    "attempts": _SMALL,
    "n": _SMALL,
}
_COUNTS: dict[Any, Any] = {int: _COUNT, int | None: _COUNT | None}


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One line that becomes a row."""

    segment: str
    offset: int
    body: bytes
    """The record's fields, from after `"v":1,` on."""

    @property
    def text(self) -> bytes:
        """The line for `read_json`."""
        return b'{"segment":"%s","at":%d,%s\n' % (self.segment.encode(), self.offset, self.body)


class Quarantined(msgspec.Struct, frozen=True):
    """One line that cannot be loaded."""

    segment: str
    offset: int
    line: str
    reason: str


@dataclass
class Sorted:
    """The lines of a batch, by what happens to them."""

    facts: dict[str, list[Fact]] = field(default_factory=lambda: {kind: [] for kind in FACTS})
    quarantined: list[Quarantined] = field(default_factory=list)
    lines: int = 0

    def add(self, segment: str, offset: int, chunk: bytes) -> None:
        """Sort the lines of `chunk`: whole lines, the first of which stands at `offset` of the segment."""
        facts = {kind: found.append for kind, found in self.facts.items()}
        lines = chunk.split(b"\n")
        lines.pop()  # what follows the last newline: nothing
        for line in lines:
            try:
                kind, head = checked(line)
            except ValueError as error:
                self.refuse(segment, offset, line, str(error))
            else:
                if kind in facts:
                    facts[kind](Fact(segment, offset, line[head:]))
            offset += len(line) + 1
        self.lines += len(lines)

    def refuse(self, segment: str, offset: int, line: bytes, reason: str) -> None:
        """Put a line in quarantine."""
        self.quarantined.append(Quarantined(segment, offset, kept_text(line), reason))


def kept_text(line: bytes) -> str:
    """What the quarantine keeps of a line."""
    return line[:QUARANTINED_TEXT].decode("utf-8", "replace")


def checked(line: bytes) -> tuple[str, int]:
    """The kind of a line that can be loaded, and where the record's own fields begin.

    Raises ValueError with the reason why it cannot. Of an `open` line only the call id is looked at: its other fields
    matter when the call turns out to be interrupted, see `opened`.
    """
    kind, head, _ = read(line)
    return kind, head


def read(line: bytes) -> tuple[str, int, Any]:
    """As `checked`, and the record: a Call of a `close` line, an Attempt, or a Rejected. Raises ValueError."""
    kind, head, decoder = _KINDS.get(line[:7], _NO_KIND)
    if not kind or not line.startswith(head):
        raise ValueError(_unknown(line))
    if len(line) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE} bytes")
    try:
        record = decoder.decode(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if kind == "close":
        _check_cost(record)
    return kind, len(head), record


def opened(line: bytes) -> Call:
    """The call that an `open` line announces. Raises ValueError where the ledger could not hold it."""
    record = _OPEN.decode(line)
    _check_cost(record)
    return record


def _check_cost(record: Any) -> None:
    if (record.cost_picos is None) != (record.cost_basis == "unpriced"):
        raise ValueError("cost_picos must be null exactly where cost_basis is unpriced")


def _unknown(line: bytes) -> str:
    if line.startswith(b'{"k":"'):
        return f"of an unknown kind or version: {line[:40].decode('utf-8', 'replace')}"
    return "not a journal record"


def _narrowed(record: type[msgspec.Struct], **narrower: Any) -> msgspec.json.Decoder[Any]:
    """A decoder that also checks ranges. Fields that a newer writer added are passed over."""
    space: dict[str, Any] = {"__annotations__": {}}
    for info in msgspec.structs.fields(record):
        kind = (_RANGES | narrower).get(info.name, _COUNTS.get(info.type))
        if kind is not None:
            space["__annotations__"][info.name] = kind
            if info.default is not msgspec.NODEFAULT:
                space[info.name] = info.default
    return msgspec.json.Decoder(type(f"Checked{record.__name__}", (record,), space, kw_only=True, gc=False))


class _CallId(msgspec.Struct):
    call_id: CALL_ID


_ID = msgspec.json.Decoder(_CallId)
_OPEN: msgspec.json.Decoder[Call] = _narrowed(Call)
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "open": _ID,
    "close": _narrowed(Call, status=Literal[STATUSES]),
    "attempt": _narrowed(Attempt),
    "rejected": _narrowed(Rejected),
}
_NO_KIND = ("", b"", _ID)
_KINDS = {
    b'{"k":"%s' % kind.encode()[:1]: (kind, b'{"k":"%s","v":%d,' % (kind.encode(), JOURNAL_VERSION), decoder)
    for kind, decoder in _DECODERS.items()
}
