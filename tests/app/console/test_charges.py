"""One call's money taken apart: worked by hand, to the picodollar."""

from datetime import UTC, datetime

from app.console.charges import Charge, charges_of, named_row
from gatewatch.call import Tokens
from gatewatch.prices.book import PriceBook
from gatewatch.prices.rate import rate
from gatewatch.prices.row import Match, Prices, price_row

ROW = price_row(
    provider="openai",
    model="some-model",
    match=Match(equals="some-model"),
    prices=Prices(input=2_500_000, cache_read=1_250_000, output=10_000_000, web_search=10_000_000_000),
    source="a test",
    recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
)
CALL = {
    "input_uncached_tokens": 1_200,
    "input_cache_read_tokens": 800,
    "input_cache_write_5m_tokens": 10,
    "output_tokens": 350,
    "output_reasoning_tokens": 100,
    "cost_usd": "0.007525",
    "price_row": ROW.id,
    "model": "some-model",
}
"""1,200 × 2.50 + 800 × 1.25 + 10 × 2.50 + 350 × 10 USD per million = 0.003 + 0.001 + 0.000025 + 0.0035."""


def test_the_lines_add_up_to_the_recorded_cost() -> None:
    charges = charges_of(CALL, ROW)
    assert charges.lines == (
        Charge("input, uncached", 1_200, 2_500_000),
        Charge("cache read", 800, 1_250_000),
        Charge("cache write 5 min", 10, 2_500_000, instead="input"),
        Charge("output", 250, 10_000_000),
        Charge("reasoning", 100, 10_000_000, instead="output"),
    )
    assert [charge.picos for charge in charges.lines] == [
        3_000_000_000,
        1_000_000_000,
        25_000_000,
        2_500_000_000,
        10**9,
    ]
    assert charges.total == 7_525_000_000
    assert charges.rest == 0


def test_they_agree_with_what_the_gateway_rates() -> None:
    tokens = Tokens(
        input_uncached=1_200, input_cache_read=800, input_cache_write_5m=10, output=350, output_reasoning=100
    )
    assert rate(tokens, ROW) == charges_of(CALL, ROW).total


def test_what_tokens_do_not_explain_is_a_line_of_its_own() -> None:
    assert charges_of(CALL | {"cost_usd": "0.017525"}, ROW).rest == 10_000_000_000


def test_an_unpriced_call_has_tokens_and_no_money() -> None:
    charges = charges_of(CALL | {"cost_usd": "unpriced", "price_row": None}, None)
    assert charges.total is None
    assert charges.rest is None
    assert [charge.picos for charge in charges.lines] == [None] * 5


def test_a_call_without_tokens_has_no_lines() -> None:
    assert charges_of({"cost_usd": "0"}, ROW).lines == ()


def test_the_row_that_a_call_names_is_found_in_the_operators_prices_and_in_the_lists() -> None:
    book = PriceBook.open([ROW])
    assert named_row(book, CALL) == ROW
    listed = book.find("openai", "gpt-4o-mini", 1_795_168_800_000_000)
    assert listed
    assert named_row(book, {"price_row": listed.id, "model": "gpt-4o-mini"}) == listed


def test_a_row_that_is_not_in_this_book_is_not_made_up() -> None:
    book = PriceBook.open()
    for named in (ROW.id, None, "x", "openai/gpt-4o@any#00000000", 7):
        assert named_row(book, {"price_row": named, "model": "gpt-4o"}) is None


def test_what_lost_tries_may_have_cost_is_apart() -> None:
    charges = charges_of(CALL | {"cost_usd": "0.008525", "lost_usd": "0.001"}, ROW)
    assert (charges.lost, charges.rest) == (10**9, 0)
