"""Server-sent events as Responses words them: numbered, with their type as the event's name and in the data."""

from typing import Any

import msgspec

_encode = msgspec.json.encode


class Frames:
    """Writes the frames of one stream, in order."""

    def __init__(self) -> None:
        self._number = 0

    def event(self, type: str, **fields: Any) -> bytes:
        """One frame. Values that are JSON already are `msgspec.Raw`."""
        data = _encode({"type": type, "sequence_number": self._number, **fields})
        self._number += 1
        return b"event: %s\ndata: %s\n\n" % (type.encode(), data)

    def delta(self, head: bytes, text: str) -> bytes:
        """One frame of many that are alike. `head`: of `delta_head`."""
        number = self._number
        self._number = number + 1
        return b'%s%s,"sequence_number":%d}\n\n' % (head, _encode(text), number)

    def delta_with(self, head: bytes, text: str, name: str, value: Any) -> bytes:
        """As `delta`, with one more field."""
        number = self._number
        self._number = number + 1
        return b'%s%s,"%s":%s,"sequence_number":%d}\n\n' % (head, _encode(text), name.encode(), _encode(value), number)


def delta_head(type: str, **fields: Any) -> bytes:
    """What stands before the text in every delta of one part; made once."""
    data = _encode({"type": type, **fields, "delta": ""})
    return b"event: %s\ndata: %s" % (type.encode(), data.removesuffix(b'""}'))
