"""One audit entry as it is hashed, written to files and compared: byte for byte.

    hash(n) = SHA-256(hash(n - 1) as 64 hex digits ‖ the entry as JSON, keys sorted, no blanks, UTF-8)

The hash before the first entry is 64 zeros. `before` and `after` are hashed as JSON strings of the text that they are
stored as, so that nothing in them can pass for another field.
"""

import hashlib
from collections.abc import Sequence

import msgspec

GENESIS = "0" * 64

NOTHING = msgspec.Raw(b"null")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an entry says; `at` in µs since the epoch, UTC."""

    seq: int
    at: int
    actor: str
    action: str
    target: str
    before: msgspec.Raw
    after: msgspec.Raw
    result: str
    role: str | None
    source: str | None
    request_id: str | None


class Line(Record, frozen=True, kw_only=True):
    """A record with its proof, as a file holds it: one JSON object in one line, keys sorted."""

    previous: str
    hash: str
    seal: str | None
    """None: it was not sealed yet."""
    key_id: str | None
    """Which audit key sealed it."""


COLUMNS = Record.__struct_fields__
"""The columns of `audit`, in the order of `record_of_row`."""

_SIDES = ("before", "after")


def record_of_row(row: Sequence[object]) -> Record:
    """A row of COLUMNS. Raises ValueError where a column holds what no entry of ours can."""
    fields = dict(zip(COLUMNS, row, strict=True))
    for side in _SIDES:
        text = fields[side]
        fields[side] = NOTHING if text is None else _object(side, text)
    try:
        return msgspec.convert(fields, Record)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def canonical(record: Record) -> bytes:
    """The bytes that stand for a record in its hash; no two records have the same. Raises ValueError."""
    sides = {side: _text(getattr(record, side)) for side in _SIDES}
    return msgspec.json.encode(msgspec.structs.asdict(record) | sides, order="sorted")


def hash_after(previous: str, record: Record) -> str:
    """The hash of a record that follows on the one with the hash `previous`; 64 hex digits."""
    return hashlib.sha256(previous.encode("utf-8", "surrogatepass") + canonical(record)).hexdigest()


def _text(side: msgspec.Raw) -> str | None:
    text = bytes(side)
    return None if text == bytes(NOTHING) else text.decode()


def _object(side: str, text: object) -> msgspec.Raw:
    try:
        if isinstance(text, str) and isinstance(msgspec.json.decode(text), dict):
            return msgspec.Raw(text.encode())
    except (ValueError, RecursionError):
        pass
    raise ValueError(f"{side} is no JSON object")


def line_of(record: Record, previous: str, hash: str, seal: str | None, key_id: str | None) -> Line:
    return Line(**msgspec.structs.asdict(record), previous=previous, hash=hash, seal=seal, key_id=key_id)


def record_of_line(line: Line) -> Record:
    return Record(**{name: getattr(line, name) for name in COLUMNS})


def encoded(line: Line) -> bytes:
    """The line without its end."""
    return msgspec.json.encode(line, order="sorted")
