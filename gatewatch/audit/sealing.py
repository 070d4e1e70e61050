"""Seals what was written since the last time, moves the anchor, and brings the second sink up to date.

Keeps true: an entry is sealed once, when it is new. What lies behind the anchor and has no seal, whoever put it there
or took it, is never given one. Of several processes one seals at a time.
"""

import sqlite3
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from gatewatch.audit.anchor import Anchor, AnchorPlace, Kept
from gatewatch.audit.audit_key import find_audit_key, get_or_create_audit_key
from gatewatch.audit.beginning import ANCHOR, BEGIN, LOST, sealed_before
from gatewatch.audit.links import hash_before, links, snapshot
from gatewatch.audit.seals import AuditKey
from gatewatch.audit.second_sink import SecondSink, catch_up, sink_as_before
from gatewatch.control.exclusive import exclusive
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault

BATCH = 1_000
"""Entries in one transaction: so short that nobody waits for it."""


class Sealed(NamedTuple):
    """How it stands now."""

    kept: Kept
    problems: dict[str, str]
    """`trail`, `file` or `syslog` → what is wrong with it, and what to do."""


def seal_trail(home: Home, store: ControlStore, vault: Vault, sink: SecondSink | None = None) -> Sealed:
    """`sink`: by the configuration; None: as before.

    Raises VaultError, OSError, ControlStoreError; what the second sink cannot do is a problem, no error.
    """
    with exclusive(home.audit_lock):
        place = AnchorPlace(vault, home.audit_anchor)
        key = find_audit_key(vault)
        kept = None if key is None else place.read(key)
        sink = sink or sink_as_before(home, kept)
        lost: str | None = None
        if key is None or kept is None:
            is_new = key is None
            key = get_or_create_audit_key(store.connection, vault)
            lost = None if is_new else sealed_before(store.connection, key, sink.file, store.clock())
            kept = place.write(_begin(store, key, lost, is_new=is_new), key)
        kept = _without_lost_file(store, kept, sink.file)
        before = kept
        with snapshot(home.control) as reading:
            problems = {"trail": f"its anchor is lost: {lost}"} if lost else _touched(reading, kept)
            anchor, not_sealed = _seal(store, reading, key, kept.anchor)
        if not_sealed is not None:
            problems.setdefault("trail", f"record {not_sealed} is not as a gateway writes them")
        with snapshot(home.control) as reading:
            kept, of_sink = catch_up(reading, msgspec.structs.replace(kept, anchor=anchor), sink, before.anchor.seq)
        if kept != before:
            kept = place.write(kept, key)
        return Sealed(kept, problems | of_sink)


def is_behind(connection: sqlite3.Connection, kept: Kept | None) -> bool:
    """Whether there is something to seal."""
    (newest,) = connection.execute("SELECT ifnull(max(seq), 0) FROM audit").fetchone()
    return kept is None or newest != kept.anchor.seq


def _begin(store: ControlStore, key: AuditKey, lost: str | None, *, is_new: bool) -> Kept:
    """An anchor for a key that has none; written before its first seal. `is_new`: the key was made just now.

    `lost`: why there must have been an anchor. Then nothing that is there already is ever sealed, and the trail tells.
    """
    connection = store.connection
    table = "audit" if lost else "audit_seals"
    (seq,) = connection.execute(f"SELECT ifnull(max(seq), 0) FROM {table}").fetchone()  # noqa: S608
    if lost:
        store.audit(ANCHOR, "vault", result=LOST, reason=lost, newest=seq)
    elif not is_new:
        store.audit(BEGIN, "vault", after_record=seq)
    (count,) = connection.execute("SELECT count(*) FROM audit WHERE seq <= ?", (seq,)).fetchone()
    anchor = Anchor.made(key, count=count, seq=seq, head=hash_before(connection, seq + 1), at=store.clock())
    return Kept(anchor=anchor, first=seq + 1)


def _without_lost_file(store: ControlStore, kept: Kept, file: Path | None) -> Kept:
    """The second sink's file is written anew where it is gone. That stands in the trail."""
    if not kept.filed or file is None or str(file) != kept.file or not _is_gone(file):
        return kept
    store.audit("audit.refile", kept.file, result="gone", records=kept.filed)
    return msgspec.structs.replace(kept, filed=0)


def _is_gone(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        pass
    return False


def _touched(connection: sqlite3.Connection, kept: Kept) -> dict[str, str]:
    """Whether the trail still holds what the anchor names."""
    seq = kept.anchor.seq
    row = connection.execute("SELECT hash FROM audit_chain WHERE seq = ?", (seq,)).fetchone()
    if seq and row is None:
        return {"trail": f"the trail was cut off or replaced by an older one: the anchor names record {seq}"}
    if seq and row[0] != kept.anchor.head:
        return {"trail": f"record {seq} is not the one that was sealed"}
    return {}


def _seal(store: ControlStore, reading: sqlite3.Connection, key: AuditKey, anchor: Anchor) -> tuple[Anchor, int | None]:
    """The anchor behind the newest entry, and the first entry that was not sealed: it is not in its place."""
    seq, count, head = anchor.seq, anchor.count, hash_before(reading, anchor.seq + 1)
    wrong: int | None = None
    while True:
        batch = list(islice(links(reading, seq), BATCH))
        if not batch:
            break
        seals = []
        for link in batch:
            if link.follows(head):
                assert link.hash is not None
                seals.append((link.seq, key.seal(link.seq, link.hash), key.id))
            else:
                wrong = wrong or link.seq
            head = link.hash or head
        with store.change():
            # A seal may be there from a sealing that was killed before it moved the anchor.
            store.connection.executemany("INSERT OR IGNORE INTO audit_seals VALUES (?, ?, ?)", seals)
        seq, count = batch[-1].seq, count + len(batch)
    if seq == anchor.seq:
        return anchor, wrong
    return Anchor.made(key, count=count, seq=seq, head=head, at=store.clock()), wrong
