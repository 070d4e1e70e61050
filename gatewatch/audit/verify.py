"""Whether the trail is as it was written: in the store, in the second sink's file, in an export.

It only reads. Nothing has to stand still for it: the anchor is read first, so whatever is newer is only more.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from gatewatch.audit.anchor import Anchor, Kept
from gatewatch.audit.export_end import BEGINNING, ExportEnd, digest_before_end, export_end
from gatewatch.audit.links import Link, links, snapshot
from gatewatch.audit.seals import AuditKey
from gatewatch.audit.trail_file import LONGEST_LINE, links_in
from gatewatch.audit.walk import Broken, Expected, Walk, cut_off
from gatewatch.control.schema import ControlStoreError
from gatewatch.errors import GatewatchError

_NEVER = 2**62
_TRIGGERS = frozenset(
    f"{what}_{end}" for what in ("audit_is", "chain_is", "seals_are") for end in ("not_changed", "not_cut")
)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How one place stands."""

    place: str
    ok: bool
    broken: Broken | None
    """The first record that is wrong."""
    count: int
    """Records that are as they were written, up to there."""
    last: int
    head: str
    sealed: int
    unsealed: int
    """Written since the last sealing: the chain holds them, no seal does."""
    sealed_elsewhere: int
    """Sealed with the key of a vault that was given up, or, without a vault, by a key that is not here."""
    notes: tuple[str, ...] = ()


def verify_store(path: Path, key: AuditKey | None, kept: Kept | None, anchors: tuple[Anchor, ...] = ()) -> Verdict:
    """The store. `kept`: what is remembered outside of it; `anchors`: more of them. Raises ControlStoreError."""
    heads = heads_of(*anchors, *((kept.anchor,) if kept else ()))
    walk = Walk(Expected(key, kept.first if kept else _NEVER, kept.anchor.seq if kept else 0, heads))
    notes: list[str] = []
    try:
        with snapshot(path) as connection:
            broken = walk.go(links(connection, -_NEVER)) or _cut_store(connection, walk)
            if broken is None and key is not None and kept is None:
                broken = _sealed_without_anchor(connection, key)
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    except sqlite3.Error as error:
        raise ControlStoreError(f"{path} cannot be read: {error}", "restore it from a backup") from error
    if missing := sorted(_TRIGGERS - there):
        notes.append(f"what keeps the trail from being changed was removed: {', '.join(missing)}")
    return _verdict("store", walk, broken, notes)


def verify_sink(path: Path, store: Path, key: AuditKey, kept: Kept) -> Verdict:
    """The second sink's file, by itself and beside the store. Raises GatewatchError where it cannot be read."""
    heads = heads_of(kept.anchor) if kept.filed >= kept.anchor.seq else {}
    walk = Walk(Expected(key, kept.first, kept.filed, heads))
    try:
        with snapshot(store) as connection:
            broken = walk.go(_as_in_the_store(links_in(path), connection)) or _cut_at(walk, kept.filed)
    except FileNotFoundError:
        broken = cut_off(0, f"the file is gone; {kept.filed} records were written to it") if kept.filed else None
    except OSError as error:
        raise GatewatchError(f"{path} cannot be read: {error.strerror}", "see that this user may read it") from error
    return _verdict("file", walk, broken)


def verify_file(path: Path, key: AuditKey | None, kept: Kept | None, anchors: tuple[Anchor, ...] = ()) -> Verdict:
    """A copy of the second sink's file, or an export. Raises GatewatchError where it cannot be read.

    A copy must reach the newest anchor: one of `anchors`, else the one that is kept.
    """
    if path.exists() and not path.is_file():  # a device has no end, and reading a pipe may wait for ever
        raise GatewatchError(f"{path} is no file", "name an export, or a copy of the trail's file")
    try:
        end = _end_of(path)
        heads = heads_of(*anchors or ((kept.anchor,) if kept else ()))
        first = kept.first if kept else _NEVER
        if end is not None:
            return _verify_export(path, end, Expected(key, first, 0, heads))
        walk = Walk(Expected(key, first, max(heads, default=0), heads))
        broken = walk.go(links_in(path)) or _cut_at(walk, max(heads, default=0))
        note = () if heads else ("no anchor is known: whether its end is missing cannot be told; give --anchor",)
        return _verdict("file", walk, broken, note)
    except OSError as error:
        raise GatewatchError(
            f"{path} cannot be read: {error.strerror}", "name a file that this user may read"
        ) from error


def heads_of(*anchors: Anchor) -> dict[int, tuple[str, ...]]:
    """What anchors say of entries, by number."""
    heads: dict[int, tuple[str, ...]] = {}
    for anchor in anchors:
        heads[anchor.seq] = (*heads.get(anchor.seq, ()), anchor.head)
    return heads


def _verify_export(path: Path, end: ExportEnd, expected: Expected) -> Verdict:
    key = expected.key
    if key is not None and end.is_genuine(key):
        expected = expected._replace(first=end.first, sealed_to=end.sealed_to)
    heads = {**expected.heads, end.until: (*expected.heads.get(end.until, ()), end.head)}
    walk = Walk(expected._replace(heads=heads), end.numbers())
    try:
        broken = walk.go(links_in(path, stop_before=BEGINNING))
        following = walk.next_expected() if broken is None else None
    except ValueError:
        broken, following = cut_off(walk.last, "its last line was changed"), None
    if following is not None:
        broken = cut_off(walk.last, f"it was exported with {end.entries} records, record {following} is missing")
    notes: list[str] = []
    if broken is None and key is None:
        notes.append("without the vault nobody can tell whether its last line, which says what it holds, is genuine")
    elif broken is None and key is not None:
        broken = _not_proven(path, end, key, walk.last)
    return _verdict("export", walk, broken, notes)


def _not_proven(path: Path, end: ExportEnd, key: AuditKey, last: int) -> Broken | None:
    """What is wrong with an export whose records look right one by one."""
    if end.code is None or end.key_id != key.id:
        whose = "nothing" if end.code is None else "another vault's key"
        text = (
            f"nothing proves it: its last line is sealed with {whose}, so each record may be another; export it again"
        )
        return Broken(seq=last, what="not sealed", text=text)
    if not end.is_genuine(key):
        return cut_off(last, "its last line, which says what it holds, was changed")
    if end.digest != digest_before_end(path):
        return Broken(seq=last, what="changed", text="a record was changed: its last line does not fit those before it")
    return None


def _end_of(path: Path) -> ExportEnd | None:
    """The last line of an export; None where the file ends otherwise."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 16 * LONGEST_LINE))
        return export_end(file.read().rstrip(b"\n").rpartition(b"\n")[2])


def _as_in_the_store(found: Iterator[Link], connection: sqlite3.Connection) -> Iterator[Link]:
    """Links of the file; one that the store has otherwise counts as damaged."""
    for link in found:
        row = connection.execute("SELECT hash FROM audit_chain WHERE seq = ?", (link.seq,)).fetchone()
        yield link if row is None or row[0] == link.hash else link._replace(record=None)


def _cut_at(walk: Walk, written: int) -> Broken | None:
    return cut_off(walk.last, f"{written} records were written") if walk.last < written else None


def _cut_store(connection: sqlite3.Connection, walk: Walk) -> Broken | None:
    """Whether something knows of later records."""
    known = [(max(walk.expected.heads, default=0), "an anchor names record {}")]
    for table, text in (("audit_chain", "its chain goes on to {}"), ("audit_seals", "there are seals up to {}")):
        (seq,) = connection.execute(f"SELECT ifnull(max(seq), 0) FROM {table}").fetchone()  # noqa: S608
        known.append((seq, text))
    with suppress(sqlite3.Error):  # the counter of a table that never had a row
        rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchall()
        known += [(seq, "record {} was written") for (seq,) in rows if isinstance(seq, int)]
    for seq, text in known:
        if seq > walk.last:
            return cut_off(walk.last, text.format(seq))
    return None


def _sealed_without_anchor(connection: sqlite3.Connection, key: AuditKey) -> Broken | None:
    (seq,) = connection.execute("SELECT max(seq) FROM audit_seals WHERE key_id = ?", (key.id,)).fetchone()
    return None if seq is None else cut_off(seq, "the anchor, which tells where it ends, is gone from the vault")


def _verdict(place: str, walk: Walk, broken: Broken | None, notes: "list[str] | tuple[str, ...]" = ()) -> Verdict:
    return Verdict(
        place=place,
        ok=broken is None,
        broken=broken,
        count=walk.count,
        last=walk.last,
        head=walk.head,
        sealed=walk.sealed,
        unsealed=walk.unsealed,
        sealed_elsewhere=walk.elsewhere,
        notes=tuple(notes),
    )
