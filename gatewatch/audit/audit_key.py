"""The audit key: a secret of its own in the vault, made once.

Keeps true: a trail that one key has sealed is never quietly gone on with under another. Only a vault that was given up,
which stands in the trail, makes room for a new key.
"""

import re
import sqlite3

from gatewatch.audit.seals import AuditKey
from gatewatch.vault.interface import Vault, VaultError
from gatewatch.vault.own_entries import new_secret

NAME = "gatewatch/audit-key"

_SHAPE = re.compile("[0-9a-f]{64}")


def find_audit_key(vault: Vault) -> AuditKey | None:
    """The key in the vault, None where there is none. Raises VaultError."""
    kept = vault.get(NAME)
    if kept is None:
        return None
    if _SHAPE.fullmatch(kept.strip()) is None:
        raise VaultError("the vault's audit key is damaged: it is not 64 hex digits", "restore the vault from a backup")
    return AuditKey(bytes.fromhex(kept.strip()))


def get_or_create_audit_key(connection: sqlite3.Connection, vault: Vault) -> AuditKey:
    """The key of a vault without an anchor, for the seals to come; to be called by one process at a time.

    Raises VaultError where the trail was sealed with a key that the vault has lost.
    """
    key = find_audit_key(vault)
    last = connection.execute("SELECT seq, key_id FROM audit_seals ORDER BY seq DESC LIMIT 1").fetchone()
    if last is not None and (key is None or key.id != last[1]) and not _given_up_since(connection, last[0]):
        raise VaultError(
            "the vault does not hold the audit key that the audit trail was sealed with",
            "restore the vault from a backup, or give it up with `gatewatch providers vault --use KIND --abandon`",
        )
    if key is None:
        vault.set(NAME, new_secret())
        key = find_audit_key(vault)
        if key is None:
            raise VaultError("the vault does not keep the audit key that it was given")
    return key


def _given_up_since(connection: sqlite3.Connection, seq: int) -> bool:
    """Whether the vault was abandoned behind that entry."""
    found = connection.execute("SELECT 1 FROM audit WHERE seq > ? AND action = 'vault.abandon' LIMIT 1", (seq,))
    return found.fetchone() is not None
