"""The reading end of the journal: which segments there are, how long they are, and whether their writer lives.

Keeps true: a segment is never read past its last newline while its writer lives; a writer that let go of its lock
never writes again (see `gatewatch/journal/segment.py`).
"""

import fcntl
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard

from gatewatch.paths import Home

_NAME = re.compile(r"(?P<run>[0-9A-Za-z]+-[0-9a-f]{8})-(?P<sequence>\d{6,})\.jsonl(?P<packed>\.zst)?")
SUFFIX = ".jsonl"
PACKED_SUFFIX = ".jsonl.zst"
_FRAME_HEADER = 18
"""Bytes; the longest header of a zstd frame, which states the unpacked size."""


@dataclass(frozen=True)
class SegmentFile:
    """One segment on disk, as a worker writes it or packed away after loading."""

    path: Path
    run: str
    sequence: int
    packed: bool

    @property
    def name(self) -> str:
        """What the ledger calls it: the file's name without its suffix."""
        return f"{self.run}-{self.sequence:06d}"

    def size(self) -> int:
        """Its bytes, unpacked."""
        if not self.packed:
            return self.path.stat().st_size
        with self.path.open("rb") as stream:
            return zstandard.get_frame_parameters(stream.read(_FRAME_HEADER)).content_size

    def writer_is_gone(self) -> bool:
        """Whether nobody holds the writer's lock. Looked at before the size is, an answer of yes makes it final."""
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def open(self) -> IO[bytes]:
        """Its bytes, unpacked."""
        if not self.packed:
            return self.path.open("rb")
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(self.path.open("rb"), closefd=True))

    def chunks(self, offset: int, end: int | None, limit: int) -> Iterator[bytes]:
        """Whole lines from `offset` on, at most about `limit` bytes at a time, then what is left without a newline.

        `end` bounds what is read; None reads to the end of the file. Nothing is left to yield where the last byte is
        a newline.
        """
        with self.open() as stream:
            _skip(stream, offset)
            rest = b""
            while block := stream.read(limit if end is None else min(limit, end - offset)):
                offset += len(block)
                cut = block.rfind(b"\n") + 1
                if cut:
                    yield rest + block[:cut]
                    rest = block[cut:]
                else:
                    rest += block
            if rest:
                yield rest


def segments_in(folder: Path) -> list[SegmentFile]:
    """The segments in a folder, by run and sequence. Other files are passed over."""
    found = []
    for path in folder.iterdir() if folder.exists() else ():
        if match := _NAME.fullmatch(path.name):
            found.append(SegmentFile(path, match["run"], int(match["sequence"]), bool(match["packed"])))
    return sorted(found, key=lambda segment: (segment.run, segment.sequence))


def find_segment(home: Home, name: str) -> SegmentFile:
    """A segment by its name, where it is at this moment. Raises FileNotFoundError."""
    run, sequence = run_and_sequence(name)
    live, packed = home.journal / f"{name}{SUFFIX}", home.loaded / f"{name}{PACKED_SUFFIX}"
    if live.exists():
        return SegmentFile(live, run, sequence, packed=False)
    if packed.exists():
        return SegmentFile(packed, run, sequence, packed=True)
    raise FileNotFoundError(f"segment {name} is neither in {home.journal} nor in {home.loaded}")


def run_and_sequence(name: str) -> tuple[str, int]:
    """The parts of a segment's name. Raises ValueError for anything else."""
    match = _NAME.fullmatch(name + SUFFIX)
    if not match:
        raise ValueError(f"{name!r} is not the name of a segment")
    return match["run"], int(match["sequence"])


def _skip(stream: IO[bytes], offset: int) -> None:
    if stream.seekable():
        stream.seek(offset)
        return
    while offset and (block := stream.read(min(offset, 1 << 20))):
        offset -= len(block)
