"""Lines of a story: harmless on a terminal, and none wider than 80 columns."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gatewatch.safe_text import safe

Row = Mapping[str, Any]

COLUMNS = 80


def folded(lines: Iterable[str]) -> Iterator[str]:
    """What is too wide goes on in further lines, indented by two more; commands stay whole. What is not harmless yet
    becomes so."""
    for told in lines:
        line = safe(told, 4000)
        if len(line) <= COLUMNS or line.startswith("  $ "):
            yield line
            continue
        indent = line[: len(line) - len(line.lstrip(" "))]
        yield from textwrap.wrap(
            line.lstrip(" "), COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
        )


def fields(call: Row, names: Iterable[str]) -> Iterator[str]:
    """`  name  value` of those that have one."""
    for name in names:
        if call.get(name) not in (None, "", 0, False, {}):
            yield field(name.replace("_", " "), call[name])


def field(name: str, value: object) -> str:
    """One of them."""
    return f"  {safe(name, 40):16} {safe(value, 200)}"
