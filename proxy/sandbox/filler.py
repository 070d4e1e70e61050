"""A JSON object grown to so many bytes by a member `filler`, block by block, so that nothing large is in memory."""

from collections.abc import Iterator
from typing import NamedTuple

_BLOCK = 64 * 1024


class Filled(NamedTuple):
    """What comes before the filler, how many bytes of it there are, and what comes after."""

    start: bytes
    filler: int
    end: bytes

    @property
    def length(self) -> int:
        return len(self.start) + self.filler + len(self.end)

    def blocks(self) -> Iterator[bytes]:
        yield self.start
        block = b"x" * _BLOCK
        for _ in range(self.filler // _BLOCK):
            yield block
        if self.filler % _BLOCK:
            yield block[: self.filler % _BLOCK]
        yield self.end


def filled(good: bytes, size: int, closing: bytes = b"}") -> Filled:
    """`good` ends in `closing`, which begins with the brace of an object that has members."""
    start, end = good.removesuffix(closing) + b',"filler":"', b'"' + closing
    return Filled(start, max(0, size - len(start) - len(end)), end)
