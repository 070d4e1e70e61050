"""When a model is cheapest, where its price depends on the hour (DeepSeek's does)."""

from gatewatch.call import Tokens
from gatewatch.prices.book import PriceBook
from gatewatch.prices.rate import price_for, rate
from gatewatch.prices.row import minutes

_MINUTE_US = 60_000_000
_DAY_MINUTES = 1440
_USUAL = Tokens(input_uncached=1000, output=500)
"""What prices are compared by."""


def cheapest_from(book: PriceBook, provider: str, model: str, now_us: int, until_us: int) -> int | None:
    """The first moment (µs) of the cheapest hours before `until_us`: now, where it is as cheap as any later.

    None: the price is the same at every hour, or not known. `provider`: whose prices.
    """
    begins = {
        minute for row in book.rows(provider, model) if row.tier == "standard" for span in row.hours
        for minute in minutes(span)
    }  # fmt: skip
    if not begins:
        return None
    today = now_us // _MINUTE_US // _DAY_MINUTES * _DAY_MINUTES
    moments = sorted((today + day * _DAY_MINUTES + minute) * _MINUTE_US for day in range(9) for minute in begins)
    found: tuple[int, int] | None = None
    for at in (now_us, *(each for each in moments if now_us < each < until_us)):
        cost = _cost(book, provider, model, at)
        if cost is not None and (found is None or cost < found[0]):
            found = cost, at
    return found[1] if found else None


def _cost(book: PriceBook, provider: str, model: str, at: int) -> int | None:
    row = price_for(book, provider, model, None, at, "standard", _USUAL.input)
    return rate(_USUAL, row) if row else None
