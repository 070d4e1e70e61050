"""Prints rows as a table, JSON or CSV. stdout is data only; what is printed for a terminal is made harmless first."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gatewatch.safe_text import safe

Row = Mapping[str, Any]

WIDEST_CELL, WIDEST_VALUE = 60, 160
"""Characters: of a cell in a table of rows, and of a value of one object."""
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


def print_rows(rows: Sequence[Row], output: str, columns: Sequence[str] | None = None) -> None:
    """Rows → stdout. `columns` picks and orders them for tables and CSV; JSON always carries every field."""
    if output == "json":
        print_json(list(rows))
        return
    names = list(columns) if columns else list(rows[0]) if rows else []
    if output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows([csv_cell(row.get(name)) for name in names] for row in rows)
        return
    sys.stdout.write(table(rows, names))


def print_object(value: Row, output: str) -> None:
    """One object: JSON as it is, CSV as one row, a table as two columns."""
    if output == "json":
        print_json(value)
    elif output == "csv":
        print_rows([value], "csv")
    else:
        rows = [{"field": name, "value": item} for name, item in value.items()]
        sys.stdout.write(table(rows, ("field", "value"), WIDEST_VALUE))


def print_json(value: object) -> None:
    json.dump(value, sys.stdout, ensure_ascii=True, indent=2 if sys.stdout.isatty() else None)
    sys.stdout.write("\n")


def csv_cell(value: object) -> str:
    """RFC 4180 text that no spreadsheet runs: a leading = + - @ TAB CR is guarded by an apostrophe, numbers are not."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value)
    text = str(value)
    is_number = not isinstance(value, str) or text.lstrip("-").replace(".", "", 1).isdecimal()
    return "'" + text if text.startswith(_FORMULA_START) and not is_number else text


def table(rows: Sequence[Row], names: Sequence[str], widest: int = WIDEST_CELL) -> str:
    """Aligned columns with a header; numbers to the right. No cell has more than `widest` characters."""
    if not names:
        return ""
    cells = [[_cell(row.get(name), widest) for name in names] for row in rows]
    widths = [max([len(name), *(len(line[i]) for line in cells)]) for i, name in enumerate(names)]
    numeric = [bool(rows) and all(isinstance(row.get(n), int | float | None) for row in rows) for n in names]
    lines = [list(names), *cells]
    return "".join(
        "  ".join(
            c.rjust(w) if right else c.ljust(w) for c, w, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def _cell(value: object, widest: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.1f}"
    return safe(_words(value) or "–" if isinstance(value, dict | list) else value, widest)


def _words(value: object) -> str:
    """Lists and objects as people write them: `a, b` and `limit 10, remaining 9`."""
    if isinstance(value, dict):
        return ", ".join(
            f"{name} ({_words(item)})" if isinstance(item, dict | list) else f"{name} {_words(item)}"
            for name, item in value.items()
        )
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return "–" if value is None else str(value)
