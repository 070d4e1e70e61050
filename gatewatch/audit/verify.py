"""Whether the trail is as it was written: in the store, in the second sink's file, in an export.

It only reads. Nothing has to stand still for it: the anchor is read first, so whatever is newer is only more.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from gatewatch.audit.anchor import Anchor, Kept
from gatewatch.audit.beginning import sealed_before
from gatewatch.audit.export_end import BEGINNING, ExportEnd, digest_before_end, export_end
from gatewatch.audit.links import Link, digest_before, links, snapshot
from gatewatch.audit.record import GENESIS
from gatewatch.audit.seals import AuditKey
from gatewatch.audit.trail_file import LONGEST_LINE, links_in
from gatewatch.audit.walk import Broken, Expected, Walk, cut_off
from gatewatch.control.records import now_us
from gatewatch.control.schema import ControlStoreError
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home

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


def verify_store(
    path: Path, key: AuditKey | None, kept: Kept | None, anchors: tuple[Anchor, ...] = (), file: Path | None = None
) -> Verdict:
    """The store. `kept`: what is remembered outside of it; `anchors`: more of them; `file`: the second sink's.

    Raises ControlStoreError.
    """
    heads = heads_of(*anchors, *((kept.anchor,) if kept else ()))
    walk = Walk(_expected(key, kept, kept.anchor.seq if kept else 0, heads))
    begin = walk.expected.begin
    notes = [
        f"the anchor of record {seq} is older than the break that record {begin} accepts"
        for seq in heads
        if 0 < seq < begin
    ]
    try:
        with snapshot(path) as connection:
            broken = None
            if key is not None and kept is None:
                broken = _lost(connection, key, file)
            broken = broken or _accepted_part(connection, kept)
            broken = broken or walk.go(links(connection, begin - 1 if begin > 1 else -_NEVER))
            broken = broken or _cut_store(connection, walk)
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    except (sqlite3.Error, OSError) as error:
        raise ControlStoreError(f"{path} cannot be read: {error}", "restore it from a backup") from error
    if missing := sorted(_TRIGGERS - there):
        notes.append(f"what keeps the trail from being changed was removed: {', '.join(missing)}")
    return _verdict("store", walk, broken, notes)


def verify_sink(path: Path, store: Path, key: AuditKey, kept: Kept | None) -> Verdict:
    """The second sink's file, by itself and beside the store; without `kept`, whatever there is of it.

    Raises GatewatchError where it cannot be read.
    """
    filed = kept.filed if kept else 0
    heads = heads_of(kept.anchor) if kept and filed >= kept.anchor.seq else {}
    walk = Walk(_expected(key, kept, filed, heads))
    try:
        with snapshot(store) as connection:
            broken = walk.go(_as_in_the_store(links_in(path), connection)) or _cut_at(walk, filed)
    except FileNotFoundError:
        broken = cut_off(0, f"the file is gone; {filed} records were written to it") if filed else None
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
        if end is not None:
            return _verify_export(path, end, Expected(key, kept.first if kept else _NEVER, 0, heads))
        walk = Walk(_expected(key, kept, _NEVER, heads))  # only what is sealed is ever written there
        broken = walk.go(links_in(path)) or _cut_at(walk, max(heads, default=0))
        note = () if heads else ("no anchor is known: whether its end is missing cannot be told; give --anchor",)
        return _verdict("file", walk, broken, note)
    except OSError as error:
        raise GatewatchError(
            f"{path} cannot be read: {error.strerror}", "name a file that this user may read"
        ) from error


def verify_home(
    home: Home, key: AuditKey | None, kept: Kept | None, file: Path | None, anchors: tuple[Anchor, ...] = ()
) -> list[tuple[Path, Verdict]]:
    """The store, and the second sink's file where there is to be one. `file`: by the configuration.

    Raises ControlStoreError, GatewatchError.
    """
    if kept is not None:
        file = Path(kept.file) if kept.file else None
    found = [(home.control, verify_store(home.control, key, kept, anchors, file))]
    if key is not None and file is not None and (kept is not None or file.is_file()):
        found.append((file, verify_sink(file, home.control, key, kept)))
    return found


def heads_of(*anchors: Anchor) -> dict[int, tuple[str, ...]]:
    """What anchors say of entries, by number."""
    heads: dict[int, tuple[str, ...]] = {}
    for anchor in anchors:
        heads[anchor.seq] = (*heads.get(anchor.seq, ()), anchor.head)
    return heads


def _verify_export(path: Path, end: ExportEnd, expected: Expected) -> Verdict:
    key, begin = expected.key, 0
    if key is not None and end.is_genuine(key):
        expected = expected._replace(first=end.first, sealed_to=end.sealed_to)
        begin = end.begin  # what an accepted break lies behind, the digest holds
    heads = {**expected.heads, end.until: (*expected.heads.get(end.until, ()), end.head)}
    walk = Walk(expected._replace(heads=heads), (number for number in end.numbers() if number >= begin))
    try:
        broken = walk.go(link for link in links_in(path, stop_before=BEGINNING) if link.seq >= begin)
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


def _expected(
    key: AuditKey | None, kept: Kept | None, sealed_to: int, heads: Mapping[int, tuple[str, ...]]
) -> Expected:
    """By what is remembered outside of the trail."""
    if kept is None:
        return Expected(key, _NEVER, 0, heads)
    previous = kept.accepted[-1].previous if kept.accepted else GENESIS
    return Expected(key, kept.first, sealed_to, heads, kept.begin, previous)


def _lost(connection: sqlite3.Connection, key: AuditKey, file: Path | None) -> Broken | None:
    why = sealed_before(connection, key, file, now_us())
    (newest,) = connection.execute("SELECT ifnull(max(seq), 0) FROM audit").fetchone()
    text = f"the anchor, which tells where the trail ends, is lost: {why}"
    return None if why is None else Broken(seq=newest, what="lost", text=text)


def _accepted_part(connection: sqlite3.Connection, kept: Kept | None) -> Broken | None:
    """What lies before an accepted break stays as it was when it was accepted."""
    if kept is None or not kept.accepted or digest_before(connection, kept.begin) == kept.accepted[-1].digest:
        return None
    seq = kept.begin
    return Broken(seq=seq, what="changed", text=f"records before {seq} were changed since a break was accepted there")


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
