"""What a call costs by a price row: an exact sum of integers, so there is nothing to round.

A class of tokens is charged at its own price, else at its parent's: an hour's cache write → cache write → input;
cache read, audio in, image in → input; reasoning, audio out → output. A row that cannot price what was used prices none
of it: the answer is None (`unpriced`), never a part and never 0.

Not told apart in `Tokens`: cached images cost what cached input costs, video in what input costs.
"""

import re

from gatewatch.call import Tokens
from gatewatch.prices.book import PriceBook
from gatewatch.prices.price_lists import source_of
from gatewatch.prices.row import PriceRow, Prices

_SEARCHES_BY_PROMPT = re.compile(r"gemini-[12][.-]")
"""Google's models before Gemini 3: all searches of a prompt are charged as one (ai.google.dev, Google Search)."""
_VERSION = re.compile(r"[-@:]v?\d", re.ASCII)


def price_for(
    book: PriceBook, provider: str, asked: str, served: str | None, at_us: int, tier: str, input_tokens: int
) -> PriceRow | None:
    """The row for a call that asked `provider` for one model and was told that another one answered.

    A served name that adds a date or version to the asked one (`gpt-4o` → `gpt-4o-2024-05-13`) is more exact and is
    tried first. Nothing else that an upstream says changes what is charged: `gpt-4o-mini` is not a kind of `gpt-4o`.
    """
    if tier in source_of(provider).at_standard:
        tier = "standard"
    if served and served.lower().startswith(asked.lower()) and _VERSION.match(served, len(asked)):
        row = book.find(provider, served, at_us, tier=tier, input_tokens=input_tokens)
        if row is not None:
            return row
    return book.find(provider, asked, at_us, tier=tier, input_tokens=input_tokens)


def rate(
    tokens: Tokens,
    row: PriceRow,
    *,
    requests: int = 1,
    searches: int = 0,
    file_searches: int = 0,
    cached_audio: int = 0,
    output_image: int | None = None,
    output_video: int | None = None,
    audio_seconds: int | None = None,
    characters: int | None = None,
    pages: int | None = None,
    pages_annotated: int = 0,
    messages: int | None = None,
    images: int | None = None,
    premium_percent: int = 0,
) -> int | None:
    """Picodollars; None where the row has no price for something that was used, or its measure is not known.

    `cached_audio` are tokens inside `tokens.input_cache_read`, `output_image` and `output_video` inside
    `tokens.output`; `pages_annotated` are inside `pages`. None means not known: a row that charges image output apart
    then prices no output at all, and a row that charges by the piece only (audio seconds, characters, …) prices
    nothing. `premium_percent` is charged on the tokens; what is half a picodollar or more of it is a whole one.
    """
    prices = row.prices
    nothing_else = not (searches or file_searches or cached_audio or premium_percent)
    if nothing_else and _is_text(tokens) and _is_by_text(prices):
        assert prices.input is not None
        assert prices.output is not None
        read = tokens.input_cache_read * (prices.input if prices.cache_read is None else prices.cache_read)
        return tokens.input_uncached * prices.input + read + tokens.output * prices.output
    if audio_seconds:
        audio_seconds = max(audio_seconds, row.minimum_seconds)
    pieces = (
        (prices.audio_second, audio_seconds),
        (prices.character, characters),
        (prices.page, pages),
        (prices.message, messages),
        (prices.image, images),
    )
    total = sum(price * count for price, count in pieces if price is not None and count is not None)
    if pages_annotated and prices.page is not None and prices.page_annotated is not None:
        total += pages_annotated * (prices.page_annotated - prices.page)
    if searches and row.provider == "google" and _SEARCHES_BY_PROMPT.match(row.model):
        searches = 1
    for price, count in ((prices.web_search, searches), (prices.file_search, file_searches)):
        if count:
            if price is None:
                return None
            total += count * price
    total += requests * (prices.request or 0)

    if prices.input is None and prices.output is None:
        measured = any(price is not None and count is not None for price, count in pieces)
        return total if measured or prices.request is not None else None
    by_second = prices.audio_second is not None and audio_seconds is not None
    input_cost = _input_cost(tokens, prices, cached_audio, by_second)
    output_cost = _output_cost(tokens, prices, output_image, output_video)
    if input_cost is None or output_cost is None:
        return None
    cost = input_cost + output_cost
    return total + cost + (cost * premium_percent + 50) // 100


def _is_text(tokens: Tokens) -> bool:
    """Whether nothing was used but text in and out: nearly every call."""
    return not (
        tokens.input_cache_write_5m
        or tokens.input_cache_write_1h
        or tokens.input_audio
        or tokens.input_image
        or tokens.output_audio
        or tokens.output_reasoning
    )


def _is_by_text(prices: Prices) -> bool:
    """Whether a row charges text by the token, and nothing by the piece, nor some output apart."""
    return (
        prices.input is not None
        and prices.output is not None
        and prices.request is None
        and prices.audio_second is None
        and prices.character is None
        and prices.page is None
        and prices.message is None
        and prices.image is None
        and prices.output_image is None
        and prices.output_video is None
    )


def _input_cost(tokens: Tokens, prices: Prices, cached_audio: int, by_second: bool) -> int | None:
    """Audio that is charged by the second is not charged by the token."""
    cost, unpriced = 0, 0
    cached_audio = min(cached_audio, tokens.input_cache_read)
    for count, own, parent in (
        (tokens.input_uncached, prices.input, None),
        (tokens.input_cache_read - cached_audio, prices.cache_read, None),
        (cached_audio, prices.cache_read_audio, prices.cache_read),
        (tokens.input_cache_write_5m, prices.cache_write, None),
        (tokens.input_cache_write_1h, prices.cache_write_1h, prices.cache_write),
        (0 if by_second else tokens.input_audio, prices.input_audio, None),
        (tokens.input_image, prices.input_image, None),
    ):
        if not count:
            continue
        price = own if own is not None else parent if parent is not None else prices.input
        if price is None:
            unpriced += count
        else:
            cost += count * price
    return None if unpriced else cost


def _output_cost(tokens: Tokens, prices: Prices, image: int | None, video: int | None) -> int | None:
    """More special tokens than there is output are charged as output alone: no token is charged twice."""
    rest, cost = tokens.output, 0
    for count, price in (
        (image, prices.output_image),
        (video, prices.output_video),
        (tokens.output_audio, prices.output_audio),
        (tokens.output_reasoning, prices.output_reasoning),
    ):
        if price is None:
            continue
        if count is None:
            if rest and price != prices.output:
                return None
            continue
        count = min(count, rest)
        rest -= count
        cost += count * price
    if not rest:
        return cost
    return None if prices.output is None else cost + rest * prices.output
