"""Secrets that stand out, and the search for them in whatever a gateway left behind.

A canary is looked for as it is and in the forms that programs give to text: base64 at each of the three offsets, hex,
in URLs, in JSON with and without escapes. What is packed is unpacked; what is a database is read as one as well.
"""

import base64
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus

import duckdb
import zstandard

SHORTEST_FORM = 12
"""Bytes; a shorter one would be found by chance."""


class Leak(NamedTuple):
    """A canary where it must not be."""

    canary: str
    form: str
    where: str
    around: str

    def __str__(self) -> str:
        return f"{self.canary} ({self.form}) in {self.where}: {self.around}"


class Canaries:
    """Secrets by name, and every form of each."""

    def __init__(self) -> None:
        self._forms: dict[str, dict[str, bytes]] = {}

    def add(self, name: str, secret: str | bytes) -> None:
        """`secret` as bytes: one that is not text, as a key is."""
        self._forms[name] = dict(forms(secret))

    @property
    def names(self) -> list[str]:
        return list(self._forms)

    def leaks(self, content: bytes, where: str, *, allowed: frozenset[str] = frozenset()) -> list[Leak]:
        """Every canary but those that are `allowed` here, once."""
        found = []
        for name, shapes in self._forms.items():
            for form, shape in shapes.items():
                at = content.find(shape)
                if at >= 0 and name not in allowed:
                    around = content[max(0, at - 40) : at + len(shape) + 20]
                    found.append(Leak(name, form, where, repr(around)))
                    break
        return found

    def in_folder(self, folder: Path) -> list[Leak]:
        """In the name and the content of every file, however it is packed."""
        return [
            leak
            for path in sorted(folder.rglob("*"))
            for where, content in _contents(path, folder)
            for leak in self.leaks(content, where)
        ]


def forms(secret: str | bytes) -> Iterator[tuple[str, bytes]]:
    """The ways in which a text may stand somewhere."""
    raw = secret.encode() if isinstance(secret, str) else secret
    candidates = {"as it is": raw, "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    if isinstance(secret, str):
        candidates |= {
            "in a URL": quote(secret, safe="").encode(),
            "in a form": quote_plus(secret).encode(),
            "in JSON": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
            "in ASCII JSON": json.dumps(secret)[1:-1].encode(),
            "in JSON in JSON": json.dumps(json.dumps(secret))[3:-3].encode(),
            "as Python shows it": repr(secret)[1:-1].encode(),
            "in UTF-16": secret.encode("utf-16-le"),
        }
    for offset in range(3):
        whole = raw[offset : len(raw) - (len(raw) - offset) % 3]
        candidates[f"base64 at {offset}"] = base64.b64encode(whole)
        candidates[f"base64url at {offset}"] = base64.urlsafe_b64encode(whole)
    seen: set[bytes] = set()
    for name, shape in candidates.items():
        if len(shape) >= SHORTEST_FORM and shape not in seen:
            seen.add(shape)
            yield name, shape


def _contents(path: Path, folder: Path) -> Iterator[tuple[str, bytes]]:
    where = str(path.relative_to(folder))
    yield f"the name {where}", where.encode()
    if not path.is_file():
        return
    content = path.read_bytes()
    yield where, content
    if path.suffix == ".zst":
        yield f"{where} unpacked", zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True).read()
    elif content.startswith(b"SQLite format 3"):
        yield f"{where} as a database", _sqlite_text(path)
    elif path.suffix == ".duckdb":
        yield f"{where} as a database", _duckdb_text(path)


def _sqlite_text(path: Path) -> bytes:
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in names for row in database.execute(f'SELECT * FROM "{name}"')]
    database.close()
    return _text(rows)


def _duckdb_text(path: Path) -> bytes:
    with duckdb.connect(str(path), read_only=True) as database:
        tables = database.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        rows = [
            row for schema, name in tables for row in database.execute(f'SELECT * FROM "{schema}"."{name}"').fetchall()
        ]
    return _text(rows)


def _text(rows: list[tuple[object, ...]]) -> bytes:
    parts = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    return b"\n".join(parts)
