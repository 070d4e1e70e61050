"""What a call cost: by class of tokens, from the price row that it names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from app.cli.explaining.lines import Row
from gatewatch.money import usd_text
from gatewatch.safe_text import safe

if TYPE_CHECKING:
    from app.console.charges import Charges

_BASES = {
    "reported": "by the usage that the provider reported",
    "computed": "computed by the gateway",
    "estimated": "an estimate: the provider did not report all of the usage",
    "unpriced": "as no price is known for what was used",
}


def cost(call: Row, charges: "Charges") -> Iterator[str]:
    """One line for each class, and the sum."""
    width = max([len(line.name) for line in charges.lines], default=0)
    for line in charges.lines:
        if line.price is None or line.picos is None:
            yield f"  {line.name:{width}}  {line.tokens:>9} tokens, their price is not known"
        else:
            million, instead = usd_text(line.price * 10**6), f" (the price of {line.instead})" if line.instead else ""
            yield f"  {line.name:{width}}  {line.tokens:>9} × {million} per million{instead} = {usd_text(line.picos)}"
    if charges.lost:
        yield f"  what tries that were sent and left may have cost, by estimate: {usd_text(charges.lost)}"
    if charges.rest:
        yield f"  not by tokens (searches, images, fees): {usd_text(charges.rest)}"
    total = call["cost_usd"] if charges.total is None else f"{usd_text(charges.total)} USD"
    basis = _BASES.get(call["cost_basis"], safe(call["cost_basis"]))
    if charges.lost and call["usage"] is not None:
        basis = "of which what was lost is an estimate"
    yield f"  {total}, {basis}"
    if call["price_row"]:
        yield f"  price row {safe(call['price_row'])}"


def cost_json(call: Row, charges: "Charges") -> dict[str, Any]:
    """The same for scripts."""

    def usd(picos: int | None) -> str | None:
        return None if picos is None else usd_text(picos)

    lines = [
        {
            "tokens": line.name,
            "count": line.tokens,
            "usd_per_million": None if line.price is None else usd(line.price * 10**6),
            "instead_of": line.instead,
            "usd": usd(line.picos),
        }
        for line in charges.lines
    ]
    return {
        "cost_usd": call["cost_usd"],
        "cost_basis": call["cost_basis"],
        "price_row": call["price_row"],
        "lines": lines,
        "lost_tries_usd": usd(charges.lost),
        "not_by_tokens_usd": usd(charges.rest),
    }
