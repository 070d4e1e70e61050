"""How a stream comes in frames, and how one frame is harmed: server-sent events, unless a vendor has something else."""

from collections.abc import Iterable

from proxy.sandbox.filler import filled
from proxy.sandbox.wire import EVENTS


class Framing:
    """Server-sent events."""

    content_type = EVENTS

    def malformed(self, frame: bytes) -> bytes:
        """A whole frame whose JSON is cut off."""
        return frame.rstrip()[:-8] + b"\n\n"

    def long(self, frame: bytes, size: int) -> Iterable[bytes]:
        """A good frame grown to so many bytes, block by block."""
        return filled(frame, size, frame[frame.rindex(b"}") :]).blocks()

    def with_carriage_returns(self, frame: bytes) -> bytes:
        """Every line ends in CR LF."""
        return frame.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def with_wrong_checksum(self, frame: bytes) -> bytes:
        """As it is where frames have none."""
        return frame


SERVER_SENT_EVENTS = Framing()
