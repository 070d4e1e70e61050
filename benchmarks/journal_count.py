"""How many calls a home's journal has closed: the check that what was measured was also recorded."""

import io
from collections.abc import Iterable
from pathlib import Path

import zstandard

from gatewatch.paths import Home

_CLOSE = b'{"k":"close"'


def closed_calls(folder: Path) -> int:
    """In the segments of this home, those that are packed away included."""
    home = Home(folder)
    count = 0
    for path in [*home.journal.glob("*.jsonl"), *home.loaded.glob("*.zst")]:
        with path.open("rb") as file:
            count += count_closes(zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file)
    return count


def count_closes(file: Iterable[bytes] | zstandard.ZstdDecompressionReader) -> int:
    """Lines that close a call."""
    lines = io.BufferedReader(file) if isinstance(file, zstandard.ZstdDecompressionReader) else file
    return sum(line.startswith(_CLOSE) for line in lines)
