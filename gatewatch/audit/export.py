"""The trail in other programs' formats, page by page: whoever takes it all along holds a page at a time."""

import hashlib
import json
import sqlite3
from itertools import islice
from typing import Literal

import msgspec

from gatewatch.audit.anchor import Kept
from gatewatch.audit.cef import cef
from gatewatch.audit.export_end import ExportEnd, ranges
from gatewatch.audit.links import Link, hash_before, links
from gatewatch.audit.ocsf import ocsf
from gatewatch.audit.record import encoded, line_of
from gatewatch.audit.seals import AuditKey
from gatewatch.control.audit import Wanted

Form = Literal["jsonl", "cef", "ocsf"]

PAGE_ENTRIES = 500
PAGE_CHARACTERS = 4_000_000


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Lines without their ends."""

    lines: list[str]
    after: int
    """The next page begins behind this entry."""
    more: bool


def page(connection: sqlite3.Connection, form: Form, wanted: Wanted, after: int, upto: int) -> Page:
    """The entries behind `after`, as many as fit on a page, none newer than `upto`. One that is damaged is left out."""
    where, values = wanted.condition(None, "")
    found = links(connection, after, where=f"a.seq <= :upto AND {where}", values={**values, "upto": upto})
    lines: list[str] = []
    size, more = 0, False
    for link in islice(found, PAGE_ENTRIES):
        line = _line(connection, form, link)
        lines += [] if line is None else [line]
        size += len(lines[-1]) if lines else 0
        after, more = link.seq, True
        if size > PAGE_CHARACTERS:
            break
    return Page(lines=lines, after=after, more=more)


def end_of(
    connection: sqlite3.Connection, wanted: Wanted, upto: int, at: int, key: AuditKey | None, kept: Kept | None
) -> ExportEnd:
    """What an export of JSON lines ends with."""
    where, values = wanted.condition(None, "")
    numbers: list[int] = []
    digest = hashlib.sha256()
    for link in links(connection, 0, where=f"a.seq <= :upto AND {where}", values={**values, "upto": upto}):
        numbers.append(link.seq)
        if (line := _line(connection, "jsonl", link)) is not None:
            digest.update(f"{line}\n".encode())
    end = ExportEnd(
        entries=len(numbers),
        seqs=ranges(numbers),
        until=upto,
        head=hash_before(connection, upto + 1),
        at=at,
        digest=digest.hexdigest(),
    )
    if key is None:
        return end
    if kept is not None:
        sealed_to = min(upto, kept.anchor.seq)
        end = msgspec.structs.replace(end, begin=kept.begin, first=kept.first, sealed_to=sealed_to)
    return end.coded(key)


def _line(connection: sqlite3.Connection, form: Form, link: Link) -> str | None:
    if link.record is None:
        return None
    if form == "cef":
        return cef(link.record, link.hash, link.seal)
    if form == "ocsf":
        return json.dumps(ocsf(link.record, link.hash, link.seal), ensure_ascii=True)
    line = line_of(link.record, hash_before(connection, link.seq), link.hash or "", link.seal, link.key_id)
    return encoded(line).decode("utf-8", "replace")
