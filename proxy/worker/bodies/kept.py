"""What a call in flight holds of its own body, where it is to be kept: references, and the frames of its reply.

Keeps true: all calls of a worker together hold no more than `MOST_HELD`; beyond that replies are kept as far as they
were held.
"""

MOST_HELD = 64 * 2**20
"""Bytes of one worker, those that wait to be written included."""
MOST_FRAMES = 8 * 2**20
"""Bytes of one reply."""


class Held:
    """How much one worker holds."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self.bytes = 0
        self.most = most

    def has_room(self, size: int) -> bool:
        return self.bytes + size <= self.most


class KeptReply:
    """Of one call."""

    __slots__ = ("_held", "cut", "frames", "holds", "size")

    def __init__(self, held: Held) -> None:
        self.frames: list[bytes] = []
        """What went out of it, from the beginning."""
        self.size = 0
        """Bytes of what went out."""
        self.holds = 0
        """Bytes of `frames`."""
        self.cut = False
        self._held = held

    def add(self, data: bytes) -> None:
        """More of it has gone out."""
        size = len(data)
        self.size += size
        if self.cut or self.holds + size > MOST_FRAMES or not self._held.has_room(size):
            self.cut = True
            return
        self.frames.append(data)
        self.holds += size
        self._held.bytes += size

    def let_go(self) -> None:
        """It is written, or given up."""
        self._held.bytes -= self.holds
        self.holds = 0
        self.frames = []
