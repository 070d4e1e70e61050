"""Money is exact to the picodollar, in and out."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gatewatch.money import picos_from_usd, unit_picos, usd_text


@pytest.mark.parametrize(
    ("usd", "picos"),
    [
        ("0", 0),
        ("1", 1_000_000_000_000),
        ("0.005615", 5_615_000_000),
        ("0.000000000001", 1),
        ("-2.5", -2_500_000_000_000),
        ("123456789.123456789012", 123_456_789_123_456_789_012),
    ],
)
def test_an_amount_is_the_same_number_in_dollars_and_in_picodollars(usd: str, picos: int) -> None:
    assert picos_from_usd(usd) == picos
    assert usd_text(picos) == usd


@pytest.mark.parametrize("usd", ["0.0000000000001", "1e-13", "NaN", "Infinity"])
def test_an_amount_finer_than_a_picodollar_is_refused_rather_than_rounded(usd: str) -> None:
    with pytest.raises(ValueError, match="picodollars"):
        picos_from_usd(usd)


@pytest.mark.parametrize(
    ("usd", "units", "picos"),
    [
        ("2.50", 1_000_000, 2_500_000),  # a price per million tokens
        ("0.0375", 1_000_000, 37_500),
        ("0.01", 1, 10_000_000_000),  # a price per search
        ("0.0000000000005", 1, 0),  # halves go to the even neighbour
        ("0.0000000000015", 1, 2),
        ("0.0000000000025", 1, 2),
        ("1", 3, 333_333_333_333),
    ],
)
def test_a_unit_price_is_rounded_once_half_to_even(usd: str, units: int, picos: int) -> None:
    assert unit_picos(Decimal(usd), units) == picos


@given(some.integers(min_value=-(10**30), max_value=10**30))
def test_no_amount_is_lost_on_the_way_through_text(picos: int) -> None:
    assert picos_from_usd(usd_text(picos)) == picos
