"""Responses numbers its events. Where frames have been joined or parted, those behind them are numbered anew.

Keeps true: the numbers that go out begin with the first that came and have no gaps; nothing else of an event is
touched.
"""

import msgspec

_FIELD = "sequence_number"


class _Numbered(msgspec.Struct):
    sequence_number: int


_number = msgspec.json.Decoder(_Numbered).decode
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


class Numbering:
    """Of one stream."""

    def __init__(self) -> None:
        self._next: int | None = None

    def give(self, frame: bytes, data: bytes | None) -> bytes:
        """The frame with the number that is its turn. `data`: its payload. What has no number stays without."""
        if data is None:
            return frame
        try:
            came = _number(data).sequence_number
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return frame
        number = came if self._next is None else self._next
        self._next = number + 1
        if number == came:
            return frame
        event = _decode(data)
        event[_FIELD] = msgspec.Raw(b"%d" % number)
        return b"%sdata: %s\n\n" % (frame.partition(b"data:")[0], _encode(event))
