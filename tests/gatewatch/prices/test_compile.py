"""The committed book is what the locked package says, and its sums are the package's to the picodollar."""

from collections.abc import Iterator
from datetime import UTC, datetime

import genai_prices
import pytest
from genai_prices.data import providers
from genai_prices.types import ModelInfo, Provider

from gatewatch.call import Tokens
from gatewatch.money import PICOS_PER_USD
from gatewatch.prices.book import BASE, PriceBook
from gatewatch.prices.compile import OUR_NAMES, compile_lists
from gatewatch.prices.match import matches
from gatewatch.prices.package import CONTEXTS, match_of
from gatewatch.prices.rate import rate
from gatewatch.prices.revise import Lists, read_lists, revise
from gatewatch.prices.row import PriceRow, price_row

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
TIMES = (datetime(2025, 5, 1, 2, 30, tzinfo=UTC), TODAY, datetime(2027, 2, 1, 17, tzinfo=UTC))
USAGES = (
    Tokens(input_uncached=1000, input_cache_read=500, input_cache_write_5m=300, input_cache_write_1h=100, output=700),
    Tokens(input_uncached=150_000, input_cache_read=50_001, input_audio=7, output=5000, output_audio=3),
    Tokens(input_uncached=199_999, input_image=1, output=40, output_reasoning=40),
)


@pytest.fixture(scope="module")
def committed() -> Lists:
    return read_lists(BASE)


def test_compiled_again_from_the_locked_package_the_book_stays_as_it_is(committed: Lists) -> None:
    compiled = compile_lists(TODAY)
    for as_of in (TODAY, datetime(2031, 1, 1, tzinfo=UTC)):
        assert revise(committed, compiled, as_of) == committed


def test_every_id_follows_from_its_content_and_stands_once(committed: Lists) -> None:
    rows = [row for listed in committed.values() for row in listed]
    assert len({row.id for row in rows}) == len(rows) > 3000
    for row in rows:
        fields = {name: getattr(row, name) for name in PriceRow.__struct_fields__ if name != "id"}
        assert price_row(**fields) == row


def sample() -> Iterator[tuple[Provider, ModelInfo, str]]:
    """Some 200 models with a name that means each; all of those with more to them than one price."""
    plain = 0
    for provider in providers:
        for model in provider.models:
            name = model.id.lower()
            if provider.find_model(name) is not model:
                continue
            plain += 1
            conditional = isinstance(model.prices, list) and provider.id in ("openai", "google", "deepseek", "aws")
            if conditional or (model.price_variants and plain % 4 == 0) or plain % 13 == 0:
                yield provider, model, name


def test_our_sums_are_the_packages_sums(committed: Lists) -> None:
    book = PriceBook.open()
    compared: set[str] = set()
    rounded: set[str] = set()
    for provider, model, name in sample():
        listed_by = OUR_NAMES.get(provider.id, provider.id)
        assert matches(match_of(model.match), name)
        for at in TIMES:
            for tier, context in CONTEXTS.items():
                for tokens in USAGES:
                    row = book.find(
                        listed_by, name, int(at.timestamp()) * 1_000_000, tier=tier, input_tokens=tokens.input
                    )
                    assert row is not None or tier != "standard", (provider.id, name, at)
                    ours = rate(tokens, row, output_image=0, output_video=0) if row else None
                    if ours is None:
                        continue  # theirs leaves out what it cannot price, or takes another tier's price
                    theirs = (
                        genai_prices.calc_price(
                            usage(tokens),
                            name,
                            provider_id=provider.id,
                            genai_request_timestamp=at,
                            price_context=context,
                        ).total_price
                        * PICOS_PER_USD
                    )
                    if ours != theirs:
                        assert abs(ours - theirs) < tokens.input + tokens.output, (provider.id, name, at, tier, tokens)
                        rounded.add(f"{provider.id}/{name}")
                    compared.add(f"{provider.id}/{name}")
    assert len(compared) > 180
    assert len(rounded) <= 5, rounded


def usage(tokens: Tokens) -> genai_prices.Usage:
    written = tokens.input_cache_write_5m + tokens.input_cache_write_1h
    return genai_prices.Usage(
        input_tokens=tokens.input,
        cache_read_tokens=tokens.input_cache_read,
        cache_write_tokens=written,
        cache_write_1h_tokens=tokens.input_cache_write_1h,
        input_audio_tokens=tokens.input_audio,
        input_image_tokens=tokens.input_image,
        output_tokens=tokens.output,
        output_reasoning_tokens=tokens.output_reasoning,
        output_audio_tokens=tokens.output_audio,
        # in classes of their own that our calls do not tell apart
        cache_audio_read_tokens=0,
        cache_image_read_tokens=0,
        input_video_tokens=0,
        output_image_tokens=0,
        output_video_tokens=0,
        output_citation_tokens=0,
    )


@pytest.mark.parametrize(("seconds", "billed"), [(1, 10), (10, 10), (95, 95)])
def test_the_shortest_file_that_groq_sells_is_as_in_the_package(seconds: int, billed: int) -> None:
    row = PriceBook.open().find("groq", "whisper-large-v3-turbo", int(TODAY.timestamp()) * 1_000_000)
    assert row is not None
    theirs = genai_prices.calc_price(
        genai_prices.Usage(input_audio_seconds=seconds, audio_seconds=seconds),
        "whisper-large-v3-turbo",
        provider_id="groq",
        genai_request_timestamp=TODAY,
    ).total_price
    ours = rate(Tokens(), row, audio_seconds=seconds)
    assert ours is not None
    assert ours == billed * 11_111_111  # 0.04 USD an hour, rounded to a picodollar per second
    assert abs(ours - theirs * PICOS_PER_USD) < billed
