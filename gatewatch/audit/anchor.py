"""How long the trail is and what its newest sealed entry is: what a trail that was cut or put back cannot hide.

An anchor is printed, and kept where the trail is not. Beside it stands how far the second sink has come.
"""

import hmac
import re
from pathlib import Path

import msgspec

from gatewatch.audit.seals import AuditKey
from gatewatch.errors import UsageError
from gatewatch.vault.atomic_file import read_private, write_private
from gatewatch.vault.interface import Vault, VaultReadOnly

NAME = "gatewatch/audit-anchor"
"""Its entry in the vault."""

_TEXT = re.compile(r"gwaudit1:([0-9]{1,15}):([0-9]{1,15}):([0-9a-f]{64}):([0-9]{1,17}):([0-9a-f]{16}):([0-9a-f]{32})")


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """The trail at one time."""

    count: int
    """Entries."""
    seq: int
    """Of the newest."""
    head: str
    """The hash of the newest."""
    at: int
    """µs since the epoch, UTC."""
    key_id: str
    code: str = ""
    """Made with the audit key over all of it."""

    @classmethod
    def made(cls, key: AuditKey, *, count: int, seq: int, head: str, at: int) -> "Anchor":
        bare = cls(count=count, seq=seq, head=head, at=at, key_id=key.id)
        return msgspec.structs.replace(bare, code=bare._code(key))

    @classmethod
    def read(cls, text: str) -> "Anchor":
        """What `text` gave. Raises UsageError."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise UsageError(
                "this is no anchor of an audit trail", "give the text that `gatewatch audit verify` printed: gwaudit1:…"
            )
        count, seq, head, at, key_id, code = match.groups()
        return cls(count=int(count), seq=int(seq), head=head, at=int(at), key_id=key_id, code=code)

    def text(self) -> str:
        """One word that `read` takes back."""
        return f"gwaudit1:{self._said()}:{self.code}"

    def is_genuine(self, key: AuditKey) -> bool:
        return hmac.compare_digest(self.code.encode(), self._code(key).encode())

    def _code(self, key: AuditKey) -> str:
        """128 bits of it, so that the text fits on a line."""
        return key.code("anchor", self._said())[:32]

    def _said(self) -> str:
        return f"{self.count}:{self.seq}:{self.head}:{self.at}:{self.key_id}"


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A break that an operator accepted: from that entry on the trail is held; what lies before it, as it was then."""

    seq: int
    """The entry that tells of it."""
    previous: str
    """The hash that it is chained to."""
    digest: str
    """Of all records before it."""
    at: int
    actor: str
    reason: str
    broken: tuple[str, ...]
    """What was wrong, place by place."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of the trail outside of it."""

    anchor: Anchor
    first: int
    """The first entry that the present audit key sealed."""
    file: str = ""
    """The second sink's file."""
    filed: int = 0
    """The newest entry that was written to it."""
    accepted: tuple[Accepted, ...] = ()
    """All breaks that were, the newest last."""
    logged: int | None = None
    """The newest entry that went to syslog; None while that is off."""
    code: str = ""

    def sealed_by(self, key: AuditKey) -> "Kept":
        return msgspec.structs.replace(self, code=key.code("kept", self._said()))

    def is_genuine(self, key: AuditKey) -> bool:
        return key.fits(self.code, "kept", self._said())

    @property
    def begin(self) -> int:
        """The first entry that is held: the one that accepts the newest break."""
        return self.accepted[-1].seq if self.accepted else 1

    def _said(self) -> str:
        return msgspec.json.encode(msgspec.structs.replace(self, code="")).decode()


class AnchorPlace:
    """In the vault; where that is read-only, in a file beside it, which can be put back, but not forged."""

    def __init__(self, vault: Vault, file: Path) -> None:
        self._vault = vault
        self._file = file

    def read(self, key: AuditKey) -> Kept | None:
        """What was kept last under this key; None where nothing was. Raises VaultError."""
        found = [kept for text in (self._vault.get(NAME), self._in_file()) if (kept := _decoded(text, key))]
        return max(found, key=lambda kept: (kept.anchor.seq, kept.filed), default=None)

    def write(self, kept: Kept, key: AuditKey) -> Kept:
        """Keeps it durably. Raises VaultError, OSError."""
        kept = kept.sealed_by(key)
        text = msgspec.json.encode(kept).decode()
        try:
            self._vault.set(NAME, text)
        except VaultReadOnly:
            write_private(self._file, text.encode())
        return kept

    def _in_file(self) -> str | None:
        try:
            return read_private(self._file, "600").decode("utf-8", "replace")
        except FileNotFoundError:
            return None


def _decoded(text: str | None, key: AuditKey) -> Kept | None:
    """What another key has made, an abandoned vault's, counts as nothing."""
    try:
        kept = msgspec.json.decode(text or "", type=Kept)
    except msgspec.DecodeError:
        return None
    return kept if kept.is_genuine(key) else None
