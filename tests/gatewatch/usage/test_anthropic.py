"""What Anthropic's usage object means, by the Messages API reference and the prompt caching guide."""

import pytest

from gatewatch.call import Tokens
from gatewatch.usage.anthropic import details, searches, tier
from gatewatch.usage.anthropic import read as tokens_of
from gatewatch.usage.details import Details

SOUND = {"input_tokens": 100, "output_tokens": 20}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(
            # platform.claude.com/docs/en/api/messages, example reply
            {"input_tokens": 2095, "output_tokens": 503},
            Tokens(input_uncached=2095, output=503),
            id="no cache",
        ),
        pytest.param(
            # platform.claude.com/docs/en/build-with-claude/prompt-caching, "1-hour cache duration";
            # its sums: 248 = 148 + 100, and 2048 + 1800 + 248 tokens of input in all
            {
                "input_tokens": 2048,
                "cache_read_input_tokens": 1800,
                "cache_creation_input_tokens": 248,
                "output_tokens": 503,
                "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100},
            },
            Tokens(
                input_uncached=2048,
                input_cache_read=1800,
                input_cache_write_5m=148,
                input_cache_write_1h=100,
                output=503,
            ),
            id="the breakdown of what was written is not added to it",
        ),
        pytest.param(
            # worked example 3 of the price table
            {
                "input_tokens": 50,
                "cache_creation_input_tokens": 248,
                "cache_read_input_tokens": 1800,
                "output_tokens": 503,
            },
            Tokens(input_uncached=50, input_cache_read=1800, input_cache_write_5m=248, output=503),
            id="without a breakdown it was written for five minutes",
        ),
        pytest.param(
            SOUND | {"cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 7}},
            Tokens(input_uncached=100, input_cache_write_1h=7, output=20),
            id="the breakdown alone is enough",
        ),
        pytest.param(
            SOUND | {"cache_creation": None, "cache_creation_input_tokens": None, "cache_read_input_tokens": None},
            Tokens(input_uncached=100, output=20),
            id="null is nothing",
        ),
        pytest.param(
            SOUND | {"output_tokens_details": {"thinking_tokens": 15}},
            Tokens(input_uncached=100, output=20, output_reasoning=15),
            id="thinking is inside the output",
        ),
        pytest.param(
            {"input_tokens": 0, "cache_read_input_tokens": 9, "output_tokens": 1},
            Tokens(input_cache_read=9, output=1),
            id="all of the input came from the cache",
        ),
        pytest.param(
            {"input_tokens": 9, "output_tokens": 0},
            Tokens(input_uncached=9),
            id="a call that only warms the cache says nothing",
        ),
        pytest.param(
            SOUND | {"service_tier": "standard", "inference_geo": "us", "iterations": [{"input_tokens": 3}]},
            Tokens(input_uncached=100, output=20),
            id="what it says beside counts no tokens",
        ),
    ],
)
def test_classes_are_disjoint(usage: object, expected: Tokens) -> None:
    assert tokens_of(usage) == expected


@pytest.mark.parametrize(
    "usage",
    [
        None,
        [],
        {},
        {"input_tokens": 5},
        {"output_tokens": 5},
        {"input_tokens": None, "output_tokens": 5},
        {"input_tokens": 0, "output_tokens": 5},
        SOUND | {"input_tokens": -1},
        SOUND | {"input_tokens": "100"},
        SOUND | {"output_tokens": 1.5},
        SOUND | {"cache_read_input_tokens": -4},
        SOUND | {"cache_creation_input_tokens": True},
        SOUND | {"cache_creation": 4},
        SOUND | {"cache_creation": {"ephemeral_5m_input_tokens": "4"}},
        SOUND | {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_5m_input_tokens": 4}},
        SOUND | {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1d_input_tokens": 9}},
        SOUND | {"output_tokens_details": {"thinking_tokens": 21}},
        SOUND | {"output_tokens_details": "none"},
    ],
)
def test_what_is_not_whole_and_sound_is_not_guessed(usage: object) -> None:
    assert tokens_of(usage) is None


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        # platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool, "Usage and pricing"
        ({"input_tokens": 105, "output_tokens": 6039, "server_tool_use": {"web_search_requests": 1}}, 1),
        ({"server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 3}}, 0),
        ({"server_tool_use": None}, 0),
        ({"server_tool_use": {"web_search_requests": -2}}, 0),
        ({"server_tool_use": {"web_search_requests": "2"}}, 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_searches_are_counted_where_they_are_stated(usage: object, expected: int) -> None:
    assert searches(usage) == expected


COMPACTION = {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3500}
ADVICE = {
    "type": "advisor_message",
    "model": "claude-opus-4-6",
    "input_tokens": 823,
    "cache_read_input_tokens": 7,
    "output_tokens": 1612,
}


def test_what_a_compaction_used_stands_beside_the_sums_and_what_turns_used_is_in_them() -> None:
    """platform.claude.com/docs/en/build-with-claude/compaction, "Understanding usage"."""
    turn = {"type": "message", "input_tokens": 100, "output_tokens": 20}
    usage = SOUND | {"iterations": [COMPACTION, turn]}
    assert tokens_of(usage) == Tokens(input_uncached=180_100, output=3520)
    assert tokens_of(SOUND | {"iterations": [turn, "unheard of", {"type": "later"}]}) == tokens_of(SOUND)
    assert tokens_of(SOUND | {"iterations": "many"}) == tokens_of(SOUND)
    assert tokens_of(SOUND | {"iterations": [COMPACTION | {"output_tokens": -1}]}) is None


def test_an_adviser_is_another_model_and_in_no_sum() -> None:
    """anthropic 2.12, `BetaAdvisorMessageIterationUsage`."""
    usage = SOUND | {"iterations": [ADVICE, ADVICE | {"output_tokens": "many"}, ADVICE | {"model": None}]}
    assert tokens_of(usage) == tokens_of(SOUND)
    advised = Tokens(input_uncached=823, input_cache_read=7, output=1612)
    assert details(usage).others == (("claude-opus-4-6", advised),)


@pytest.mark.parametrize(("where", "percent"), [("us", 10), ("global", 0), ("not_available", 0), (None, 0), (7, 0)])
def test_inference_in_the_us_alone_costs_a_tenth_more(where: object, percent: int) -> None:
    assert details(SOUND | {"inference_geo": where}) == Details(premium_percent=percent)
    assert details(None) == Details()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"service_tier": "priority"}, "priority"),
        ({"service_tier": "standard", "speed": "standard"}, "standard"),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"service_tier": 1}, None),
        ({}, None),
        ("fast", None),
    ],
)
def test_fast_mode_is_a_tier(usage: object, expected: str | None) -> None:
    assert tier(usage) == expected
