"""How a call's cost comes about: tokens × unit price, class by class, as exact sums."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatewatch.call import Tokens
from gatewatch.money import picos_from_usd
from gatewatch.paths import Home
from gatewatch.prices.book import PriceBook
from gatewatch.prices.overrides import load_file
from gatewatch.prices.rate import rate
from gatewatch.prices.row import PriceRow


@dataclass(frozen=True)
class CostLine:
    """One class of tokens. None: the row has no price for it."""

    tokens: str
    count: int
    picos_each: int | None
    picos: int | None


@dataclass(frozen=True)
class CostLines:
    """The lines of a call, what they add up to, and what of the call's cost they do not explain."""

    row: PriceRow
    lines: list[CostLine]
    sum_picos: int
    other_picos: int | None
    """Fees per request or search, or a usage that tokens do not tell; None for a call without a cost."""


def cost_lines(call: Mapping[str, Any], home: Home) -> CostLines | None:
    """The arithmetic behind a row of the query `call`; None where its price row is not known here."""
    row = _price_row(call, home)
    if row is None:
        return None
    lines = []
    for name, tokens in _classes(call):
        count = sum(getattr(tokens, field) for field in Tokens.__struct_fields__ if not field.startswith("output_"))
        picos = rate(tokens, row, requests=0)
        each = None if picos is None else picos // count
        lines.append(CostLine(name, count, each, picos))
    total = sum(line.picos or 0 for line in lines)
    priced = call["cost_usd"] not in (None, "unpriced")
    return CostLines(row, lines, total, picos_from_usd(call["cost_usd"]) - total if priced else None)


def _classes(call: Mapping[str, Any]) -> list[tuple[str, Tokens]]:
    """The classes that occur, each as tokens of its own; what is inside output is taken out of it."""
    counts = {name: int(call[f"{name}_tokens"] or 0) for name in Tokens.__struct_fields__}
    inside = {name: min(counts[name], counts["output"]) for name in ("output_audio", "output_reasoning")}
    classes = [(name, Tokens(**{name: count})) for name, count in counts.items() if name.startswith("input")]
    rest = max(0, counts["output"] - sum(inside.values()))
    classes.append(("output", Tokens(output=rest)))
    classes += [(name, Tokens(output=count, **{name: count})) for name, count in inside.items()]
    return [(name, tokens) for name, tokens in classes if tokens != Tokens()]


def _price_row(call: Mapping[str, Any], home: Home) -> PriceRow | None:
    wanted = call["price_row"]
    if not wanted:
        return None
    book = PriceBook.open(load_file(home.control))
    provider, _, rest = str(wanted).partition("/")
    names = [call["served_model"], call["model"], rest.partition("@")[0].partition(":")[0].partition(">")[0]]
    for name in filter(None, names):
        for row in book.rows(provider, name):
            if row.id == wanted:
                return row
    return None
