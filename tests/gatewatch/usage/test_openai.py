"""What OpenAI's usage object means, and its kin's, by the tables of their API references."""

import json
from typing import Any

import msgspec
import pytest

from gatewatch.call import Tokens
from gatewatch.usage.details import Details
from gatewatch.usage.openai import details, reported_cost
from gatewatch.usage.openai import read as tokens_of

SOUND = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(
            # worked example 1 of the price table: 2006 in, of which 1920 cached
            {"prompt_tokens": 2006, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1920}},
            Tokens(input_uncached=86, input_cache_read=1920, output=300),
            id="cached tokens are inside the prompt",
        ),
        pytest.param(
            {"prompt_tokens": 1200, "completion_tokens": 2448, "completion_tokens_details": {"reasoning_tokens": 2048}},
            Tokens(input_uncached=1200, output=2448, output_reasoning=2048),
            id="reasoning is inside the completion",
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 50}},
            Tokens(input_uncached=20, input_cache_read=30, input_cache_write_5m=50, output=20),
            id="cache writes are inside the prompt",
        ),
        pytest.param(
            SOUND
            | {
                "prompt_tokens_details": {"audio_tokens": 60, "image_tokens": 10},
                "completion_tokens_details": {"audio_tokens": 15},
            },
            Tokens(input_uncached=30, input_audio=60, input_image=10, output=20, output_audio=15),
            id="audio and images are inside",
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": {"cached_tokens": 80, "audio_tokens": 50}},
            Tokens(input_cache_read=80, input_audio=20, output=20),
            id="cached audio stands in both counts and is charged as cached",
        ),
        pytest.param(
            SOUND | {"completion_tokens_details": {"rejected_prediction_tokens": 9, "accepted_prediction_tokens": 3}},
            Tokens(input_uncached=100, output=20),
            id="rejected predictions are inside the completion and billed",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "prompt_cache_hit_tokens": 64,
                "prompt_cache_miss_tokens": 36,
            },
            Tokens(input_uncached=36, input_cache_read=64, output=20),
            id="DeepSeek: hits are inside the prompt",
        ),
        pytest.param(
            SOUND | {"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": None}},
            Tokens(input_uncached=36, input_cache_read=64, output=20),
            id="DeepSeek's own field stands where OpenAI's is null",
        ),
        pytest.param(
            SOUND | {"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": 64}},
            Tokens(input_uncached=36, input_cache_read=64, output=20),
            id="one number in both fields counts once",
        ),
        pytest.param(
            {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "total_tokens": 150,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            Tokens(input_uncached=100, output=50, output_reasoning=30),
            id="xAI: reasoning beside the completion, as the total shows",
        ),
        pytest.param(
            SOUND | {"total_tokens": 170},
            Tokens(input_uncached=100, output=70, output_reasoning=50),
            id="Google's chat endpoint: thoughts stand in the total alone",
        ),
        pytest.param(
            SOUND | {"cached_tokens": 64},
            Tokens(input_uncached=36, input_cache_read=64, output=20),
            id="Moonshot: hits beside the sums",
        ),
        pytest.param(
            # Mistral, Prompt caching: num of cached tokens inside the prompt; audio is counted in seconds beside it
            SOUND | {"prompt_tokens_details": {"cached_tokens": 40}, "prompt_audio_seconds": 3},
            Tokens(input_uncached=60, input_cache_read=40, output=20),
            id="Mistral",
        ),
        pytest.param(
            # OpenRouter, Usage accounting
            SOUND
            | {
                "cost": 0.95,
                "cost_details": {"upstream_inference_cost": 19},
                "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            Tokens(input_uncached=50, input_cache_read=30, input_cache_write_5m=20, output=20, output_reasoning=5),
            id="OpenRouter",
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": {"cached_tokens": 30, "cache_creation_tokens": 20}},
            Tokens(input_uncached=50, input_cache_read=30, input_cache_write_5m=20, output=20),
            id="LiteLLM's proxy has a name of its own for cache writes",
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": {"cached_tokens": 90, "image_tokens": 50, "text_tokens": 50}},
            Tokens(input_cache_read=90, input_image=10, output=20),
            id="xAI: cached images stand in both counts and are charged as cached",
        ),
        pytest.param(
            {
                "input_tokens": 100,
                "output_tokens": 20,
                "input_tokens_details": {"cached_tokens": 10},
                "output_tokens_details": {"reasoning_tokens": 5},
            },
            Tokens(input_uncached=90, input_cache_read=10, output=20, output_reasoning=5),
            id="the names of the responses API",
        ),
        pytest.param(
            {"prompt_tokens": 8, "total_tokens": 8}, Tokens(input_uncached=8), id="embeddings have no completion"
        ),
        pytest.param(
            {"prompt_tokens": 10, "completion_tokens": 0}, Tokens(input_uncached=10), id="a stated 0 is an answer"
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": None, "completion_tokens_details": None},
            Tokens(input_uncached=100, output=20),
            id="null details",
        ),
        pytest.param(
            SOUND | {"prompt_tokens_details": {"audio_tokens": None}, "cost": 0.5, "unknown": {"x": [1]}},
            Tokens(input_uncached=100, output=20),
            id="null counts are 0, and fields that we do not know do not matter",
        ),
    ],
)
def test_a_sound_usage_falls_into_disjoint_classes(usage: dict[str, object], expected: Tokens) -> None:
    tokens = tokens_of(usage)
    assert tokens == expected
    assert tokens.input == (usage.get("prompt_tokens") or usage.get("input_tokens"))


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(None, id="null"),
        pytest.param({}, id="empty"),
        pytest.param([], id="a list"),
        pytest.param("12", id="a text"),
        pytest.param({"completion_tokens": 20}, id="no prompt"),
        pytest.param({"prompt_tokens": None, "completion_tokens": 20}, id="null prompt"),
        pytest.param({"prompt_tokens": 100}, id="no completion and no total"),
        pytest.param({"prompt_tokens": 100, "total_tokens": 120}, id="a total that says there is a completion"),
        pytest.param(SOUND | {"completion_tokens": None}, id="null completion"),
        pytest.param({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, id="zeros: nobody asks nothing"),
        pytest.param(SOUND | {"prompt_tokens": -1}, id="negative prompt"),
        pytest.param(SOUND | {"completion_tokens": -20}, id="negative completion"),
        pytest.param(SOUND | {"prompt_tokens": "100"}, id="prompt as text"),
        pytest.param(SOUND | {"prompt_tokens": 100.0}, id="prompt as fraction"),
        pytest.param(SOUND | {"completion_tokens": True}, id="a truth value"),
        pytest.param(SOUND | {"prompt_tokens": 10**15}, id="absurdly many"),
        pytest.param(SOUND | {"prompt_tokens": [100]}, id="a list as count"),
        pytest.param(SOUND | {"prompt_tokens_details": [1]}, id="details as list"),
        pytest.param(SOUND | {"prompt_tokens_details": {"cached_tokens": 101}}, id="more cached than sent"),
        pytest.param(SOUND | {"prompt_tokens_details": {"cached_tokens": -5}}, id="negative cached"),
        pytest.param(SOUND | {"prompt_tokens_details": {"image_tokens": "3"}}, id="images as text"),
        pytest.param(SOUND | {"completion_tokens_details": {"reasoning_tokens": 21}}, id="more reasoning than output"),
        pytest.param(
            SOUND | {"completion_tokens_details": {"reasoning_tokens": 15, "audio_tokens": 15}}, id="parts above whole"
        ),
        pytest.param(SOUND | {"completion_tokens_details": "x"}, id="details as text"),
        pytest.param(SOUND | {"total_tokens": 110}, id="a total below its parts"),
        pytest.param(SOUND | {"total_tokens": "120"}, id="a total as text"),
        pytest.param(
            SOUND | {"total_tokens": 150, "completion_tokens_details": {"reasoning_tokens": 20}},
            id="a total that reasoning does not explain",
        ),
        pytest.param(
            SOUND | {"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 30},
            id="DeepSeek: hits and misses short",
        ),
        pytest.param(
            SOUND | {"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": "36"}, id="DeepSeek: misses as text"
        ),
        pytest.param(
            SOUND | {"prompt_cache_hit_tokens": 64, "prompt_tokens_details": {"cached_tokens": 10}},
            id="two places disagree about the cache",
        ),
    ],
)
def test_a_usage_that_is_not_whole_and_sound_is_none(usage: object) -> None:
    assert tokens_of(usage) is None


def test_reasoning_beside_the_completion_is_added_where_the_provider_is_known_for_it() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 30}}
    assert tokens_of(usage) is None
    assert tokens_of(usage, reasoning_outside=True) == Tokens(input_uncached=100, output=50, output_reasoning=30)
    inside = usage | {"completion_tokens": 50, "total_tokens": 150}
    assert tokens_of(inside, reasoning_outside=True) == Tokens(input_uncached=100, output=50, output_reasoning=30)


@pytest.mark.parametrize(
    ("usage", "prices", "picos"),
    [
        pytest.param(
            {"prompt_tokens": 2006, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1920}},
            (2_500_000, 1_250_000, 10_000_000),
            5_615_000_000,
            id="gpt-4o: 0.005615 USD",
        ),
        pytest.param(
            {"prompt_tokens": 1200, "completion_tokens": 2448, "completion_tokens_details": {"reasoning_tokens": 2048}},
            (1_250_000, 125_000, 10_000_000),
            25_980_000_000,
            id="gpt-5: 0.02598 USD",
        ),
        pytest.param(
            {"prompt_tokens": 1_234_567, "total_tokens": 1_234_567},
            (20_000, 0, 0),
            24_691_340_000,
            id="text-embedding-3-small: 0.02469134 USD",
        ),
    ],
)
def test_the_classes_give_the_worked_figures(usage: object, prices: tuple[int, int, int], picos: int) -> None:
    """Worked by hand; picodollars per token: uncached, cached, output."""
    tokens = tokens_of(usage)
    assert tokens is not None
    counts = (tokens.input_uncached, tokens.input_cache_read, tokens.output)
    assert sum(count * price for count, price in zip(counts, prices, strict=True)) == picos


@pytest.mark.parametrize(
    ("usage", "field", "picos"),
    [
        pytest.param({"cost": 0.00014}, "cost", 140_000_000, id="OpenRouter"),
        pytest.param({"cost": "0.00014"}, "cost", 140_000_000, id="as text"),
        pytest.param({"cost": 0}, "cost", 0, id="a free model"),
        pytest.param({"cost": 2}, "cost", 2 * 10**12, id="whole dollars"),
        pytest.param({"cost": {"total_cost": 0.005}}, "cost.total_cost", 5_000_000_000, id="Perplexity"),
        pytest.param(
            {"cost_in_usd_ticks": 158_500}, "cost_in_usd_ticks", 15_850_000, id="xAI: 158500 ticks are 0.00001585 USD"
        ),
        pytest.param({"cost": 0.1}, "cost", 100_000_000_000, id="a fraction that binary does not know"),
        pytest.param({"cost": 1.5e-12}, "cost", 2, id="finer than a picodollar: half-even"),
        pytest.param({"cost": 2.5e-12}, "cost", 2, id="finer than a picodollar: half-even, down"),
        pytest.param({"cost": -0.1}, "cost", None, id="negative"),
        pytest.param({"cost": float("nan")}, "cost", None, id="not a number"),
        pytest.param({"cost": float("inf")}, "cost", None, id="without end"),
        pytest.param({"cost": True}, "cost", None, id="a truth value"),
        pytest.param({"cost": "free"}, "cost", None, id="a word"),
        pytest.param({"cost": "1" * 50}, "cost", None, id="a very long text"),
        pytest.param({"cost": 10**7}, "cost", None, id="absurd"),
        pytest.param({"cost": 10**400}, "cost", None, id="beyond absurd"),
        pytest.param({"cost": None}, "cost", None, id="null"),
        pytest.param({"cost": [0.1]}, "cost", None, id="a list"),
        pytest.param({}, "cost", None, id="nothing said"),
        pytest.param(None, "cost", None, id="no usage"),
    ],
)
def test_a_reported_cost_is_exact_or_none(usage: object, field: str, picos: int | None) -> None:
    assert reported_cost(usage, field) == picos


def test_a_cost_in_raw_json_is_read_to_the_last_digit() -> None:
    digits = b'{"cost":123456.123456789012}'  # 18 digits: more than a float holds
    assert reported_cost(msgspec.Raw(digits), "cost") == 123_456_123_456_789_012
    assert reported_cost(digits, "cost") == 123_456_123_456_789_012
    lost: Any = json.loads(digits)
    assert reported_cost(lost, "cost") != 123_456_123_456_789_012


@pytest.mark.parametrize("raw", [b"", b"{", b'{"cost":1e999999999}', b'{"cost":1E-999999999999}', b"[1]"])
def test_a_cost_in_broken_json_is_none(raw: bytes) -> None:
    assert reported_cost(raw, "cost") in (None, 0)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(
            # alibabacloud.com/help/en/model-studio/context-cache
            SOUND | {"prompt_tokens_details": {"cached_tokens": 0, "cache_creation_input_tokens": 90}},
            Tokens(input_uncached=10, input_cache_write_5m=90, output=20),
            id="Qwen: what an explicit cache was given is inside the prompt",
        ),
        pytest.param(
            # docs.perplexity.ai, sonar-deep-research
            SOUND | {"citation_tokens": 500, "num_search_queries": 3, "reasoning_tokens": 900},
            Tokens(input_uncached=100, output=920, output_reasoning=900),
            id="Perplexity: reasoning beside the sums is in none of them",
        ),
        pytest.param(
            # docs.mistral.ai/api, UsageInfo
            SOUND | {"total_tokens": 500, "prompt_audio_seconds": 30},
            Tokens(input_uncached=100, input_audio=380, output=20),
            id="Mistral: audio is in the total alone",
        ),
        pytest.param(
            SOUND | {"prompt_audio_seconds": 0}, Tokens(input_uncached=100, output=20), id="Mistral: no audio"
        ),
        pytest.param(SOUND | {"prompt_audio_seconds": {}}, None, id="Mistral: nonsense"),
        pytest.param(SOUND | {"reasoning_tokens": -1}, None, id="Perplexity: nonsense"),
    ],
)
def test_what_some_providers_count_elsewhere(usage: object, expected: Tokens | None) -> None:
    assert tokens_of(usage) == expected


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [({"prompt_audio_seconds": 30}, 30), ({"prompt_audio_seconds": {}}, None), ({}, None), (None, None)],
)
def test_seconds_of_audio_are_known_where_they_are_told(usage: object, seconds: int | None) -> None:
    assert details(usage) == Details(audio_seconds=seconds)


@pytest.mark.parametrize(
    ("usage", "picos"),
    [
        # openrouter.ai/docs, "Usage Accounting", "Cost Breakdown": its example, with a key of one's own
        ({"cost": 0.95, "is_byok": True, "cost_details": {"upstream_inference_cost": 19}}, 19_950_000_000_000),
        ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.5}}, 500_000_000_000),
        ({"cost": 0.5, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.5}}, 500_000_000_000),
        ({"cost": 0.5, "cost_details": {"upstream_inference_cost": 0.4}}, 500_000_000_000),
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, None),
        ({"cost": 0.5, "is_byok": True}, None),
        ({"is_byok": True, "cost_details": {"upstream_inference_cost": 1}}, None),
    ],
)
def test_with_a_key_of_ones_own_the_provider_behind_the_router_charges_too(
    usage: dict[str, Any], picos: int | None
) -> None:
    assert reported_cost(usage, "cost") == picos
    assert reported_cost(json.dumps(usage).encode(), "cost") == picos
