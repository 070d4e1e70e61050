"""What calls cost, in picodollars. Expected figures are worked out by hand from the vendors' prices per million."""

from datetime import UTC, datetime

import pytest

from gatewatch.call import Tokens
from gatewatch.prices.book import PriceBook
from gatewatch.prices.rate import price_for, rate
from gatewatch.prices.row import Match, PriceRow, Prices, price_row

NOVEMBER = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook.open()


def cost(book: PriceBook, provider: str, model: str, tokens: Tokens, tier: str = "standard", **used: int) -> int | None:
    row = price_for(book, provider, model, None, NOVEMBER, tier, tokens.input)
    assert row is not None, model
    return rate(tokens, row, **used)


def own(prices: Prices, minimum_seconds: int = 0) -> PriceRow:
    return price_row(
        provider="local",
        model="m",
        match=Match(equals="m"),
        prices=prices,
        minimum_seconds=minimum_seconds,
        source="operator",
        recorded_at=datetime(2026, 11, 21, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("provider", "model", "tokens", "expected"),
    [
        # 86 × 2.5 + 1920 × 1.25 + 300 × 10 = 5615
        ("openai", "gpt-4o", Tokens(input_uncached=86, input_cache_read=1920, output=300), 5_615_000_000),
        # 1200 × 1.25 + 2448 × 10 = 25980, reasoning inside the output
        ("openai", "gpt-5", Tokens(input_uncached=1200, output=2448, output_reasoning=2048), 25_980_000_000),
        # 50 × 3 + 248 × 3.75 + 1800 × 0.3 + 503 × 15 = 9165
        (
            "anthropic",
            "claude-sonnet-4-5",
            Tokens(input_uncached=50, input_cache_write_5m=248, input_cache_read=1800, output=503),
            9_165_000_000,
        ),
        # 1000 × 1.25 + 1000 × 10 = 11250, thoughts counted into the output
        ("google", "gemini-2.5-pro", Tokens(input_uncached=1000, output=1000, output_reasoning=800), 11_250_000_000),
        # 1,234,567 × 0.02 = 24691.34
        ("openai", "text-embedding-3-small", Tokens(input_uncached=1_234_567), 24_691_340_000),
    ],
)
def test_worked_examples(book: PriceBook, provider: str, model: str, tokens: Tokens, expected: int) -> None:
    assert cost(book, provider, model, tokens) == expected


def test_speech_is_charged_by_the_second(book: PriceBook) -> None:
    # 95 s × 0.0001 USD
    assert cost(book, "openai", "whisper-1", Tokens(), audio_seconds=95) == 9_500_000_000


def test_speech_of_unknown_length_is_unpriced_and_not_free(book: PriceBook) -> None:
    assert cost(book, "openai", "whisper-1", Tokens()) is None
    assert cost(book, "openai", "whisper-1", Tokens(input_uncached=20, output=9)) is None


def test_tokens_of_a_call_that_is_charged_by_the_second_are_not_charged_again(book: PriceBook) -> None:
    assert cost(book, "openai", "whisper-1", Tokens(input_uncached=20, output=9), audio_seconds=1) == 100_000_000


def test_a_short_file_is_charged_as_the_shortest_that_is_sold() -> None:
    row = own(Prices(audio_second=1_000), minimum_seconds=10)
    assert [rate(Tokens(), row, audio_seconds=seconds) for seconds in (0, 1, 10, 11)] == [0, 10_000, 10_000, 11_000]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        # 200,000 × 1.25 + 100 × 10
        (Tokens(input_uncached=200_000, output=100), 251_000_000_000),
        # 200,001 × 2.5 + 100 × 15: the whole call is dearer
        (Tokens(input_uncached=200_001, output=100), 501_502_500_000),
        # cached input counts towards the threshold: 50,000 × 2.5 + 150,001 × 0.25
        (Tokens(input_uncached=50_000, input_cache_read=150_001), 162_500_250_000),
        # 50,000 × 1.25 + 150,000 × 0.125
        (Tokens(input_uncached=50_000, input_cache_read=150_000), 81_250_000_000),
    ],
)
def test_long_prompts_fall_off_a_cliff_one_token_beyond_the_threshold(
    book: PriceBook, tokens: Tokens, expected: int
) -> None:
    assert cost(book, "google", "gemini-2.5-pro", tokens) == expected


def test_an_hour_in_the_cache_costs_twice_the_input(book: PriceBook) -> None:
    # 1000 × 6 + 1000 × 3.75
    tokens = Tokens(input_cache_write_1h=1000, input_cache_write_5m=1000)
    assert cost(book, "anthropic", "claude-sonnet-4-5", tokens) == 9_750_000_000


def test_a_batch_has_a_price_from_the_day_it_is_known(book: PriceBook) -> None:
    tokens = Tokens(input_uncached=1000, output=100)
    midnight = int(datetime(2026, 10, 14, tzinfo=UTC).timestamp()) * 1_000_000
    row = price_for(book, "openai", "gpt-4o", None, midnight, "batch", tokens.input)
    assert row is not None
    assert rate(tokens, row) == 1_750_000_000  # 1000 × 1.25 + 100 × 5
    assert price_for(book, "openai", "gpt-4o", None, midnight - 1, "batch", tokens.input) is None


def test_searches_are_charged_each(book: PriceBook) -> None:
    # 10 USD per thousand, beside 100 × 3
    assert cost(book, "anthropic", "claude-sonnet-4-5", Tokens(input_uncached=100), searches=3) == 30_300_000_000


def test_a_search_without_a_price_makes_the_call_unpriced(book: PriceBook) -> None:
    assert cost(book, "anthropic", "claude-3-haiku-20240307", Tokens(input_uncached=1), searches=1) is None


def test_a_request_may_cost_by_itself(book: PriceBook) -> None:
    # 12 USD per thousand requests, beside (10 + 20) × 1
    assert cost(book, "perplexity", "sonar", Tokens(input_uncached=10, output=20)) == 12_030_000_000


def test_a_night_call_to_deepseek_is_cheaper(book: PriceBook) -> None:
    tokens = Tokens(input_uncached=1_000_000, output=1_000_000)
    by_hour = {}
    for hour in (3, 20):
        at = int(datetime(2026, 11, 21, hour, tzinfo=UTC).timestamp()) * 1_000_000
        row = price_for(book, "deepseek", "deepseek-chat", None, at, "standard", tokens.input)
        assert row is not None
        by_hour[hour] = rate(tokens, row)
    assert by_hour == {3: 1_370_000_000_000, 20: 685_000_000_000}  # 0.27 + 1.10 and 0.135 + 0.55 USD


def test_audio_and_images_have_prices_of_their_own(book: PriceBook) -> None:
    # gpt-realtime: 1000 × 4 + 100 × 32 audio + 10 × 5 image + 70 × 16 text out + 30 × 64 audio out
    tokens = Tokens(input_uncached=1000, input_audio=100, input_image=10, output=100, output_audio=30)
    assert cost(book, "openai", "gpt-realtime", tokens) == 10_290_000_000


def test_a_class_without_a_price_costs_what_its_parent_costs() -> None:
    every = Tokens(
        input_uncached=1,
        input_cache_read=10,
        input_cache_write_5m=100,
        input_cache_write_1h=1000,
        input_audio=10_000,
        input_image=100_000,
        output=7,
        output_reasoning=3,
        output_audio=2,
    )
    assert rate(every, own(Prices(input=2, output=5))) == 2 * 111_111 + 5 * 7
    assert rate(every, own(Prices(input=2, cache_write=3, output=5))) == 2 * 110_011 + 3 * 1100 + 5 * 7
    assert rate(every, own(Prices(input=2, output=5, output_reasoning=9, output_audio=1))) == 222_222 + 5 * 2 + 27 + 2


def test_more_reasoning_than_output_is_charged_as_output_only() -> None:
    row = own(Prices(input=1, output=5, output_reasoning=9, output_audio=1))
    assert rate(Tokens(output=10, output_reasoning=99, output_audio=4), row) == 6 * 9 + 4 * 1


@pytest.mark.parametrize(
    ("prices", "tokens"),
    [
        (Prices(input=1), Tokens(input_uncached=5, output=1)),
        (Prices(output=1), Tokens(input_uncached=5, output=1)),
        (Prices(output=1, cache_read=1), Tokens(input_cache_read=5, input_audio=1)),
        (Prices(), Tokens(input_uncached=5)),
        (Prices(), Tokens()),
        (Prices(page=5), Tokens()),
    ],
)
def test_a_row_that_cannot_price_all_that_was_used_prices_nothing(prices: Prices, tokens: Tokens) -> None:
    assert rate(tokens, own(prices)) is None


def test_a_price_of_nothing_is_a_price() -> None:
    assert rate(Tokens(input_uncached=5, output=5), own(Prices(input=0, output=0))) == 0
    assert rate(Tokens(), own(Prices(input=1, output=1))) == 0


def test_images_that_cost_more_than_text_are_told_or_the_call_is_unpriced(book: PriceBook) -> None:
    tokens = Tokens(input_uncached=100, output=1300)
    assert cost(book, "google", "gemini-2.5-flash-image", tokens) is None
    # 100 × 0.3 + 10 × 2.5 text + 1290 × 30 image
    assert cost(book, "google", "gemini-2.5-flash-image", tokens, output_image=1290) == 38_755_000_000
    assert cost(book, "google", "gemini-2.5-flash-image", Tokens(input_uncached=100)) == 30_000_000


def test_pieces_are_charged_by_the_piece() -> None:
    row = own(Prices(page=100, page_annotated=300, character=2, message=5, image=7))
    assert rate(Tokens(), row, pages=10, pages_annotated=4) == 6 * 100 + 4 * 300
    assert rate(Tokens(), row, characters=9) == 18
    assert rate(Tokens(), row, messages=2, images=3) == 10 + 21


@pytest.mark.parametrize(
    ("asked", "served", "input_price"),
    [
        ("gpt-4o", None, 2_500_000),
        ("gpt-4o", "", 2_500_000),
        ("gpt-4o", "gpt-4o", 2_500_000),
        ("gpt-4o", "gpt-4o-2024-05-13", 5_000_000),  # the first version was dearer
        ("gpt-4o", "GPT-4O-2024-05-13", 5_000_000),
        ("gpt-4o", "gpt-4o-2099-01-01", 2_500_000),  # no such price: the asked name stays
        ("gpt-4o", "gpt-4o-mini", 2_500_000),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", 2_500_000),
        ("gpt-4o", "gpt-3.5-turbo", 2_500_000),
        ("gpt-4", "gpt-4o-2024-05-13", 30_000_000),
        ("gpt-4o-2024-05-13", "gpt-4o", 5_000_000),
        ("gpt-4o", "\x1b[31m" * 500, 2_500_000),
    ],
)
def test_an_upstream_makes_a_name_more_exact_but_never_another(
    book: PriceBook, asked: str, served: str | None, input_price: int
) -> None:
    row = price_for(book, "openai", asked, served, NOVEMBER, "standard", 10)
    assert row is not None
    assert row.prices.input == input_price


def test_an_unknown_model_has_no_row(book: PriceBook) -> None:
    assert price_for(book, "openai", "gpt-unheard-of", "gpt-4o", NOVEMBER, "standard", 10) is None


def test_cached_audio_has_its_own_price_where_one_is_stated(book: PriceBook) -> None:
    tokens = Tokens(input_cache_read=410)
    # gemini-2.5-flash: cached text 0.03, cached audio 0.10 USD per million
    assert cost(book, "google", "gemini-2.5-flash", tokens, cached_audio=400) == 10 * 30_000 + 400 * 100_000
    assert cost(book, "google", "gemini-2.5-pro", tokens, cached_audio=400) == 410 * 125_000
    assert rate(tokens, own(Prices(input=9)), cached_audio=400) == 410 * 9
    assert rate(Tokens(input_cache_read=5), own(Prices(input=9, cache_read_audio=1)), cached_audio=400) == 5


def test_before_gemini_3_one_search_is_charged_for_all_that_a_prompt_led_to(book: PriceBook) -> None:
    nothing = Tokens()
    assert cost(book, "google", "gemini-2.5-flash", nothing, searches=3) == 35_000_000_000
    assert cost(book, "vertex", "gemini-2.5-pro", nothing, searches=3) == 35_000_000_000
    assert cost(book, "google", "gemini-2.5-flash", nothing, searches=0) == 0
    assert cost(book, "google", "gemini-3.1-pro-preview", nothing, searches=3) == 3 * 14_000_000_000
    assert cost(book, "openai", "gpt-5", nothing, searches=3) == 3 * 10_000_000_000


def test_audio_that_is_charged_by_the_second_is_not_charged_by_the_token() -> None:
    row = own(Prices(input=2, output=3, audio_second=100))
    tokens = Tokens(input_uncached=10, input_audio=50, output=1)
    assert rate(tokens, row, audio_seconds=4) == 400 + 20 + 3
    assert rate(tokens, row) == 120 + 3
    assert rate(tokens, own(Prices(input=2, output=3)), audio_seconds=4) == 120 + 3


def test_a_premium_is_on_tokens_alone_and_half_a_picodollar_is_a_whole_one() -> None:
    row = own(Prices(input=100, output=200, web_search=1000))
    assert rate(Tokens(input_uncached=3, output=2), row, searches=1, premium_percent=10) == 770 + 1000
    assert rate(Tokens(input_uncached=1), own(Prices(input=5)), premium_percent=10) == 6
    assert rate(Tokens(input_uncached=1), own(Prices(input=4)), premium_percent=10) == 4


def test_groqs_flex_costs_what_on_demand_does(book: PriceBook) -> None:
    used = Tokens(input_uncached=1000, output=10)
    model = "openai/gpt-oss-20b"
    assert cost(book, "groq", model, used, tier="flex") == cost(book, "groq", model, used) == 75_000_000 + 3_000_000
    assert price_for(book, "groq", model, None, NOVEMBER, "priority", 10) is None
