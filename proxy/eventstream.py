"""AWS event streams (application/vnd.amazon.eventstream): cuts a stream of bytes into whole messages.

A message is a prelude (total length, length of the headers, CRC of both), headers, payload and a CRC of it all
(docs.aws.amazon.com, "Event stream encoding"). Keeps true: a message is passed on only when all of it has come and both
CRCs are right; no message is longer than `cap`, and that is known from its first twelve bytes.
"""

from struct import Struct
from zlib import crc32

import msgspec

from proxy.sse import BrokenFraming

_PRELUDE = Struct("!III")
_CRC_LENGTH = 4
_SHORTEST = _PRELUDE.size + _CRC_LENGTH
_FIXED_LENGTHS = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Type of a header's value → its length; types 6 and 7 (bytes, text) say theirs."""
_TEXT = 7

_encode_name = msgspec.json.Encoder().encode

Message = tuple[str, bytes]
"""What it is (`contentBlockDelta`, or the name of an exception) and its payload."""


class BrokenEventStream(ValueError):
    """Bytes that are no event stream, or a message beyond the cap. Nothing after them can be read."""

    def __init__(self, what: str, before: list[Message]) -> None:
        super().__init__(what)
        self.before = before
        """The whole messages that stood before them in the same read."""


class EventCutter:
    """Feed it reads, take whole messages."""

    def __init__(self, cap: int) -> None:
        self._rest = bytearray()
        self._cap = cap
        self._wanted = _PRELUDE.size
        """Bytes without which nothing more can be said."""

    @property
    def half(self) -> bool:
        """Whether part of a message has come: a stream that closes now was cut."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[Message]:
        """Bytes → the messages they complete. Raises BrokenEventStream."""
        rest = self._rest
        rest += data
        if len(rest) < self._wanted:
            return []
        messages: list[Message] = []
        start = 0
        view = bytes(rest)
        while len(view) - start >= _PRELUDE.size:
            total, headers, crc = _PRELUDE.unpack_from(view, start)
            if crc32(view[start : start + 8]) != crc:
                raise BrokenEventStream("the CRC of a prelude is wrong", messages)
            if total > self._cap or not _SHORTEST + headers <= total:
                raise BrokenEventStream(f"a message of {total} bytes", messages)
            if len(view) - start < total:
                self._wanted = total
                break
            try:
                messages.append(_message(view[start : start + total], headers))
            except ValueError as error:
                raise BrokenEventStream(str(error), messages) from None
            start += total
            self._wanted = _PRELUDE.size
        del rest[:start]
        return messages


class EventFrames:
    """The messages as frames of JSON, for whoever reads server-sent events otherwise."""

    def __init__(self, cap: int) -> None:
        self._cutter = EventCutter(cap)

    @property
    def rest(self) -> bytes:
        """Not empty where part of a message has come."""
        return b"half a message" if self._cutter.half else b""

    def feed(self, data: bytes) -> list[bytes]:
        """Bytes → the messages they complete, as `wrapped`. Raises BrokenFraming."""
        try:
            return [wrapped(message) for message in self._cutter.feed(data)]
        except BrokenEventStream as error:
            raise BrokenFraming(str(error), [wrapped(message) for message in error.before]) from None

    @staticmethod
    def payload(frame: bytes) -> bytes:
        return frame


def wrapped(message: Message) -> bytes:
    """A message as one JSON object, `{"<what it is>": payload}`."""
    name, payload = message
    return b"{%s:%s}" % (_encode_name(name), payload or b"{}")


def _message(frame: bytes, headers_length: int) -> Message:
    """Raises ValueError."""
    if crc32(frame[:-_CRC_LENGTH]) != int.from_bytes(frame[-_CRC_LENGTH:], "big"):
        raise ValueError("the CRC of a message is wrong")
    payload_start = _PRELUDE.size + headers_length
    headers = _headers(frame[_PRELUDE.size : payload_start])
    payload = frame[payload_start:-_CRC_LENGTH]
    kind = headers.get(":message-type", "event")
    if kind == "error":
        return headers.get(":error-code", "error"), _encode_name({"message": headers.get(":error-message", "")})
    return headers.get(":exception-type" if kind == "exception" else ":event-type", ""), payload


def _headers(data: bytes) -> dict[str, str]:
    """Those that are text. Raises ValueError."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            name_end = at + 1 + data[at]
            name, kind = data[at + 1 : name_end].decode(), data[name_end]
            at = name_end + 1
            if kind in _FIXED_LENGTHS:
                at += _FIXED_LENGTHS[kind]
                continue
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            if kind == _TEXT:
                found[name] = data[at + 2 : end].decode()
            at = end
    except IndexError:
        raise ValueError("a header is cut") from None
    if at != len(data):
        raise ValueError("a header is cut")
    return found
