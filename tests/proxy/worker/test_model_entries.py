"""Models as OpenAI's and Anthropic's clients read them.

Prices by hand from the vendors' pages (November 2026), USD per million tokens: GPT-4o mini 0.15, cached 0.075, out 0.60
(developers.openai.com/api/docs/pricing); text-embedding-3-small 0.02; Claude Sonnet 4.5 3, cache hits 0.30, out 15
(platform.claude.com/docs/en/about-claude/pricing); Gemini 2.5 Pro up to 200,000 tokens 1.25, out 10
(ai.google.dev/gemini-api/docs/pricing).
"""

import json
from datetime import UTC, datetime
from typing import Any

import openai.pagination
import openai.types
import pytest

from gatewatch.models.facts import NOTHING, ModelFacts
from gatewatch.prices.book import PriceBook
from gatewatch.prices.row import Match, Prices, price_row
from proxy.refusal import Refusal
from proxy.worker.model_entries import Entry, entry, listing, one, pricing_of

AT = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000
FACTS = ModelFacts(context_window=200_000, max_output=64_000, input=("text", "image"), output=("text",))
PRICING = {"input": "3", "cached_input": "0.3", "output": "15"}


def entries(count: int) -> list[Entry]:
    return [entry(f"p/m{n}", "p", FACTS, PRICING) for n in range(count)]


@pytest.mark.parametrize(
    ("provider", "model", "price"),
    [
        ("openai", "gpt-4o-mini", ("0.15", "0.075", "0.6")),
        ("anthropic", "claude-sonnet-4-5", ("3", "0.3", "15")),
        ("openai", "text-embedding-3-small", ("0.02", "0.02", "unpriced")),
        ("openai", "nobody-knows-it", ("unpriced", "unpriced", "unpriced")),
        ("ollama", "llama3", ("unpriced", "unpriced", "unpriced")),
    ],
)
def test_a_price_is_in_usd_per_million_tokens(provider: str, model: str, price: tuple[str, str, str]) -> None:
    found = pricing_of(PriceBook.open(), provider, model, AT)
    assert (found["input"], found["cached_input"], found["output"]) == price


def test_the_price_of_a_model_with_thresholds_is_that_of_a_short_prompt() -> None:
    found = pricing_of(PriceBook.open(), "google", "gemini-2.5-pro", AT)
    assert (found["input"], found["output"]) == ("1.25", "10")


def test_an_operators_price_is_shown_as_it_is_charged() -> None:
    own = price_row(
        provider="local",
        model="llama3",
        match=Match(equals="llama3"),
        prices=Prices(input=0, output=1),
        source="operator",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert pricing_of(PriceBook.open([own]), "local", "llama3", AT) == {
        "input": "0",
        "cached_input": "0",
        "output": "0.000001",
    }


def test_openais_client_takes_the_list() -> None:
    page = openai.pagination.SyncPage[openai.types.Model].model_validate_json(listing(entries(2), False, ""))
    assert [model.id for model in page.data] == ["p/m0", "p/m1"]
    model = json.loads(listing(entries(1), False, ""))["data"][0]
    assert model == {
        "id": "p/m0",
        "object": "model",
        "created": 0,
        "owned_by": "p",
        "context_window": 200_000,
        "max_output_tokens": 64_000,
        "input_modalities": ["text", "image"],
        "output_modalities": ["text"],
        "pricing": PRICING,
    }


def page(query: str, count: int = 5) -> tuple[list[str], bool, Any, Any]:
    found = json.loads(listing(entries(count), True, query))
    assert found.keys() == {"data", "has_more", "first_id", "last_id"}
    return (
        [each["id"].removeprefix("p/m") for each in found["data"]],
        found["has_more"],
        found["first_id"],
        found["last_id"],
    )


def test_anthropics_clients_read_page_by_page() -> None:
    """platform.claude.com/docs/en/api/models/list: `limit` 1 to 1000, 20 by default; `after_id`, `before_id`."""
    assert page("limit=2") == (["0", "1"], True, "p/m0", "p/m1")
    assert page("limit=2&after_id=p/m1") == (["2", "3"], True, "p/m2", "p/m3")
    assert page("limit=2&after_id=p%2Fm3") == (["4"], False, "p/m4", "p/m4")
    assert page("limit=2&before_id=p/m4") == (["2", "3"], True, "p/m2", "p/m3")
    assert page("limit=9&before_id=p/m2") == (["0", "1"], False, "p/m0", "p/m1")
    assert page("after_id=p/m4") == ([], False, None, None)
    assert len(page("", 30)[0]) == 20
    assert page("lifecycle=retired") == ([], False, None, None)
    assert len(page("lifecycle=active&lifecycle=deprecated")[0]) == 5


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=9999999999", "limit"),
        ("limit=²", "limit"),
        ("after_id=gone", "after_id"),
        ("before_id=gone", "before_id"),
    ],
)
def test_a_page_that_cannot_be_is_refused_by_its_parameter(query: str, param: str) -> None:
    with pytest.raises(Refusal) as caught:
        listing(entries(3), True, query)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_a_model_in_anthropics_shape_has_every_field_that_it_must_have() -> None:
    """`anthropic.types.ModelInfo` (2.12): id, created_at, display_name, lifecycle and type are required."""
    assert json.loads(one(entries(1)[0], True)) == {
        "type": "model",
        "id": "p/m0",
        "display_name": "p/m0",
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "capabilities": None,
        "line": None,
        "deprecated_at": None,
        "retires_at": None,
    }


def test_what_messages_cannot_ask_for_is_not_listed_for_them() -> None:
    vectors = entry("p/embed", "p", ModelFacts(output=("embedding",)), PRICING)
    unknown = entry("p/unknown", "p", NOTHING, PRICING)
    found = json.loads(listing([vectors, unknown], True, ""))
    assert [each["id"] for each in found["data"]] == ["p/unknown"]
    assert len(json.loads(listing([vectors, unknown], False, ""))["data"]) == 2


def test_one_model_is_an_object_of_its_own() -> None:
    assert json.loads(one(entries(1)[0], False))["id"] == "p/m0"
