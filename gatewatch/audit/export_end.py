"""The last line of an export as JSON lines: which entries it holds, so that none can be taken out unseen."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from gatewatch.audit.seals import AuditKey
from gatewatch.audit.trail_file import LONGEST_LINE

BEGINNING = b'{"export":'


class ExportEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before it."""

    entries: int
    seqs: str
    """The numbers of the entries, as in `1-40,44`."""
    until: int
    """The newest entry that there was."""
    head: str
    """The hash of that one."""
    at: int
    digest: str
    """SHA-256 of all lines before this one, with their ends."""
    begin: int = 0
    """The entry that accepts the newest break; what lies before it is proven by the digest alone."""
    first: int = 0
    """The first entry that the audit key sealed."""
    sealed_to: int = -1
    """All of them from `first` to here are sealed."""
    key_id: str | None = None
    code: str | None = None
    """None: no vault was open."""

    def coded(self, key: AuditKey) -> "ExportEnd":
        bare = msgspec.structs.replace(self, key_id=key.id)
        return msgspec.structs.replace(bare, code=key.code("export", bare._said()))

    def is_genuine(self, key: AuditKey) -> bool:
        return self.code is not None and key.fits(self.code, "export", self._said())

    def numbers(self) -> Iterator[int]:
        """Raises ValueError where `seqs` is no such list."""
        for part in filter(None, self.seqs.split(",")):
            first, _, last = part.partition("-")
            yield from range(int(first), int(last or first) + 1)

    def encoded(self) -> bytes:
        """The line without its end."""
        return msgspec.json.encode({"export": self})

    def _said(self) -> str:
        return msgspec.json.encode(msgspec.structs.replace(self, code=None)).decode()


class _Line(msgspec.Struct):
    export: ExportEnd


def export_end(line: bytes) -> ExportEnd | None:
    """None for a line that is something else, or not as it was written."""
    try:
        end = msgspec.json.decode(line, type=_Line).export
    except (ValueError, RecursionError):
        return None
    return end if end.encoded() == line else None


def digest_before_end(path: Path) -> str:
    """As `ExportEnd.digest`, of a file. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while (part := file.readline(LONGEST_LINE)) and not part.startswith(BEGINNING):
            digest.update(part)
    return digest.hexdigest()


def ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers as `1-40,44`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in parts)
