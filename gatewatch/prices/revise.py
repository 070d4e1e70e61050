"""Keeps the history of the base book when it is compiled again.

A revision as of a date changes no price before that date: rows that changed or vanished are ended there and stay, rows
that go on keep their id and their record. The one exception is a model that was in no list before, whose prices hold
for its past too, as nothing was charged by another price.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from gatewatch.prices.row import PriceRow, price_row

Lists = dict[str, list[PriceRow]]
"""Name of a price list → its rows, in the order in which their models are tried."""


def revise(standing: Lists, compiled: Lists, as_of: datetime) -> Lists:
    """`standing` with what `compiled` says from `as_of` on. Compiled again from the same, it stays as it is."""
    return {
        name: _revise_list(standing.get(name, []), compiled.get(name, []), as_of)
        for name in sorted(standing.keys() | compiled.keys())
    }


def _revise_list(standing: list[PriceRow], compiled: list[PriceRow], as_of: datetime) -> list[PriceRow]:
    old, new = _by_model(standing), _by_model(compiled)
    revised: list[PriceRow] = []
    for model, rows in new.items():
        revised += _revise_model(old[model], rows, as_of) if model in old else rows
    for model, rows in old.items():
        if model not in new:
            revised += [_ended(row, as_of) for row in rows]
    return revised


def _revise_model(standing: list[PriceRow], compiled: list[PriceRow], as_of: datetime) -> list[PriceRow]:
    rows = {row.id: row for row in standing}
    going_on: set[str] = set()
    for row in compiled:
        if row.valid_to is not None and row.valid_to <= as_of:
            continue
        begins = max(row.valid_from or as_of, as_of)
        same = next((each for each in rows.values() if _terms(each) == _terms(row) and _holds(each, begins)), None)
        if same is None:
            same = row if row.valid_from == begins else _with(row, valid_from=begins)
        rows[same.id] = _with(same, valid_to=row.valid_to)
        going_on.add(same.id)
    return [row if row.id in going_on else _ended(row, as_of) for row in rows.values()]


def _ended(row: PriceRow, as_of: datetime) -> PriceRow:
    """Ended at `as_of`; a row that would have begun later never does."""
    end = as_of if row.valid_from is None else max(row.valid_from, as_of)
    return row if row.valid_to is not None and row.valid_to <= end else _with(row, valid_to=end)


def _holds(row: PriceRow, instant: datetime) -> bool:
    return (row.valid_from is None or row.valid_from <= instant) and (row.valid_to is None or instant < row.valid_to)


def _terms(row: PriceRow) -> tuple[object, ...]:
    return row.match, row.prices, row.tier, row.above, row.hours, row.minimum_seconds


def _with(row: PriceRow, **changes: datetime | None) -> PriceRow:
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if name != "id"}
    return price_row(**(fields | changes))


def _by_model(rows: Iterable[PriceRow]) -> dict[str, list[PriceRow]]:
    models: dict[str, list[PriceRow]] = {}
    for row in rows:
        models.setdefault(row.model, []).append(row)
    return models


def read_lists(folder: Path) -> Lists:
    return {
        path.stem: msgspec.json.Decoder(PriceRow).decode_lines(path.read_bytes())
        for path in sorted(folder.glob("*.jsonl"))
    }


def write_lists(folder: Path, lists: Lists) -> None:
    for name, rows in lists.items():
        (folder / f"{name}.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(rows))
