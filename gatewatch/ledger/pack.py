"""Packs away segments that are wholly loaded: they are what `gatewatch ledger rebuild` reads.

Keeps true: at every instant a whole copy of the segment exists. Packing can be repeated after a crash at any step.
"""

import os
from pathlib import Path

import zstandard

from gatewatch.ledger.segments import PACKED_SUFFIX, SegmentFile

LEVEL = 1


def pack(segment: SegmentFile, folder: Path) -> Path:
    """Compress a segment into `folder`, make that durable, then remove the original. Raises OSError."""
    target = folder / f"{segment.name}{PACKED_SUFFIX}"
    unfinished = target.with_suffix(".packing")
    with segment.path.open("rb") as source, open(unfinished, "wb", opener=_private) as sink:
        zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).copy_stream(
            source, sink, size=os.fstat(source.fileno()).st_size
        )
        sink.flush()
        os.fsync(sink.fileno())
    unfinished.rename(target)
    _sync(folder)
    segment.path.unlink()
    _sync(segment.path.parent)
    return target


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
