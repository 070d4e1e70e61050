"""`TokenUsage` of the Converse API reference (botocore's service model of bedrock-runtime)."""

import pytest

from gatewatch.call import Tokens
from gatewatch.usage.bedrock import read


def test_input_and_output_are_told_apart() -> None:
    assert read({"inputTokens": 30, "outputTokens": 12, "totalTokens": 42}) == Tokens(input_uncached=30, output=12)


def test_cached_tokens_stand_beside_the_input() -> None:
    usage = {
        "inputTokens": 1500,
        "outputTokens": 500,
        "totalTokens": 24_000,
        "cacheReadInputTokens": 20_000,
        "cacheWriteInputTokens": 2000,
    }
    tokens = Tokens(input_uncached=1500, input_cache_read=20_000, input_cache_write_5m=2000, output=500)
    assert read(usage) == tokens
    assert read({**usage, "totalTokens": 2000}) == tokens


def test_what_was_written_for_an_hour_is_told_apart() -> None:
    usage = {
        "inputTokens": 10,
        "outputTokens": 1,
        "totalTokens": 111,
        "cacheWriteInputTokens": 100,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 70}, {"ttl": "5m", "inputTokens": 30}],
    }
    tokens = Tokens(input_uncached=10, input_cache_write_5m=30, input_cache_write_1h=70, output=1)
    assert read(usage) == tokens


def test_a_prompt_may_be_cached_to_its_end() -> None:
    usage = {"inputTokens": 0, "outputTokens": 1, "totalTokens": 8, "cacheReadInputTokens": 7}
    assert read(usage) == Tokens(input_cache_read=7, output=1)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"inputTokens": 3},
        {"inputTokens": 3, "outputTokens": 1, "totalTokens": 5},
        {"inputTokens": 0, "outputTokens": 1, "totalTokens": 1},
        {"inputTokens": -3, "outputTokens": 1},
        {"inputTokens": "3", "outputTokens": 1},
        {
            "inputTokens": 3,
            "outputTokens": 1,
            "cacheWriteInputTokens": 5,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 4}],
        },
        {
            "inputTokens": 3,
            "outputTokens": 1,
            "cacheWriteInputTokens": 4,
            "cacheDetails": [{"ttl": "2h", "inputTokens": 4}],
        },
        {"inputTokens": 3, "outputTokens": 1, "cacheWriteInputTokens": 4, "cacheDetails": ["1h"]},
        {
            "inputTokens": 3,
            "outputTokens": 1,
            "cacheWriteInputTokens": 4,
            "cacheDetails": [{"ttl": ["1h"], "inputTokens": 4}],
        },
        {"inputTokens": 3, "outputTokens": 1, "cacheDetails": 7},
    ],
)
def test_what_is_not_whole_and_sound_is_none(usage: object) -> None:
    assert read(usage) is None
