import json

import pytest

from proxy.sandbox.framing import SERVER_SENT_EVENTS

FRAME = b'event: delta\ndata: {"text":"hello, world"}\n\n'


def test_a_malformed_frame_is_whole_and_its_json_is_not() -> None:
    harmed = SERVER_SENT_EVENTS.malformed(FRAME)
    assert harmed.endswith(b"\n\n")
    with pytest.raises(ValueError, match=r"."):
        json.loads(harmed.partition(b"data: ")[2])


def test_a_long_frame_is_one_line_of_json() -> None:
    grown = b"".join(SERVER_SENT_EVENTS.long(FRAME, 1000))
    assert len(grown) == 1000
    _, data, *_ = grown.split(b"\n")
    assert json.loads(data.removeprefix(b"data: "))["text"] == "hello, world"


def test_carriage_returns_come_once_at_the_end_of_every_line() -> None:
    for frame in (FRAME, FRAME.replace(b"\n", b"\r\n")):
        harmed = SERVER_SENT_EVENTS.with_carriage_returns(frame)
        assert harmed == b'event: delta\r\ndata: {"text":"hello, world"}\r\n\r\n'


def test_there_is_no_checksum_to_be_wrong() -> None:
    assert SERVER_SENT_EVENTS.with_wrong_checksum(FRAME) == FRAME
