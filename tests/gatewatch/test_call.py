"""The journal's records: what a line looks like, and that older readers and newer writers understand each other."""

import msgspec
import pytest

from gatewatch.call import RECORDS, Attempt, Call, Rejected, Tokens, line

CALL_ID = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_the_kind_stands_first_and_defaults_are_left_out() -> None:
    rejected = Rejected(started_at=1, source="127.0.0.1", error_kind="invalid_api_key", count=3)
    assert line("rejected", rejected) == (
        b'{"k":"rejected","v":1,"started_at":1,"source":"127.0.0.1","error_kind":"invalid_api_key","count":3}\n'
    )
    assert line("open", Call(call_id=CALL_ID, started_at=1)) == (
        b'{"k":"open","v":1,"call_id":"' + CALL_ID.encode() + b'","started_at":1}\n'
    )


def test_no_text_breaks_a_line_in_two() -> None:
    call = Call(call_id=CALL_ID, started_at=1, user="two\nlines\r\u2028", tags={"a\nb": "\x00"})
    written = line("close", call)
    assert written.count(b"\n") == 1
    assert written.endswith(b"}\n")
    assert msgspec.json.decode(written, type=Call) == call


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("open", Call(call_id=CALL_ID, started_at=1, stream=True)),
        ("close", Call(call_id=CALL_ID, started_at=1, cost_picos=None, cost_basis="unpriced", usage={"n": [1, None]})),
        ("attempt", Attempt(call_id=CALL_ID, started_at=1, n=1, provider="sandbox", model="m", connect_us=0)),
        ("rejected", Rejected(started_at=1, source="::1", error_kind="invalid_api_key", count=1)),
    ],
)
def test_what_is_written_is_read_back(kind: str, record: msgspec.Struct) -> None:
    assert msgspec.json.decode(line(kind, record), type=RECORDS[kind]) == record


def test_a_field_from_a_newer_writer_is_passed_over() -> None:
    newer = b'{"k":"close","v":1,"call_id":"%s","started_at":1,"of_tomorrow":{"a":1}}' % CALL_ID.encode()
    assert msgspec.json.decode(newer, type=Call) == Call(call_id=CALL_ID, started_at=1)


def test_the_input_is_the_sum_of_its_classes_and_no_output() -> None:
    tokens = Tokens(
        input_uncached=1,
        input_cache_read=10,
        input_cache_write_5m=100,
        input_cache_write_1h=1_000,
        input_audio=10_000,
        input_image=100_000,
        output=7,
        output_reasoning=5,
        output_audio=2,
    )
    assert tokens.input == 111_111


def test_every_token_class_has_its_column() -> None:
    tokens = Tokens(**{name: number for number, name in enumerate(Tokens.__struct_fields__, 1)})
    call = Call(call_id=CALL_ID, started_at=1)
    call.set_tokens(tokens)
    columns = [getattr(call, f"{name}_tokens") for name in Tokens.__struct_fields__]
    assert columns == list(range(1, 10))


def test_two_calls_never_share_their_tags() -> None:
    first, second = (Call(call_id=CALL_ID, started_at=1) for _ in range(2))
    first.tags["team"] = "search"
    assert second.tags == {}
