import json

import pytest

from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import key_of
from proxy.sandbox.usage import cached_tokens, reasoning_tokens, reasons, reported, text_usage


@pytest.mark.parametrize("model", ["o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5-mini", "openai/gpt-5", "gpt-5.6"])
def test_these_models_think(model: str) -> None:
    assert reasons(model)
    tokens = reasoning_tokens(model, None, key_of(model))
    assert 64 <= tokens <= 1024
    assert tokens % 64 == 0
    assert reasoning_tokens(model, "minimal", key_of(model)) == 0


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-chat-latest", "omni", "claude-sonnet-4-5", "oscar"])
def test_these_models_do_not(model: str) -> None:
    assert reasoning_tokens(model, None, key_of(model)) == 0


def test_a_short_prompt_is_never_cached() -> None:
    assert all(cached_tokens("m", f"{number}", 1023) == 0 for number in range(50))


def test_a_long_prompt_is_cached_in_steps_and_never_beyond_itself() -> None:
    counts = {cached_tokens("m", f"{number}", 2006) for number in range(200)}
    assert counts == {0, 1536, 1920}  # of 2,006: nothing, half (1,003: too few), four fifths, all; in steps of 128


def test_prompts_that_begin_alike_are_cached_alike() -> None:
    beginning = "You are helpful. " * 500
    assert cached_tokens("m", beginning + "a", 4000) == cached_tokens("m", beginning + "b", 4000)


def test_usage_has_the_fields_of_openai() -> None:
    assert text_usage(8, 5, cached=1, audio=2, reasoning=3, accepted=4, rejected=6) == {
        "prompt_tokens": 8,
        "completion_tokens": 5,
        "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 2},
        "completion_tokens_details": {
            "reasoning_tokens": 3,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 4,
            "rejected_prediction_tokens": 6,
        },
    }


def test_a_demanded_usage_is_reported_word_for_word() -> None:
    demanded = '{"prompt_tokens": 1e3, "cost": 0.10}'
    assert bytes(reported({"prompt_tokens": 1}, Demands(usage=demanded)) or b"") == demanded.encode()
    assert json.loads(bytes(reported({"prompt_tokens": 1}, Demands()) or b"")) == {"prompt_tokens": 1}
    assert reported({"prompt_tokens": 1}, Demands(without_usage=True)) is None
