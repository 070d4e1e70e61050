"""One kept body as it stands in a file: a line that says what it is, then its compressed text, then a newline.

Keeps true: a reader never takes half a record for one; what a record says of itself is enough to find its call, and to
tell what is missing of it.
"""

from collections.abc import Iterator
from typing import IO, Literal

import msgspec
import zstandard

Kind = Literal["request", "reply"]

MOST_KEPT = 64 * 2**20
"""Bytes of text that are unpacked at most: a file that says otherwise is no file of ours."""
_LEVEL = 3
_LONGEST_HEAD = 4096


class Head(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a body without unpacking it."""

    call_id: str
    started_at: int
    """The call's; µs since the epoch, UTC."""
    kind: Kind
    size: int
    """Bytes as the caller sent or got it."""
    kept: int
    """Bytes of the text that is kept: JSON."""
    stored: int
    """Bytes of it compressed."""
    cut: int = 0
    """Characters that were left out: it was too long, or no text."""
    redacted: dict[str, int] = {}
    """What was taken out → how often."""


class Placed(msgspec.Struct, frozen=True):
    """A body in a file."""

    head: Head
    offset: int
    """Of its compressed text."""


_HEADS = msgspec.json.Decoder(Head)


class Broken(Exception):
    """What stands in a file is no record."""


class Packer:
    """Compresses, with a checksum. Of one thread: making one costs more than using it."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)

    def __call__(self, text: bytes) -> bytes:
        return self._compressor.compress(text)


def unpacked(data: bytes) -> bytes:
    """Raises Broken."""
    try:
        if zstandard.get_frame_parameters(data).content_size > MOST_KEPT:
            raise Broken("its text is too long")
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise Broken(str(error)) from None


def written(head: Head, data: bytes) -> bytes:
    """The record. `head.stored` is the length of `data`."""
    return b"".join((msgspec.json.encode(head), b"\n", data, b"\n"))


def records(stream: IO[bytes], offset: int, size: int) -> Iterator[tuple[Placed, int]]:
    """The whole records from `offset` on, each with the offset behind it, in a file of `size` bytes.

    Ends where nothing is left, or not yet all of a record. Raises Broken where what stands there is none.
    """
    while offset < size:
        stream.seek(offset)
        line = stream.readline(_LONGEST_HEAD)
        if not line.endswith(b"\n"):
            if len(line) == _LONGEST_HEAD:
                raise Broken("no head")
            return
        try:
            head = _HEADS.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Broken("no head") from None
        begin = offset + len(line)
        end = begin + head.stored
        if head.stored < 0 or end >= size:
            return
        stream.seek(end)
        if stream.read(1) != b"\n":
            raise Broken("no end")
        offset = end + 1
        yield Placed(head, begin), offset
