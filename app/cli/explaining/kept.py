"""What is kept of a call's contents: the shape of a request that was answered with a 400, and bodies where they are."""

from collections.abc import Iterator
from typing import Any

from app.cli.explaining.lines import Row
from gatewatch.safe_text import safe

MOST_LINES = 60


def shape(call: Row) -> Iterator[str]:
    """Names, types, sizes and values that are no text, one a line."""
    if not call.get("request_shape"):
        return
    lines = [*_lines(call["request_shape"], "    ")]
    yield "  its shape, kept as it was answered with a 400:"
    yield from lines[:MOST_LINES]
    if (more := len(lines) - MOST_LINES) > 0:
        yield f"    and {more} lines more: -o json has all"


def bodies(call: Row, kept: list[dict[str, Any]]) -> Iterator[str]:
    """How to read them. `kept`: where the ledger says that they are."""
    if kept:
        sizes = ", ".join(f"{safe(each['kind'], 40)} of {each['size']} bytes" for each in kept)
        yield f"  kept, without secrets: {sizes}"
        yield f"  $ gatewatch bodies show {call['call_id']}"


def _lines(value: Any, indent: str) -> Iterator[str]:
    for name, each in value.items() if isinstance(value, dict) else (("", value),):
        if isinstance(each, dict) and each:
            yield f"{indent}{safe(name, 100)}"
            yield from _lines(each, f"{indent}  ")
        else:
            told = "null" if each is None else str(each).lower() if isinstance(each, bool) else each
            yield f"{indent}{safe(name, 100)}: {safe(told, 200)}"
