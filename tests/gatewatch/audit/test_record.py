"""An entry's bytes and hash, reckoned once more with the standard library alone."""

import hashlib
import json

import msgspec
import pytest

from gatewatch.audit.record import GENESIS, Line, canonical, encoded, hash_after, line_of, record_of_line, record_of_row

ROW = (
    2,
    1_700_000_000_000_000,
    "älice",
    "key.create",
    "kid\t1",
    None,
    '{"models":["a"],"name":"x"}',
    "ok",
    "admin",
    None,
    None,
)


def test_an_entry_is_hashed_as_sorted_json_behind_the_hash_before_it() -> None:
    by_hand = (
        '{"action":"key.create","actor":"älice","after":"{\\"models\\":[\\"a\\"],\\"name\\":\\"x\\"}","at":1700000000000000,'
        '"before":null,"request_id":null,"result":"ok","role":"admin","seq":2,"source":null,"target":"kid\\t1"}'
    )
    assert json.dumps(json.loads(by_hand), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == by_hand
    previous = "ab" * 32
    record = record_of_row(ROW)
    assert canonical(record) == by_hand.encode()
    assert hash_after(previous, record) == hashlib.sha256(previous.encode() + by_hand.encode()).hexdigest()
    assert GENESIS == "0" * 64


def test_a_line_gives_back_its_record_byte_for_byte() -> None:
    line = line_of(record_of_row(ROW), GENESIS, "h" * 64, None, None)
    read = msgspec.json.decode(encoded(line), type=Line)
    assert encoded(read) == encoded(line)
    assert canonical(record_of_line(read)) == canonical(record_of_row(ROW))
    assert list(json.loads(encoded(line))) == sorted(json.loads(encoded(line)))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (1, "yesterday"),
        (2, b"blob"),
        (5, b"{}"),
        (5, "null"),
        (5, '{"a":1},"at":5,"before":{}'),
        (6, "[1]"),
        (6, '{"a":"\udc80"}'),
        (7, None),
        (8, 7),
    ],
)
def test_a_column_that_holds_something_else_is_no_record(column: int, value: object) -> None:
    row = [*ROW]
    row[column] = value
    with pytest.raises(ValueError):
        record_of_row(row)
