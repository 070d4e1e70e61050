"""The chain in the store: every entry's hash holds the one before it.

No key is needed for it, so that a revocation never waits for a passphrase.
"""

import sqlite3

from gatewatch.audit.record import COLUMNS, GENESIS, hash_after, record_of_row

_COLUMNS = ", ".join(COLUMNS)


def chain(connection: sqlite3.Connection, seq: int) -> None:
    """Chains the entry that was just added, within the transaction that is open."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM audit WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
    last = connection.execute("SELECT hash FROM audit_chain ORDER BY seq DESC LIMIT 1").fetchone()
    hash = hash_after(last[0] if last else GENESIS, record_of_row(row))
    connection.execute("INSERT INTO audit_chain (seq, hash) VALUES (?, ?)", (seq, hash))


def adopt(connection: sqlite3.Connection) -> None:
    """Chains the entries from before there was a chain. At the migration only: what comes in later without is found."""
    for (seq,) in connection.execute("SELECT seq FROM audit ORDER BY seq").fetchall():
        chain(connection, seq)
