"""What is kept of each class of data: how long, since when, how much, and what is deleted next."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.bodies.day_files import SUFFIX
from gatewatch.control.retained import retained
from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking
from gatewatch.ledger.keeping import CLASSES, DAY_US, TABLES, Class
from gatewatch.ledger.segments import segments_in
from gatewatch.timespan import duration_text, iso

_BLOCK_BYTES = 256 * 1024
"""DuckDB's own."""
FOR_EVER = "for ever"


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Nothing to choose."""


def answer(asking: Asking, params: Params) -> Found:
    """One row for each class. `bytes` of tables are the blocks that hold some of them, and shared by small ones; None
    where they stand in no block of their own, or not yet."""
    del params
    query = "SELECT class, keep_us, epoch_us(deleted_before), deleted, epoch_us(deleted_at) FROM retention"
    said = {name: rest for name, *rest in asking.rows(query)}
    rows = [_row(asking, kind, said.get(kind)) for kind in CLASSES]
    home = asking.home
    rows.append(_fixed("quarantine", "as long as its segment", *_of_table(asking, "journal_quarantine", "at_us")))
    rows.append(_fixed("leftovers", "1d", *_of_files(home.scratch.rglob("*") if home else ())))
    for each in retained(home.control) if home else ():
        size = None
        if home and each.name == "audit":
            size = _of_files(path for path in (home.audit_file, home.control) if path.exists())[2]
        rows.append(_fixed(each.name, each.kept, each.oldest, each.rows, size))
    return Found(rows, None, "calls")


def _row(asking: Asking, kind: Class, said: list[Any] | None) -> dict[str, Any]:
    keep_us, before, deleted, deleted_at = said or (None, None, 0, None)
    parts = list(_parts(asking, kind))
    begins = [begin for begin, _, _ in parts if begin is not None]
    oldest = min(begins, default=None)
    due = None if oldest is None or keep_us is None else oldest // DAY_US * DAY_US + DAY_US + keep_us
    return {
        "class": kind,
        "kept": None if said is None else FOR_EVER if keep_us is None else _in_days(keep_us),
        "oldest": None if oldest is None else iso(oldest),
        "rows": sum(count for _, count, _ in parts),
        "bytes": _sum(size for _, _, size in parts),
        "next_deletion": None if due is None else iso(due),
        "deleted_before": None if before is None else iso(before),
        "deleted": deleted,
        "deleted_at": None if deleted_at is None else iso(deleted_at),
    }


def _sum(sizes: Iterable[int | None]) -> int | None:
    """None where one is not known."""
    known = list(sizes)
    return None if None in known else sum(filter(None, known))


def _fixed(name: str, how_long: str, oldest: int | None, rows: int, size: int | None) -> dict[str, Any]:
    nothing = {"next_deletion": None, "deleted_before": None, "deleted": None, "deleted_at": None}
    began = None if oldest is None else iso(oldest)
    return {"class": name, "kept": how_long, "oldest": began, "rows": rows, "bytes": size, **nothing}


def _parts(asking: Asking, kind: Class) -> Iterator[tuple[int | None, int, int | None]]:
    """Beginning (µs), rows or files, bytes."""
    home = asking.home
    if home and kind == "journal":
        yield _of_files(segment.path for segment in segments_in(home.loaded))
    if home and kind == "bodies":
        begin, count, size = _of_table(asking, "bodies", "day")
        yield begin, count, (size or 0) + _of_files(home.bodies.rglob(f"*{SUFFIX}"))[2]
        return
    for table, column in TABLES[kind]:
        yield _of_table(asking, table, column)


def _of_table(asking: Asking, table: str, column: str) -> tuple[int | None, int, int | None]:
    begin = "min(at_us)" if column == "at_us" else f"epoch_us(min({column})::TIMESTAMP)"
    ((oldest, count),) = asking.rows(f"SELECT {begin}, count(*) FROM {table}")
    storage = f"SELECT count(DISTINCT block_id) FROM pragma_storage_info('{table}') WHERE block_id >= 0"
    ((blocks,),) = asking.rows(storage)
    return oldest, count, None if count and not blocks else blocks * _BLOCK_BYTES


def _of_files(paths: Any) -> tuple[int | None, int, int]:
    """When the oldest was written, how many there are, their bytes. What cannot be looked at, or goes meanwhile, is not
    there."""
    found: list[tuple[float, int]] = []
    path: Path
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        if path.is_file():
            found.append((stat.st_mtime, stat.st_size))
    oldest = min((int(mtime * 1e6) for mtime, _ in found), default=None)
    return oldest, len(found), sum(size for _, size in found)


def _in_days(us: int) -> str:
    return duration_text(us) if us % DAY_US else f"{us // DAY_US}d"
