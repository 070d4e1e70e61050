"""Server-sent events as bytes: cuts a stream into whole frames without touching them.

Keeps true: a frame is passed on only when its blank line has arrived; lines may end in LF, CRLF or CR; a UTF-8
character may be split over reads; no more than `cap` bytes wait for the end of a frame.
"""

import re

_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class FrameTooLong(Exception):
    """A frame has outgrown the cap."""


class FrameCutter:
    """Feed it reads, take whole frames."""

    def __init__(self, cap: int) -> None:
        self._rest = b""
        self._cap = cap
        self._first = True
        self._ended_in_cr = False

    @property
    def rest(self) -> bytes:
        """What has arrived of an unfinished frame."""
        return self._rest

    def feed(self, data: bytes) -> list[bytes]:
        """Bytes → the frames they complete, each with its blank line. Raises FrameTooLong."""
        if self._first:
            data = self._rest + data
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._rest = data
                return []
            self._first = False
            self._rest = b""
            data = data.removeprefix(_BOM)
        if self._ended_in_cr:
            data = data.removeprefix(b"\n")
            self._ended_in_cr = False
        searched = max(0, len(self._rest) - 3)
        data = self._rest + data
        if b"\r" not in data:
            *frames, self._rest = data.split(b"\n\n")
            self._check_cap()
            return [frame + b"\n\n" for frame in frames]
        return self._feed_any_line_end(data, searched)

    def _feed_any_line_end(self, data: bytes, searched: int) -> list[bytes]:
        frames = []
        start = 0
        while blank := _BLANK_LINE.search(data, max(start, searched)):
            frames.append(data[start : blank.end()])
            start = blank.end()
        self._rest = data[start:]
        self._ended_in_cr = not self._rest and data.endswith(b"\r")  # its LF may still come
        self._check_cap()
        return frames

    def _check_cap(self) -> None:
        if len(self._rest) > self._cap:
            raise FrameTooLong


def payload(frame: bytes) -> bytes | None:
    """The data of one frame; None for a frame without data (a comment, a bare event)."""
    if frame.startswith(b"data: ") and frame.find(b"\n", 6) == len(frame) - 2:
        return frame[6:-2]
    parts = [
        line[5:].removeprefix(b" ") for line in _LINE_END.split(frame) if line.startswith(b"data:") or line == b"data"
    ]
    return b"\n".join(parts) if parts else None
