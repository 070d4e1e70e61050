"""The shapes in which models are listed: OpenAI's, with what is known of each model beside it, and Anthropic's.

A price is what the ledger charges at this moment on the standard tier, USD per million tokens: the same book, the same
row. Where the book has none, it says `unpriced`.
"""

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import msgspec

from gatewatch.models.facts import ModelFacts
from gatewatch.prices.book import PriceBook
from proxy.refusal import Refusal, bad_request

Entry = dict[str, Any]

UNPRICED = "unpriced"
_NO_PRICE = {"input": UNPRICED, "cached_input": UNPRICED, "output": UNPRICED}
_PAGE, _LONGEST_PAGE = 20, 1000


def entry(name: str, owner: str, facts: ModelFacts, pricing: dict[str, str]) -> Entry:
    """OpenAI's model object and more. `owner`: the provider's name."""
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": owner,
        "context_window": facts.context_window,
        "max_output_tokens": facts.max_output,
        "input_modalities": facts.input,
        "output_modalities": facts.output,
        "pricing": pricing,
    }


def pricing_of(book: PriceBook, price_provider: str, model: str, at_us: int | None = None) -> dict[str, str]:
    """At `at_us` (µs since the epoch, UTC), or now."""
    row = book.find(price_provider, model, time.time_ns() // 1000 if at_us is None else at_us)
    if row is None:
        return _NO_PRICE
    prices = row.prices
    cached = prices.input if prices.cache_read is None else prices.cache_read
    return {
        "input": _usd_per_million(prices.input),
        "cached_input": _usd_per_million(cached),
        "output": _usd_per_million(prices.output),
    }


def _usd_per_million(picos: int | None) -> str:
    if picos is None:
        return UNPRICED
    return format(Decimal(picos).scaleb(-6).normalize(), "f") if picos else "0"


def listing(entries: Sequence[Entry], anthropic: bool, query: str) -> bytes:
    """The whole list in OpenAI's shape, or one page in Anthropic's. Raises Refusal for a page that cannot be."""
    if not anthropic:
        return msgspec.json.encode({"object": "list", "data": entries})
    asked = parse_qs(query, keep_blank_values=True, max_num_fields=20)
    shown = [each for each in entries if tuple(each["output_modalities"]) != ("embedding",)]
    stages = {stage for name in ("lifecycle", "lifecycle[]") for stage in asked.get(name, ())}
    if stages and "active" not in stages:
        shown = []
    limit = _limit(asked)
    after, before = _cursor(shown, asked, "after_id"), _cursor(shown, asked, "before_id")
    if before is not None:
        start, end = max(0, before - limit), before
        more = start > 0
    else:
        start = 0 if after is None else after + 1
        end = min(start + limit, len(shown))
        more = end < len(shown)
    page = [_as_anthropic(each) for each in shown[start:end]]
    first, last = (page[0]["id"], page[-1]["id"]) if page else (None, None)
    return msgspec.json.encode({"data": page, "has_more": more, "first_id": first, "last_id": last})


def one(found: Entry, anthropic: bool) -> bytes:
    """A single model in either shape."""
    return msgspec.json.encode(_as_anthropic(found) if anthropic else found)


def _as_anthropic(found: Entry) -> Entry:
    return {
        "type": "model",
        "id": found["id"],
        "display_name": found["id"],
        "created_at": "1970-01-01T00:00:00Z",  # documented for: not known
        "lifecycle": "active",
        "max_input_tokens": found["context_window"],
        "max_tokens": found["max_output_tokens"],
        "capabilities": None,
        "line": None,
        "deprecated_at": None,
        "retires_at": None,
    }


def _limit(asked: dict[str, list[str]]) -> int:
    text = asked.get("limit", [""])[-1]
    if not text:
        return _PAGE
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= _LONGEST_PAGE):
        raise bad_request("invalid_limit", f"'limit' must be a number from 1 to {_LONGEST_PAGE}.", param="limit")
    return int(text)


def _cursor(entries: Sequence[Entry], asked: dict[str, list[str]], name: str) -> int | None:
    wanted = asked.get(name, [""])[-1]
    if not wanted:
        return None
    at = next((at for at, each in enumerate(entries) if each["id"] == wanted), None)
    if at is None:
        raise Refusal(400, "invalid_cursor", f"'{name}' is no model of this list.", param=name)
    return at
