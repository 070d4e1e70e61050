"""What OpenAI's usage object means, by the tables of the API reference."""

import pytest

from gatewatch.call import Tokens
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
    ],
)
def test_a_usage_that_is_not_whole_and_sound_is_none(usage: object) -> None:
    assert tokens_of(usage) is None
