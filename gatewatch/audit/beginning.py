"""Whether a trail without an anchor can be new, or has lost the one that it had.

A vault that is given from outside has its audit key before anything is sealed, so a key alone tells nothing. What is
left of earlier sealing does, and a vault that was chosen long ago: sealing follows its choice at once.
"""

import sqlite3
from pathlib import Path

from gatewatch.audit.seals import AuditKey
from gatewatch.audit.trail_file import links_in

FRESH_US = 3_600_000_000

BEGIN, ANCHOR, LOST = "audit.begin", "audit.anchor", "lost"
"""Entries: sealing began; it began anew without the anchor that there must have been (with the result `lost`)."""


def sealed_before(connection: sqlite3.Connection, key: AuditKey, file: Path | None, now: int) -> str | None:
    """Why there must have been an anchor of this key; None for a trail that may be new. `file`: the second sink's.

    `now`: µs since the epoch. Raises OSError, sqlite3.Error.
    """
    (sealed,) = connection.execute("SELECT max(seq) FROM audit_seals WHERE key_id = ?", (key.id,)).fetchone()
    if sealed is not None:
        return f"this vault's key sealed records up to {sealed}"
    if file is not None and file.is_file() and any(link.key_id == key.id for link in links_in(file)):
        return f"{file} has records that this vault's key sealed"
    (since,) = connection.execute(
        "SELECT ifnull((SELECT max(at) FROM audit WHERE action = 'setting.set' AND target = 'vault.backend'),"
        " (SELECT min(at) FROM audit))"
    ).fetchone()
    if isinstance(since, int) and now - since > FRESH_US:
        return "its vault was chosen long ago, and sealing follows at once"
    return None
