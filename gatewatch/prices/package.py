"""Reads the genai-prices package into our terms: names, conditions and whole picodollars. For maintainers only.

What the package says and we cannot represent is an error, never left out in silence.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from gatewatch.money import unit_picos
from gatewatch.prices.row import Match, Prices

MILLION = 1_000_000
METERS: dict[str, tuple[str, int]] = {
    "input_mtok": ("input", MILLION),
    "cache_read_mtok": ("cache_read", MILLION),
    "cache_write_mtok": ("cache_write", MILLION),
    "cache_write_1h_mtok": ("cache_write_1h", MILLION),
    "input_audio_mtok": ("input_audio", MILLION),
    "cache_audio_read_mtok": ("cache_read_audio", MILLION),
    "input_image_mtok": ("input_image", MILLION),
    "cache_image_read_mtok": ("cache_read_image", MILLION),
    "input_video_mtok": ("input_video", MILLION),
    "output_mtok": ("output", MILLION),
    "output_reasoning_mtok": ("output_reasoning", MILLION),
    "output_audio_mtok": ("output_audio", MILLION),
    "output_image_mtok": ("output_image", MILLION),
    "output_video_mtok": ("output_video", MILLION),
    "output_citation_mtok": ("output_citation", MILLION),
    "requests_kcount": ("request", 1000),
    "web_searches_kcount": ("web_search", 1000),
    "storage_searches_kcount": ("file_search", 1000),
    "audio_hours": ("audio_second", 3600),
    "input_audio_hours": ("audio_second", 3600),
    "input_mchars": ("character", MILLION),
    "input_document_kpages": ("page", 1000),
    "input_annotated_document_kpages": ("page_annotated", 1000),
    "input_text_messages_kcount": ("message", 1000),
}
"""Their price key → our meter, and how many units their price is for."""

CONTEXTS: dict[str, dict[str, str]] = {
    "standard": {},
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}
"""Our tier → what their price variants are chosen by."""

OTHER_CONTEXTS = ({"service_tier": "default"}, {"route": "mistral/eu"}, {"search_type": "fast"}, {"search_type": "web"})
"""Variants without rows: the default tier changes nothing, the others depend on what no call records."""


class Terms(NamedTuple):
    """One set of unit prices and the conditions under which it applies, but not when."""

    tier: str
    above: int
    hours: tuple[str, ...]
    prices: Prices


def start_dates(model: ModelInfo) -> list[datetime]:
    """The midnights (UTC) at which some price of the model changes, in order."""
    return sorted(
        {
            datetime.combine(each.start_date, time(), UTC)
            for each in _constraints(model)
            if isinstance(each, StartDateConstraint)
        }
    )


def terms_on(model: ModelInfo, day: datetime) -> Iterator[Terms]:
    """All terms of a model on the day that begins at `day`. Raises ValueError for what has no place in a row."""
    variants = model.price_variants or []
    for each in variants:
        _check_variant(model, each)
    for tier, context in CONTEXTS.items():
        if tier != "standard" and not any(_chosen(each, context, day) for each in variants):
            continue
        for hours, price in _by_hour(model, day, context):
            for above in sorted({0, *_thresholds(price)}):
                yield Terms(tier, above, hours, _prices(model, price, above))


def _chosen(variant: PriceVariant, context: dict[str, str], day: datetime) -> bool:
    active = variant.constraint is None or variant.constraint.active(day)
    return active and variant.when.items() <= context.items()


def _check_variant(model: ModelInfo, variant: PriceVariant) -> None:
    known = any(variant.when.items() <= context.items() for context in CONTEXTS.values())
    if not known and variant.when not in OTHER_CONTEXTS:
        raise ValueError(f"{model.id}: a price variant for {variant.when}")
    if variant.when == {"service_tier": "default"} and _stated(variant.prices):
        raise ValueError(f"{model.id}: the default tier has prices of its own")
    if isinstance(variant.constraint, TimeOfDateConstraint):
        raise ValueError(f"{model.id}: a price variant by the hour")


def _by_hour(model: ModelInfo, day: datetime, context: dict[str, str]) -> list[tuple[tuple[str, ...], ModelPrice]]:
    """The prices of one day with the spans of hours at which each applies; no spans where it is the whole day."""
    bounds = sorted(
        {
            _minute(bound)
            for each in _constraints(model)
            if isinstance(each, TimeOfDateConstraint)
            for bound in (each.start_time, each.end_time)
        }
    )
    if not bounds:
        return [((), model.get_prices(day, context))]
    grouped: list[tuple[tuple[str, ...], ModelPrice]] = []
    for begin, end in zip(bounds, [*bounds[1:], bounds[0]], strict=True):
        price = model.get_prices(day + timedelta(minutes=begin), context)
        span = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
        for i, (spans, known) in enumerate(grouped):
            if known == price:
                grouped[i] = ((*spans, span), known)
                break
        else:
            grouped.append(((span,), price))
    return grouped


def _minute(bound: time) -> int:
    if bound.second or bound.microsecond or bound.tzinfo is not UTC:
        raise ValueError(f"{bound!r} is no whole minute of UTC")
    return bound.hour * 60 + bound.minute


def _constraints(model: ModelInfo) -> list[StartDateConstraint | TimeOfDateConstraint]:
    conditional = [] if isinstance(model.prices, ModelPrice) else model.prices
    return [each.constraint for each in (*conditional, *(model.price_variants or ())) if each.constraint is not None]


def _stated(price: ModelPrice) -> dict[str, Decimal | TieredPrices]:
    return {key: value for key, value in vars(price).items() if value is not None}


def _thresholds(price: ModelPrice) -> set[int]:
    return {tier.start for value in _stated(price).values() if isinstance(value, TieredPrices) for tier in value.tiers}


def _prices(model: ModelInfo, price: ModelPrice, above: int) -> Prices:
    """The unit prices of a call with more than `above` input tokens, and no more than the next threshold."""
    picos: dict[str, int] = {}
    for key, value in _stated(price).items():
        if key not in METERS:
            raise ValueError(f"{model.id}: a price per {key}")
        meter, per = METERS[key]
        exact = value
        if isinstance(exact, TieredPrices):
            exact = next((tier.price for tier in reversed(exact.tiers) if above >= tier.start), exact.base)
        rounded = unit_picos(exact, per)
        if picos.setdefault(meter, rounded) != rounded:
            raise ValueError(f"{model.id}: two prices per {meter}")
    if not picos and model.id.endswith(":free"):
        picos = {"input": 0, "output": 0}  # OpenRouter's mark of what is given away; without it no price is no price
    return Prices(**picos)


def match_of(clause: MatchLogic) -> Match:
    """Texts in lower case, as they compare; regular expressions as they are."""
    match clause:
        case ClauseEquals(text):
            return Match(equals=text.lower())
        case ClauseStartsWith(text):
            return Match(starts_with=text.lower())
        case ClauseEndsWith(text):
            return Match(ends_with=text.lower())
        case ClauseContains(text):
            return Match(contains=text.lower())
        case ClauseRegex(text):
            return Match(regex=text)
        case ClauseOr(clauses):
            return Match(any_of=tuple(match_of(each) for each in clauses))
        case ClauseAnd(clauses):
            return Match(all_of=tuple(match_of(each) for each in clauses))
    raise ValueError(f"a match by {clause!r}")
