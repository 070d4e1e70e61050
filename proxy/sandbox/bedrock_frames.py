"""AWS's binary event streams, as they are written.

A message: its length, the length of its headers and a CRC-32 of those eight bytes; the headers; a payload of JSON; a
CRC-32 of all before it. Every number is big-endian. smithy.io/2.0/aws/amazon-eventstream.html, and "Event stream
encoding" at docs.aws.amazon.com.
"""

from collections.abc import Iterable, Iterator
from zlib import crc32

from proxy.sandbox.filler import filled
from proxy.sandbox.framing import Framing

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_STRING = b"\x07"
_PRELUDE = 12
_CHECKSUM = 4


def event(name: str, payload: bytes) -> bytes:
    """`contentBlockDelta` and its JSON."""
    return _message(
        _headers({":event-type": name, ":content-type": "application/json", ":message-type": "event"}), payload
    )


def exception(name: str, payload: bytes) -> bytes:
    """An error that is modelled, `throttlingException`. Nothing comes after it."""
    return _message(
        _headers({":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}), payload
    )


class EventStream(Framing):
    """How these frames are harmed. All but one of the harms leave the checksums right."""

    content_type = CONTENT_TYPE

    def malformed(self, frame: bytes) -> bytes:
        headers, payload = _parts(frame)
        return _message(headers, payload[:-8])

    def long(self, frame: bytes, size: int) -> Iterable[bytes]:
        headers, payload = _parts(frame)
        return _blocks(headers, payload, size)

    def with_carriage_returns(self, frame: bytes) -> bytes:
        """There are no lines."""
        return frame

    def with_wrong_checksum(self, frame: bytes) -> bytes:
        return frame[:-_CHECKSUM] + bytes(byte ^ 0xFF for byte in frame[-_CHECKSUM:])


def _headers(fields: dict[str, str]) -> bytes:
    return b"".join(
        bytes([len(name)]) + name.encode() + _STRING + len(value).to_bytes(2) + value.encode()
        for name, value in fields.items()
    )


def _prelude(headers: bytes, payload_length: int) -> bytes:
    lengths = (_PRELUDE + len(headers) + payload_length + _CHECKSUM).to_bytes(4) + len(headers).to_bytes(4)
    return lengths + crc32(lengths).to_bytes(4)


def _message(headers: bytes, payload: bytes) -> bytes:
    message = _prelude(headers, len(payload)) + headers + payload
    return message + crc32(message).to_bytes(4)


def _parts(frame: bytes) -> tuple[bytes, bytes]:
    payload = _PRELUDE + int.from_bytes(frame[4:8])
    return frame[_PRELUDE:payload], frame[payload:-_CHECKSUM]


def _blocks(headers: bytes, payload: bytes, size: int) -> Iterator[bytes]:
    grown = filled(payload, size - _PRELUDE - len(headers) - _CHECKSUM)
    checksum = 0
    for block in (_prelude(headers, grown.length) + headers, *grown.blocks()):
        checksum = crc32(block, checksum)
        yield block
    yield checksum.to_bytes(4)


EVENT_STREAM = EventStream()
