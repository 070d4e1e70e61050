"""Where sealed entries go beside the store: a file, this machine's syslog, both or neither.

Keeps true: no action waits for it or fails with it. What could not be written is told, and written later.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from gatewatch.audit.anchor import Kept
from gatewatch.audit.cef import cef
from gatewatch.audit.links import Link, hash_before, links
from gatewatch.audit.record import encoded, line_of
from gatewatch.audit.syslog import DEV_LOG, Syslog
from gatewatch.audit.trail_file import TrailFile
from gatewatch.paths import Home


class SecondSink(NamedTuple):
    """What the configuration says of it."""

    file: Path | None
    syslog: Path | None = None
    """The socket of the syslog daemon."""


def configured_sink(home: Home, file: str | None, syslog: bool) -> SecondSink:
    """What the configuration's `audit` section means: a path, relative to the home; `none`; or the usual file."""
    path = home.audit_file if file is None else None if file == "none" else home.root / Path(file).expanduser()
    return SecondSink(path, DEV_LOG if syslog else None)


def sink_as_before(home: Home, kept: Kept | None) -> SecondSink:
    """Where the trail went so far, for who has no configuration; the usual file where it went nowhere yet."""
    if kept is None:
        return SecondSink(home.audit_file)
    return SecondSink(Path(kept.file) if kept.file else None, None if kept.logged is None else DEV_LOG)


class Written(NamedTuple):
    """How far it has come, and what was in its way."""

    kept: Kept
    problems: dict[str, str]
    """`file` or `syslog` → what happened."""


def catch_up(connection: sqlite3.Connection, kept: Kept, sink: SecondSink, was: int) -> Written:
    """Writes what is sealed and not there yet. `was`: the newest sealed entry before this time."""
    problems: dict[str, str] = {}
    try:
        kept = _file(connection, kept, sink.file, problems)
    except OSError as error:
        problems["file"] = f"{sink.file} cannot be written: {error.strerror}"
    kept = _syslog(connection, kept, sink.syslog, was, problems)
    return Written(kept, problems)


def _file(connection: sqlite3.Connection, kept: Kept, path: Path | None, problems: dict[str, str]) -> Kept:
    if path is None:
        return msgspec.structs.replace(kept, file="", filed=0)
    if kept.file != str(path):  # another file gets the whole trail, from the last accepted break on
        kept = msgspec.structs.replace(kept, file=str(path), filed=0)
    file = TrailFile(path)
    last = file.last()
    there = last.seq if last is not None and _is_ours(connection, last.seq, last.hash) else 0
    if there < kept.filed:
        problems["file"] = f"{path} was cut off or replaced: it ends at {there}, and {kept.filed} entries were written"
    start = max(kept.filed, there, kept.begin - 1)
    if start < kept.anchor.seq:
        file.append(_lines(connection, start, kept.anchor.seq))
    return msgspec.structs.replace(kept, filed=max(start, kept.anchor.seq))


def _syslog(
    connection: sqlite3.Connection, kept: Kept, address: Path | None, was: int, problems: dict[str, str]
) -> Kept:
    if address is None:
        return msgspec.structs.replace(kept, logged=None)
    sent = was if kept.logged is None else kept.logged  # what is old already is not told when it is switched on
    try:
        if sent < kept.anchor.seq:
            with Syslog(address) as syslog:
                for link, _ in _sealed(connection, sent, kept.anchor.seq):
                    assert link.record is not None
                    syslog.send(cef(link.record, link.hash, link.seal), warning=link.record.result != "ok")
                    sent = link.seq
        sent = max(sent, kept.anchor.seq)
    except OSError as error:
        problems["syslog"] = f"{address} takes nothing: {error.strerror or error}"
    return msgspec.structs.replace(kept, logged=sent)


def _is_ours(connection: sqlite3.Connection, seq: int, hash: str) -> bool:
    row = connection.execute("SELECT hash FROM audit_chain WHERE seq = ?", (seq,)).fetchone()
    return row is not None and row[0] == hash


def _lines(connection: sqlite3.Connection, after: int, until: int) -> Iterator[bytes]:
    for link, previous in _sealed(connection, after, until):
        assert link.record is not None
        assert link.hash is not None
        yield encoded(line_of(link.record, previous, link.hash, link.seal, link.key_id))


def _sealed(connection: sqlite3.Connection, after: int, until: int) -> Iterator[tuple[Link, str]]:
    """Sealed entries and the hashes before them. What is not sealed by now never will be: it was put in by hand."""
    previous = hash_before(connection, after + 1)
    for link in links(connection, after):
        if link.seq > until:
            return
        if link.seal is not None and link.record is not None:
            yield link, previous
        previous = link.hash or previous
