"""The second sink's file: one line for each sealed entry, only ever appended to.

A write that a crash or a full disk tore is repeated whole on the next line; readers pass over the torn one.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from gatewatch.audit.links import Link
from gatewatch.audit.record import Line, encoded, record_of_line

LONGEST_LINE = 1024 * 1024


class TrailFile:
    """Every method raises OSError where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, lines: Iterable[bytes]) -> None:
        """Adds whole lines, durably. The file is made for this user alone."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with open(os.open(self.path, flags, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            for line in lines:
                file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def last(self) -> Line | None:
        """The last whole line; None where there is none, or it is none of ours."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 2 * LONGEST_LINE))
                whole, end, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return None
        return line_in(whole.rpartition(b"\n")[2]) if end else None


def line_in(text: bytes) -> Line | None:
    """The line, if it is one of ours to the last byte."""
    try:
        line = msgspec.json.decode(text, type=Line)
        return line if encoded(line) == text else None
    except (ValueError, RecursionError):
        return None


def links_in(path: Path, stop_before: bytes | None = None) -> Iterator[Link]:
    """The lines of a file as links, up to one that begins with `stop_before`. A damaged one has no record.

    A line without an end is still being written, or was torn: it is no link. Raises OSError.
    """
    last, torn = 0, b""
    with path.open("rb") as file:
        while text := file.readline(LONGEST_LINE):
            if not text.endswith(b"\n") and len(text) < LONGEST_LINE:
                break
            text = text.removesuffix(b"\n")
            if stop_before is not None and text.startswith(stop_before):
                break
            line = line_in(text)
            if torn and not text.startswith(torn):
                yield Link(last + 1, None, "", None, None)
            torn = b""
            if line is None:
                torn = text
                if not text:
                    yield Link(last + 1, None, "", None, None)
                continue
            last = line.seq
            yield Link(line.seq, record_of_line(line), line.hash, line.seal, line.key_id, line.previous)
    if torn:
        yield Link(last + 1, None, "", None, None)
