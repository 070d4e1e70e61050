"""Exact money: integers of picodollars (1e-12 USD).

A price in USD per million tokens with up to six decimals is a whole number of picodollars per token, so a cost is a
sum of integers and needs no rounding rule. Floats never enter; a derived unit price is rounded half-even, once.
"""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

PICOS_PER_USD = 10**12


def picos_from_usd(usd: str | Decimal) -> int:
    """USD as text or Decimal → picodollars. Raises ValueError where the amount is finer than a picodollar."""
    with localcontext() as context:
        context.prec = 60
        scaled = Decimal(usd) * PICOS_PER_USD
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"{usd!r} USD is not a whole number of picodollars (1e-12 USD)")
        return int(scaled)


def unit_picos(usd: Decimal, per_units: int) -> int:
    """A price of `usd` for `per_units` units → picodollars per unit, rounded half-even once."""
    with localcontext() as context:
        context.prec = 60
        return int((usd * PICOS_PER_USD / per_units).to_integral_value(ROUND_HALF_EVEN))


def usd_text(picos: int) -> str:
    """Picodollars → the shortest exact decimal text of USD: 5615000000 → "0.005615", 0 → "0"."""
    sign, picos = ("-", -picos) if picos < 0 else ("", picos)
    whole, rest = divmod(picos, PICOS_PER_USD)
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:012d}".rstrip("0")
