"""Estimates follow the vendors' stated characters per token, and never fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import estimate
from proxy.estimate import DEFAULT_OUTPUT_TOKENS, IMAGE_TOKENS, TOKENS_PER_MESSAGE, input_tokens, output_tokens


def user(content: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize(
    ("model", "characters", "tokens"),
    [
        ("gpt-4o", 400, 100),
        ("gpt-4o", 401, 101),
        ("gpt-4o", 1, 1),
        ("gpt-4o", 0, 0),
        ("claude-sonnet-4-5", 350, 100),
        ("claude-sonnet-4-5", 351, 101),
        ("mistral-large", 370, 100),
        ("deepseek-chat", 360, 100),
        ("qwen-max", 340, 100),
        ("gemini-2.5-pro", 400, 100),
        ("some-model-of-tomorrow", 400, 100),
    ],
)
def test_characters_become_tokens_by_the_family_and_are_rounded_up(model: str, characters: int, tokens: int) -> None:
    assert estimate.tokens_of_text(model, characters) == tokens


def test_messages_count_their_text_and_a_little_each() -> None:
    body = {"messages": [{"role": "system", "content": "a" * 40}, {"role": "user", "content": "b" * 60}]}
    assert input_tokens("gpt-4o", body) == 25 + 2 * TOKENS_PER_MESSAGE


def test_parts_of_a_message_count_text_and_images() -> None:
    content = [
        {"type": "text", "text": "a" * 80},
        {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}},
    ]
    assert input_tokens("gpt-4o", user(content)) == 20 + TOKENS_PER_MESSAGE + 2 * IMAGE_TOKENS


def test_prompts_and_inputs_of_the_other_endpoints_count_too() -> None:
    assert input_tokens("gpt-4o", {"prompt": "a" * 40}) == 10
    assert input_tokens("gpt-4o", {"prompt": ["a" * 40, "b" * 40]}) == 20
    assert input_tokens("text-embedding-3-small", {"input": ["a" * 40] * 3}) == 30
    assert input_tokens("text-embedding-3-small", {"input": [101, 102, 103]}) == 3
    assert input_tokens("text-embedding-3-small", {"input": [[101, 102], [103]]}) == 3


def test_declared_tools_are_input() -> None:
    tool = {"type": "function", "function": {"name": "look_up", "description": "d" * 400}}
    assert input_tokens("gpt-4o", user("hi") | {"tools": [tool]}) >= 100


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"max_tokens": 64}, 64),
        ({"max_completion_tokens": 32, "max_tokens": 64}, 32),
        ({}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": None}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": -5}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": 0}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": True}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": "64"}, DEFAULT_OUTPUT_TOKENS),
        ({"max_tokens": 10**30}, DEFAULT_OUTPUT_TOKENS),
    ],
)
def test_the_output_is_the_calls_own_limit_or_an_assumption(body: dict[str, object], tokens: int) -> None:
    assert output_tokens(body) == tokens


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["messages", "prompt", "input", "tools", "max_tokens", "content", "text", "image_url"])


@given(st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON), max_size=3), max_size=5))
def test_no_body_makes_an_estimate_fail(body: dict[str, object]) -> None:
    assert input_tokens("gpt-4o", body) >= 0
    assert output_tokens(body) > 0
