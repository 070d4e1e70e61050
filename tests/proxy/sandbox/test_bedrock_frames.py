"""Binary frames; the oracle is botocore's own reader of them, and one message put together by hand."""

import json
from collections.abc import Iterable

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer, EventStreamMessage

from proxy.sandbox.bedrock_frames import EVENT_STREAM, event, exception

FRAME = event("contentBlockDelta", b'{"delta":{"text":"hello, world"}}')


def read(frames: Iterable[bytes]) -> list[EventStreamMessage]:
    buffer = EventStreamBuffer()
    for frame in frames:
        buffer.add_data(frame)
    return list(buffer)


def test_a_frame_is_laid_out_as_aws_describes_it() -> None:
    frame = event("x", b"{}")
    names = (
        b"\x0b:event-type\x07\x00\x01x\x0d:content-type\x07\x00\x10application/json\x0d:message-type\x07\x00\x05event"
    )
    assert frame[4:8] == len(names).to_bytes(4)
    assert frame[12:-4] == names + b"{}"
    assert len(frame) == int.from_bytes(frame[:4])


def test_an_event_and_an_exception_are_read_by_their_names() -> None:
    said, failed = read([FRAME, exception("throttlingException", b'{"message":"slow"}')])
    assert (said.headers[":message-type"], said.headers[":event-type"]) == ("event", "contentBlockDelta")
    assert json.loads(said.payload)["delta"] == {"text": "hello, world"}
    assert (failed.headers[":message-type"], failed.headers[":exception-type"]) == ("exception", "throttlingException")


def test_a_malformed_frame_has_right_checksums_and_json_without_an_end() -> None:
    (message, after) = read([EVENT_STREAM.malformed(FRAME), FRAME])
    with pytest.raises(ValueError, match=r"."):
        json.loads(message.payload)
    assert json.loads(after.payload)


@pytest.mark.parametrize("size", [500, 65_536, 3_000_000])
def test_a_long_frame_has_its_size_and_right_checksums(size: int) -> None:
    blocks = list(EVENT_STREAM.long(FRAME, size))
    assert sum(map(len, blocks)) == size
    (message,) = read(blocks)
    assert json.loads(message.payload)["delta"] == {"text": "hello, world"}


def test_a_wrong_checksum_is_noticed_and_the_lengths_are_right() -> None:
    harmed = EVENT_STREAM.with_wrong_checksum(FRAME)
    assert len(harmed) == len(FRAME)
    with pytest.raises(ChecksumMismatch):
        read([harmed])


def test_carriage_returns_have_no_place() -> None:
    assert EVENT_STREAM.with_carriage_returns(FRAME) == FRAME
