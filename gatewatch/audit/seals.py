"""What only the audit key can make: seals of entries, and codes of what is said about the whole trail."""

import hmac
from typing import NamedTuple

from gatewatch.hidden import hides


@hides("secret")
class AuditKey(NamedTuple):
    """32 bytes from the vault, nowhere else; not derivable from the pepper, which workers have."""

    secret: bytes

    @property
    def id(self) -> str:
        """Tells this key from others; it cannot be computed from it."""
        return self.code("id", "")[:16]

    def seal(self, seq: int, hash: str) -> str:
        """The seal of one entry, and through its hash of all before it."""
        return self.code("entry", f"{seq}:{hash}")

    def code(self, kind: str, text: str) -> str:
        """HMAC-SHA256 as 64 hex digits. A code of one kind is good for no other."""
        return hmac.digest(
            self.secret, f"gatewatch audit {kind}:{text}".encode("utf-8", "surrogatepass"), "sha256"
        ).hex()

    def fits(self, code: str, kind: str, text: str) -> bool:
        return hmac.compare_digest(code.encode("utf-8", "surrogatepass"), self.code(kind, text).encode())
