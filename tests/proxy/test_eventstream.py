"""Messages as docs.aws.amazon.com ("Event stream encoding" of Amazon Transcribe) lays them out; the builder here
follows that page, and one message stands as bytes that botocore's own tests hold."""

import struct
from binascii import crc32
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.eventstream import BrokenEventStream, EventCutter, wrapped


def header(name: str, value: str) -> bytes:
    raw = value.encode()
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(raw)) + raw


def message(payload: bytes, *headers: bytes) -> bytes:
    head = b"".join(headers)
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack("!I", crc32(prelude))
    body = prelude + head + payload
    return body + struct.pack("!I", crc32(body))


def event(kind: str, payload: bytes = b"{}") -> bytes:
    types = header(":event-type", kind), header(":content-type", "application/json"), header(":message-type", "event")
    return message(payload, *types)


EMPTY = b"\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2H\xeb}\x98\xc8\xff"
"""botocore, tests/unit/test_eventstream.py: EMPTY_MESSAGE."""
STREAM = event("messageStart", b'{"role":"assistant"}') + event("contentBlockDelta", b'{"x":"\xc3\xa9"}') + event("end")
SAID = [("messageStart", b'{"role":"assistant"}'), ("contentBlockDelta", b'{"x":"\xc3\xa9"}'), ("end", b"{}")]


def cutter(cap: int = 1024) -> EventCutter:
    return EventCutter(cap)


def test_whole_messages_come_out_with_what_they_are() -> None:
    assert cutter().feed(STREAM) == SAID


def test_a_message_of_aws_own_tests_is_one() -> None:
    assert cutter().feed(EMPTY) == [("", b"")]


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=12))
def test_it_does_not_matter_how_the_bytes_arrive(cuts: list[int]) -> None:
    cutting = cutter()
    places = [0, *sorted(cuts), len(STREAM)]
    said = [each for start, end in pairwise(places) for each in cutting.feed(STREAM[start:end])]
    assert said == SAID
    assert not cutting.half


def test_half_a_message_is_kept_and_known() -> None:
    cutting = cutter()
    assert cutting.feed(STREAM[:-1]) == SAID[:2]
    assert cutting.half
    assert cutting.feed(STREAM[-1:]) == SAID[2:]
    assert not cutting.half


def test_an_exception_is_a_message_by_its_name() -> None:
    types = header(":exception-type", "throttlingException"), header(":message-type", "exception")
    assert cutter().feed(message(b'{"message":"slow"}', *types)) == [("throttlingException", b'{"message":"slow"}')]


def test_an_error_has_its_words_in_its_headers() -> None:
    types = header(":error-code", "Internal"), header(":error-message", 'a "b"'), header(":message-type", "error")
    assert cutter().feed(message(b"", *types)) == [("Internal", b'{"message":"a \\"b\\""}')]


def test_headers_of_every_type_are_passed_over() -> None:
    others = [b"\x01a\x00", b"\x01b\x01", b"\x01c\x02\x01", b"\x01d\x03\x00\x01", b"\x01e\x04" + bytes(4)]
    others += [b"\x01f\x05" + bytes(8), b"\x01g\x06\x00\x02ab", b"\x01h\x08" + bytes(8), b"\x01i\x09" + bytes(16)]
    assert cutter().feed(message(b"", *others, header(":event-type", "x"))) == [("x", b"")]


@pytest.mark.parametrize("place", [0, 5, 9, 20, -6, -1])
def test_a_flipped_bit_breaks_the_stream(place: int) -> None:
    broken = bytearray(event("a"))
    broken[place] ^= 1
    with pytest.raises(BrokenEventStream) as raised:
        cutter().feed(event("whole") + broken)
    assert raised.value.before == [("whole", b"{}")]


def test_a_message_beyond_the_cap_is_refused_by_its_first_twelve_bytes() -> None:
    long = event("a", bytes(2000))
    with pytest.raises(BrokenEventStream):
        cutter().feed(long[:12])


def test_lengths_that_cannot_be_are_refused() -> None:
    for total, headers in ((15, 0), (20, 8), (0, 0)):
        prelude = struct.pack("!II", total, headers)
        with pytest.raises(BrokenEventStream):
            cutter().feed(prelude + struct.pack("!I", crc32(prelude)) + bytes(20))


@pytest.mark.parametrize(
    "head", [b"\x05ab", b"\x01a", b"\x01a\x07\x00", b"\x01a\x07\x00\x09ab", b"\x01a\x05\x00", b"\x01\xff\x00"]
)
def test_headers_that_are_cut_are_refused(head: bytes) -> None:
    with pytest.raises(BrokenEventStream):
        cutter().feed(message(b"", head))


def test_a_web_page_is_no_event_stream() -> None:
    with pytest.raises(BrokenEventStream):
        cutter().feed(b"<!DOCTYPE html><html>")


def test_a_message_is_one_json_object() -> None:
    assert wrapped(("messageStop", b'{"stopReason":"end_turn"}')) == b'{"messageStop":{"stopReason":"end_turn"}}'
    assert wrapped(('a"b', b"")) == b'{"a\\"b":{}}'
