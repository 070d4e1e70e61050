"""Documented defaults and hints: leaving them out is no loss."""

import pytest

from proxy.dialects.openai_chat.neutral import changes_nothing


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("anything", None),
        ("n", 1),
        ("logprobs", False),
        ("presence_penalty", 0.0),
        ("store", False),
        ("service_tier", "auto"),
        ("logit_bias", {}),
        ("modalities", ["text"]),
        ("response_format", {"type": "text"}),
        ("prompt_cache_key", "k"),
        ("user", "u"),
        ("verbosity", "low"),
        ("stream_options", {"include_usage": True}),
    ],
)
def test_a_default_or_a_hint_changes_nothing(name: str, value: object) -> None:
    assert changes_nothing(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("logprobs", True),
        ("store", True),
        ("modalities", ["text", "audio"]),
        ("service_tier", "flex"),
        ("unheard_of", False),
        ("logit_bias", {"5": 1}),
    ],
)
def test_whatever_asks_for_something_does(name: str, value: object) -> None:
    assert not changes_nothing(name, value)
