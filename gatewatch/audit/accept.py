"""Accepts a break of the trail, as after a restore from a backup: an entry names it, and a new stretch begins there.

Keeps true: what was accepted stays listed for ever, and stays as it was then; what comes after is held as strictly as
before. Its number is higher than any that was ever given, so that an old anchor never names a new record.
"""

import sqlite3
from pathlib import Path
from typing import Any

from gatewatch.audit.anchor import Accepted, Anchor, AnchorPlace, Kept
from gatewatch.audit.audit_key import find_audit_key
from gatewatch.audit.links import digest_before, hash_before, snapshot
from gatewatch.audit.seals import AuditKey
from gatewatch.audit.second_sink import SecondSink, sink_as_before
from gatewatch.audit.verify import verify_home
from gatewatch.control.exclusive import exclusive
from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault, VaultError

ACCEPT = "audit.accept"


def accept(home: Home, store: ControlStore, vault: Vault, sink: SecondSink | None, reason: str) -> Accepted:
    """The break that there was. The second sink's file is moved aside; the next sealing begins it anew.

    Raises UsageError where nothing is broken, VaultError, OSError, ControlStoreError, GatewatchError.
    """
    with exclusive(home.audit_lock):
        key = find_audit_key(vault)
        if key is None:
            raise VaultError("the vault has no audit key: it has sealed no trail", "restore the vault from a backup")
        place = AnchorPlace(vault, home.audit_anchor)
        kept = place.read(key)
        file = (sink or sink_as_before(home, kept)).file
        broken = tuple(
            f"{path}: {verdict.broken.text}"
            for path, verdict in verify_home(home, key, kept, file)
            if verdict.broken is not None
        )
        if not broken:
            raise UsageError("the audit trail is whole: there is nothing to accept", "see `gatewatch audit verify`")
        written = Path(kept.file) if kept and kept.file else file
        aside = _move_aside(written, store.clock())
        fields = {"broken": broken, "anchor": kept and _named(kept.anchor), "moved_to": aside and str(aside)}
        kept = place.write(_begin_after(home, store, key, kept, reason, fields), key)
    return kept.accepted[-1]


def _begin_after(
    home: Home, store: ControlStore, key: AuditKey, kept: Kept | None, reason: str, fields: dict[str, Any]
) -> Kept:
    """Writes the entry, sealed; what is to be remembered of the trail from here on."""
    connection = store.connection
    with store.change(), snapshot(home.control) as reading:
        _number_on(connection, kept.anchor.seq if kept else 0)
        store.trail.add(ACCEPT, "trail", after={"reason": reason, **fields})
        seq, hash = connection.execute("SELECT seq, hash FROM audit_chain ORDER BY seq DESC LIMIT 1").fetchone()
        at, count = connection.execute("SELECT max(at) FILTER (WHERE seq = ?), count(*) FROM audit", (seq,)).fetchone()
        # No trigger minds this: there is no seal of that number, unless somebody has put one there.
        connection.execute("INSERT OR REPLACE INTO audit_seals VALUES (?, ?, ?)", (seq, key.seal(seq, hash), key.id))
        accepted = Accepted(
            seq=seq,
            previous=hash_before(connection, seq),
            digest=digest_before(reading, seq),
            at=at,
            actor=store.actor.id,
            reason=reason,
            broken=fields["broken"],
        )
    return Kept(
        anchor=Anchor.made(key, count=count, seq=seq, head=hash, at=store.clock()),
        first=seq,
        accepted=(*(kept.accepted if kept else ()), accepted),
        file=kept.file if kept else "",
        logged=kept.logged if kept else None,
    )


def _named(anchor: Anchor) -> dict[str, object]:
    """Enough of it to find the one that was printed; all of it looks like a secret, and would be left out."""
    return {"seq": anchor.seq, "at": anchor.at, "head": anchor.head[:24]}


def _number_on(connection: sqlite3.Connection, anchored: int) -> None:
    """The next entry's number is behind all that anything knows of."""
    newest = anchored
    for table in ("audit", "audit_chain", "audit_seals", "sqlite_sequence WHERE name = 'audit'"):
        (seq,) = connection.execute(f"SELECT ifnull(max(seq), 0) FROM {table}").fetchone()  # noqa: S608
        newest = max(newest, seq)
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'audit'")
    connection.execute("INSERT INTO sqlite_sequence VALUES ('audit', ?)", (newest,))


def _move_aside(file: Path | None, now: int) -> Path | None:
    """What is in the second sink stays as evidence."""
    if file is None or not file.exists():
        return None
    aside = file.with_name(f"{file.name}.until-{now // 1_000_000}")
    file.rename(aside)
    return aside
