"""What the package says is taken over whole: converted to whole picodollars, flattened, or refused by name."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from gatewatch.prices.package import Terms, match_of, start_dates, terms_on
from gatewatch.prices.row import Match, Prices

DAY = datetime(2026, 11, 21, tzinfo=UTC)


def model(prices: ModelPrice | list[ConditionalPrice], *variants: PriceVariant, name: str = "m") -> ModelInfo:
    return ModelInfo(id=name, match=ClauseEquals(name), prices=prices, price_variants=list(variants))


def usd(**prices: str) -> ModelPrice:
    return ModelPrice(**{name: Decimal(price) for name, price in prices.items()})


def test_prices_are_whole_picodollars_per_unit() -> None:
    stated = usd(
        input_mtok="0.02", web_searches_kcount="10", audio_hours="0.36", input_mchars="15", requests_kcount="5"
    )
    assert [terms.prices for terms in terms_on(model(stated), DAY)] == [
        Prices(input=20_000, web_search=10**10, audio_second=10**8, character=15 * 10**6, request=5 * 10**9)
    ]


@pytest.mark.parametrize(
    ("stated", "rounded"), [("0.0000005", 0), ("0.0000015", 2), ("0.0000025", 2), ("0.08333333333333334", 83_333)]
)
def test_what_is_finer_than_a_picodollar_is_rounded_half_even(stated: str, rounded: int) -> None:
    (terms,) = terms_on(model(usd(input_mtok=stated)), DAY)
    assert terms.prices.input == rounded


def test_tiers_by_input_become_a_row_per_threshold_with_all_its_prices() -> None:
    tiered = TieredPrices(base=Decimal(1), tiers=[Tier(start=500, price=Decimal(3)), Tier(start=200, price=Decimal(2))])
    stated = ModelPrice(input_mtok=tiered, output_mtok=Decimal(7))
    assert [(terms.above, terms.prices.input, terms.prices.output) for terms in terms_on(model(stated), DAY)] == [
        (0, 1_000_000, 7_000_000),
        (200, 2_000_000, 7_000_000),
        (500, 3_000_000, 7_000_000),
    ]


def test_a_variant_is_a_tier_with_the_standard_price_where_it_states_none() -> None:
    batch = PriceVariant(when={"processing": "batch"}, prices=usd(output_mtok="1"))
    fast = PriceVariant(when={"speed": "fast"}, prices=usd(output_mtok="8"))
    found = list(terms_on(model(usd(input_mtok="2", output_mtok="4"), batch, fast), DAY))
    assert found == [
        Terms("standard", 0, (), Prices(input=2_000_000, output=4_000_000)),
        Terms("batch", 0, (), Prices(input=2_000_000, output=1_000_000)),
        Terms("fast", 0, (), Prices(input=2_000_000, output=8_000_000)),
    ]


def test_a_variant_that_has_not_begun_is_not_there() -> None:
    batch = PriceVariant({"processing": "batch"}, usd(output_mtok="1"), StartDateConstraint(date(2026, 11, 22)))
    found = model(usd(output_mtok="4"), batch)
    assert [terms.tier for terms in terms_on(found, DAY)] == ["standard"]
    assert [terms.tier for terms in terms_on(found, DAY.replace(day=22))] == ["standard", "batch"]
    assert start_dates(found) == [DAY.replace(day=22)]


def test_hours_of_the_day_become_a_row_per_price() -> None:
    peak = [(time(1, tzinfo=UTC), time(4, tzinfo=UTC)), (time(22, 30, tzinfo=UTC), time(0, 15, tzinfo=UTC))]
    stated = [ConditionalPrice(prices=usd(input_mtok="1"))] + [
        ConditionalPrice(TimeOfDateConstraint(begin, end), prices=usd(input_mtok="2")) for begin, end in peak
    ]
    assert [(terms.hours, terms.prices.input) for terms in terms_on(model(stated), DAY)] == [
        (("00:15-01:00", "04:00-22:30"), 1_000_000),
        (("01:00-04:00", "22:30-00:15"), 2_000_000),
    ]


def test_no_price_is_no_price_but_free_is_free() -> None:
    assert [terms.prices for terms in terms_on(model(ModelPrice()), DAY)] == [Prices()]
    assert [terms.prices for terms in terms_on(model(ModelPrice(), name="m:free"), DAY)] == [Prices(input=0, output=0)]


@pytest.mark.parametrize(
    "unknown",
    [
        model(usd(input_gpixels="1")),
        model(usd(audio_hours="1", input_audio_hours="2")),
        model(usd(input_mtok="1"), PriceVariant({"region": "eu"}, usd(input_mtok="2"))),
        model(usd(input_mtok="1"), PriceVariant({"service_tier": "default"}, usd(input_mtok="2"))),
        model(
            usd(input_mtok="1"),
            PriceVariant({"speed": "fast"}, usd(), TimeOfDateConstraint(time(1, tzinfo=UTC), time(2, tzinfo=UTC))),
        ),
        model([ConditionalPrice(TimeOfDateConstraint(time(1, 0, 1, tzinfo=UTC), time(2, tzinfo=UTC)), prices=usd())]),
    ],
)
def test_what_has_no_place_in_a_row_is_an_error_and_not_left_out(unknown: ModelInfo) -> None:
    with pytest.raises(ValueError, match=r"^m: |is no whole minute"):
        list(terms_on(unknown, DAY))


def test_match_logic_stays_data() -> None:
    clause = ClauseOr(
        or_=[
            ClauseEquals("GPT-4o"),
            ClauseAnd(and_=[ClauseStartsWith("A"), ClauseEndsWith("B"), ClauseContains("C")]),
            ClauseRegex(r"^\D\d$"),
        ]
    )
    assert match_of(clause) == Match(
        any_of=(
            Match(equals="gpt-4o"),
            Match(all_of=(Match(starts_with="a"), Match(ends_with="b"), Match(contains="c"))),
            Match(regex=r"^\D\d$"),
        )
    )
