"""Server-sent events as bytes: cuts a stream into whole frames without touching them.

Keeps true: a frame is passed on only when its blank line has arrived; lines may end in LF, CRLF or CR; a UTF-8
character may be split over reads; no more than `cap` bytes wait for the end of a frame; each byte is looked at a fixed
number of times, however small the reads are.
"""

import re

_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class BrokenFraming(Exception):
    """Nothing behind this can be cut into frames."""

    def __init__(self, what: str, before: list[bytes]) -> None:
        super().__init__(what)
        self.before = before
        """The whole frames that stood before it in the same read."""


class FrameTooLong(BrokenFraming):
    """A frame has outgrown the cap."""

    def __init__(self, before: list[bytes]) -> None:
        super().__init__("a frame has outgrown the cap", before)


class FrameCutter:
    """Feed it reads, take whole frames."""

    def __init__(self, cap: int) -> None:
        self._rest = bytearray()
        self._cap = cap
        self._first = True
        self._any_line_end = False
        """Whether a CR has been seen; most streams have none."""
        self._ended_in_cr = False

    @property
    def rest(self) -> bytes:
        """What has come of a frame that is not whole."""
        return bytes(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """Bytes → the frames they complete, each with its blank line. Raises FrameTooLong."""
        rest = self._rest
        if self._first:
            data = bytes(rest) + data
            rest.clear()
            if len(data) < len(_BOM) and _BOM.startswith(data):
                rest += data
                return []
            self._first = False
            data = data.removeprefix(_BOM)
        if self._ended_in_cr and data:
            data = data.removeprefix(b"\n")
            self._ended_in_cr = False
        if not self._any_line_end and b"\r" in data:
            self._any_line_end = True
        searched = 0
        if rest:
            searched = max(0, len(rest) - 3)
            rest += data
            if not self._has_blank_line(searched):
                self._check_cap([])
                return []
            data = bytes(rest)
            rest.clear()
        if self._any_line_end:
            return self._feed_any_line_end(data, searched)
        *frames, last = data.split(b"\n\n")
        whole = [frame + b"\n\n" for frame in frames]
        if last:
            rest += last
            self._check_cap(whole)
        return whole

    def payload(self, frame: bytes) -> bytes | None:
        """The data of a frame that was cut here; None for one without data (a comment, a bare event)."""
        if not self._any_line_end and frame.startswith(b"data: ") and frame.find(b"\n", 6) == len(frame) - 2:
            return frame[6:-2]
        if self._any_line_end and frame.startswith(b"data: ") and frame.endswith(b"\r\n\r\n"):
            end = len(frame) - 4
            if frame.find(b"\r", 6) == end and frame.find(b"\n", 6) == end + 1:
                return frame[6:end]
        lines = _LINE_END.split(frame)
        parts = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:") or line == b"data"]
        return b"\n".join(parts) if parts else None

    def _has_blank_line(self, searched: int) -> bool:
        if self._any_line_end:
            return _BLANK_LINE.search(self._rest, searched) is not None
        return self._rest.find(b"\n\n", searched) >= 0

    def _feed_any_line_end(self, data: bytes, searched: int) -> list[bytes]:
        frames: list[bytes]
        if data.count(b"\r\n") == data.count(b"\r") == data.count(b"\n"):  # as Google writes
            *frames, last = data.split(b"\r\n\r\n")
            whole = [frame + b"\r\n\r\n" for frame in frames]
            self._rest += last
            self._check_cap(whole)
            return whole
        frames = []
        start = 0
        while blank := _BLANK_LINE.search(data, max(start, searched)):
            if blank.end() == len(data) and data.endswith(b"\r\n\r"):
                break  # the lines end in CRLF: its LF is on the way
            frames.append(data[start : blank.end()])
            start = blank.end()
        self._rest += data[start:]
        self._ended_in_cr = start == len(data) and data.endswith(b"\r")  # an LF may still come
        self._check_cap(frames)
        return frames

    def _check_cap(self, before: list[bytes]) -> None:
        if len(self._rest) > self._cap:
            raise FrameTooLong(before)
