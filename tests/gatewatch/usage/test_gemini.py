"""Usage of google-genai 3.4's `GenerateContentResponseUsageMetadata`; the figures of exports from elastic/integrations'
`gcp_vertexai` samples (3 + 29 + 901 = 933)."""

import pytest

from gatewatch.call import Tokens
from gatewatch.usage.details import Details
from gatewatch.usage.gemini import details, read, tier


def test_thoughts_stand_beside_the_candidates_and_both_are_output() -> None:
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 200, "thoughtsTokenCount": 800, "totalTokenCount": 2000}
    assert read(usage) == Tokens(input_uncached=1000, output=1000, output_reasoning=800)


def test_an_export_in_snake_case_reads_alike() -> None:
    usage = {
        "prompt_token_count": 3,
        "candidates_token_count": 29,
        "thoughts_token_count": 901,
        "total_token_count": 933,
    }
    assert read(usage) == Tokens(input_uncached=3, output=930, output_reasoning=901)


def test_cached_content_lies_inside_the_prompt() -> None:
    usage = {
        "promptTokenCount": 250_000,
        "cachedContentTokenCount": 100_000,
        "candidatesTokenCount": 3000,
        "totalTokenCount": 253_000,
    }
    assert read(usage) == Tokens(input_uncached=150_000, input_cache_read=100_000, output=3000)


def test_results_of_googles_own_tools_are_input_too() -> None:
    usage = {"promptTokenCount": 10, "toolUsePromptTokenCount": 40, "candidatesTokenCount": 5, "totalTokenCount": 55}
    assert read(usage) == Tokens(input_uncached=50, output=5)


def test_audio_and_images_have_their_own_classes() -> None:
    usage = {
        "promptTokenCount": 700,
        "candidatesTokenCount": 60,
        "totalTokenCount": 760,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 100},
            {"modality": "AUDIO", "tokenCount": 300},
            {"modality": "IMAGE", "tokenCount": 258},
            {"modality": "DOCUMENT", "tokenCount": 42},
        ],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 50}, {"modality": "TEXT", "tokenCount": 10}],
    }
    assert read(usage) == Tokens(input_uncached=142, input_audio=300, input_image=258, output=60, output_audio=50)


def test_cached_audio_is_paid_as_cached_and_counted_once() -> None:
    usage = {
        "promptTokenCount": 500,
        "cachedContentTokenCount": 400,
        "candidatesTokenCount": 1,
        "totalTokenCount": 501,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 450}, {"modality": "TEXT", "tokenCount": 50}],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 400}],
    }
    assert read(usage) == Tokens(input_uncached=50, input_cache_read=400, input_audio=50, output=1)


def test_cached_audio_without_a_breakdown_is_counted_once_too() -> None:
    usage = {
        "promptTokenCount": 500,
        "cachedContentTokenCount": 400,
        "candidatesTokenCount": 1,
        "totalTokenCount": 501,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 450}],
    }
    assert read(usage) == Tokens(input_cache_read=400, input_audio=100, output=1)


def test_a_prompt_that_was_blocked_has_input_alone() -> None:
    assert read({"promptTokenCount": 7, "totalTokenCount": 7}) == Tokens(input_uncached=7)


def test_embeddings_count_their_prompt_alone() -> None:
    usage = {"promptTokenCount": 9, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}]}
    assert read(usage) == Tokens(input_uncached=9)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        {},
        {"trafficType": "ON_DEMAND"},
        {"promptTokenCount": 10, "candidatesTokenCount": 5},
        {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 16},
        {"promptTokenCount": 10, "candidatesTokenCount": -5, "totalTokenCount": 5},
        {"promptTokenCount": "10", "candidatesTokenCount": 5, "totalTokenCount": 15},
        {"promptTokenCount": 10, "cachedContentTokenCount": 11, "totalTokenCount": 10},
        {"promptTokenCount": 10, "totalTokenCount": 10, "promptTokensDetails": "text"},
        {"promptTokenCount": 10, "totalTokenCount": 10, "promptTokensDetails": [7]},
        {"promptTokenCount": 10, "totalTokenCount": 10, "promptTokensDetails": [{"tokenCount": 1.5}]},
        {
            "promptTokenCount": 10,
            "totalTokenCount": 10,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 11}],
        },
    ],
)
def test_what_is_not_whole_and_sound_is_none(usage: object) -> None:
    assert read(usage) is None


def test_cached_audio_and_pictures_have_prices_of_their_own() -> None:
    usage = {
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 10}, {"modality": "AUDIO", "tokenCount": 400}],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 10}, {"modality": "IMAGE", "tokenCount": 1290}],
    }
    assert details(usage) == Details(cached_audio=400, output_image=1290)


def test_whether_pictures_were_made_is_known_only_where_the_output_is_broken_down() -> None:
    assert details({"candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 10}]}) == Details(output_image=0)
    assert details({"candidatesTokenCount": 10}) == Details(output_image=None)
    assert details({"candidatesTokensDetails": 7, "cacheTokensDetails": "x"}) == Details()
    assert details(None) == Details()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"serviceTier": "FLEX"}, "flex"),
        ({"trafficType": "ON_DEMAND"}, "standard"),
        ({"trafficType": "ON_DEMAND_PRIORITY"}, "priority"),
        ({"trafficType": "ON_DEMAND_FLEX"}, "flex"),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, "provisioned_throughput"),
        ({"trafficType": "TRAFFIC_TYPE_UNSPECIFIED"}, None),
        ({"trafficType": 1, "serviceTier": None}, None),
        ({}, None),
        ("FLEX", None),
    ],
)
def test_both_apis_say_how_a_call_was_served(usage: object, expected: str | None) -> None:
    """google-genai 3.4, `TrafficType`."""
    assert tier(usage) == expected
