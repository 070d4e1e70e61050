"""A price row: what one model's units cost under stated conditions, from one instant to another.

Rows are never overwritten: a change is another row with its own validity, and the only thing that a row ever gains is
its end. A unit price is a whole number of picodollars (1e-12 USD). None means that the row states no such price, which
is not a price of 0. Times are UTC.
"""

import hashlib
from datetime import UTC, datetime, time

import msgspec

TIERS = ("standard", "batch", "flex", "priority", "fast")


class Match(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Which model names are meant. Exactly one field is set; texts are in lower case."""

    equals: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    regex: str | None = None
    """Searched for anywhere in the name."""
    any_of: tuple["Match", ...] = ()
    all_of: tuple["Match", ...] = ()


class Prices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Picodollars per unit. A class of tokens without a price of its own costs what its parent class costs."""

    # per input token
    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    """For five minutes, and for any time that has no price of its own."""
    cache_write_1h: int | None = None
    input_audio: int | None = None
    cache_read_audio: int | None = None
    input_image: int | None = None
    cache_read_image: int | None = None
    input_video: int | None = None

    # per output token
    output: int | None = None
    output_reasoning: int | None = None
    output_audio: int | None = None
    output_image: int | None = None
    output_video: int | None = None
    output_citation: int | None = None

    # per piece
    request: int | None = None
    web_search: int | None = None
    file_search: int | None = None
    audio_second: int | None = None
    character: int | None = None
    page: int | None = None
    page_annotated: int | None = None
    message: int | None = None
    image: int | None = None


TOKEN_METERS = Prices.__struct_fields__[:15]
PIECE_METERS = Prices.__struct_fields__[15:]


class PriceRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Applies to a call that meets every condition."""

    id: str
    """Readable, and ends in a hash of what the row says: the same content is the same id."""
    provider: str
    """Whose list it stands in."""
    model: str
    """What the list calls the model."""
    match: Match
    prices: Prices
    """Without any: the list knows the model and states no price, so calls are unpriced."""
    tier: str = "standard"
    above: int = 0
    """Applies to calls with more input tokens than this, cached ones included, and then to the whole call."""
    hours: tuple[str, ...] = ()
    """Spans of each day, `01:00-04:00` (UTC, the end excluded, may run over midnight); empty: the whole day."""
    minimum_seconds: int = 0
    """What a shorter audio file is billed as."""
    valid_from: datetime | None = None
    """None: as long as the model was sold."""
    valid_to: datetime | None = None
    """The first instant at which the row no longer applies."""
    source: str
    recorded_at: datetime


def price_row(
    *,
    provider: str,
    model: str,
    match: Match,
    prices: Prices,
    source: str,
    recorded_at: datetime,
    tier: str = "standard",
    above: int = 0,
    hours: tuple[str, ...] = (),
    minimum_seconds: int = 0,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> PriceRow:
    """A row with the id of its content. Raises ValueError for a row that cannot mean anything."""
    if tier not in TIERS:
        raise ValueError(f"{tier!r} is not a service tier: {', '.join(TIERS)}")
    if any(price is not None and price < 0 for price in msgspec.structs.astuple(prices)):
        raise ValueError(f"a negative price for {provider}/{model}")
    for span in hours:
        minutes(span)
    for instant in (valid_from, valid_to, recorded_at):
        if instant is not None and instant.tzinfo is not UTC:
            raise ValueError(f"{instant} is not in UTC")
    content = (provider, model, match, prices, tier, above, hours, minimum_seconds, valid_from)
    digest = hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:8]
    condition = ("" if tier == "standard" else f":{tier}") + (f">{above}" if above else "")
    start = "any" if valid_from is None else _start_text(valid_from)
    return PriceRow(
        id=f"{provider}/{model}{condition}@{start}#{digest}",
        provider=provider,
        model=model,
        match=match,
        prices=prices,
        tier=tier,
        above=above,
        hours=hours,
        minimum_seconds=minimum_seconds,
        valid_from=valid_from,
        valid_to=valid_to,
        source=source,
        recorded_at=recorded_at,
    )


def minutes(span: str) -> tuple[int, int]:
    """`01:00-04:00` → minutes of the day at which it begins and ends. Raises ValueError."""
    begin, dash, end = span.partition("-")
    if not dash:
        raise ValueError(f"{span!r} is not a span of hours such as 01:00-04:00")
    first, last = time.fromisoformat(begin), time.fromisoformat(end)
    return first.hour * 60 + first.minute, last.hour * 60 + last.minute


def _start_text(instant: datetime) -> str:
    whole_day = instant.time() == time()
    return instant.date().isoformat() if whole_day else instant.replace(tzinfo=None).isoformat() + "Z"
