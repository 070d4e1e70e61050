"""One call's money, taken apart: tokens of each class × its price, in picodollars.

Keeps true: the lines, `lost` and `rest` add up to the recorded cost exactly. What the ledger has recorded is what
counts: this explains it, from the price row that the call names. `lost` is what tries that were left may have cost,
`rest` what tokens do not explain (searches, images, fees).
"""

import re
from dataclasses import dataclass

from app.console.figures import UNPRICED, Row
from gatewatch.money import picos_from_usd
from gatewatch.prices.book import PriceBook
from gatewatch.prices.row import PriceRow, Prices

TOKENS_PER_PRICE = 10**6

_ROW_ID = re.compile(
    r"(?P<provider>[^/]+)/(?P<model>.+?)(?::(?:batch|flex|priority|fast))?(?:>\d+)?@[^@#]+#[0-9a-f]{8}"
)
_INPUT = (
    ("input, uncached", "input_uncached_tokens", ("input",)),
    ("cache read", "input_cache_read_tokens", ("cache_read", "input")),
    ("cache write 5 min", "input_cache_write_5m_tokens", ("cache_write", "input")),
    ("cache write 1 h", "input_cache_write_1h_tokens", ("cache_write_1h", "cache_write", "input")),
    ("audio in", "input_audio_tokens", ("input_audio", "input")),
    ("image in", "input_image_tokens", ("input_image", "input")),
)
_OUTPUT = (
    ("reasoning", "output_reasoning_tokens", ("output_reasoning", "output")),
    ("audio out", "output_audio_tokens", ("output_audio", "output")),
)


@dataclass(frozen=True)
class Charge:
    """One class of tokens. Picodollars; `price` is for one token, None where the row is not known or states none."""

    name: str
    tokens: int
    price: int | None
    instead: str | None = None
    """The wider class whose price it is, where the row states none for this very one."""

    @property
    def picos(self) -> int | None:
        return None if self.price is None else self.tokens * self.price


@dataclass(frozen=True)
class Charges:
    """All of a call. `total` is the recorded cost, None where the call is unpriced."""

    lines: tuple[Charge, ...]
    total: int | None
    rest: int | None
    """Of the total, what the lines do not explain; None where a line has no price."""
    lost: int = 0


def charges_of(call: Row, row: PriceRow | None) -> Charges:
    """The lines of one call, for the classes that it used."""
    prices = row.prices if row else Prices()
    used = [_charge(name, call.get(column) or 0, prices, meters) for name, column, meters in _INPUT]
    special = [_charge(name, call.get(column) or 0, prices, meters) for name, column, meters in _OUTPUT]
    rest = (call.get("output_tokens") or 0) - sum(charge.tokens for charge in special)
    lines = tuple(
        charge for charge in (*used, _charge("output", max(0, rest), prices, ("output",)), *special) if charge.tokens
    )
    cost = call.get("cost_usd")
    total = None if cost in (None, UNPRICED) else picos_from_usd(str(cost))
    amounts = [charge.picos for charge in lines]
    explained = None if None in amounts else sum(amount for amount in amounts if amount is not None)
    lost = picos_from_usd(str(call.get("lost_usd") or 0))
    return Charges(lines, total, None if total is None or explained is None else total - explained - lost, lost)


def named_row(book: PriceBook, call: Row) -> PriceRow | None:
    """The price row that a call names; None where this book does not have it."""
    named = call.get("price_row")
    parts = _ROW_ID.fullmatch(named) if isinstance(named, str) else None
    if not parts:
        return None
    rows = book.rows(parts["provider"], parts["model"])
    if call.get("model"):
        rows += book.rows(parts["provider"], str(call["model"]))
    return next((row for row in rows if row.id == named), None)


def _charge(name: str, tokens: int, prices: Prices, meters: tuple[str, ...]) -> Charge:
    stated = [(meter, getattr(prices, meter)) for meter in meters]
    meter, price = next((each for each in stated if each[1] is not None), (meters[0], None))
    return Charge(name, tokens, price, None if price is None or meter == meters[0] else meter.replace("_", " "))
