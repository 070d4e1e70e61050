"""Ids of docs.aws.amazon.com/bedrock, "Supported foundation models" and "inference profiles"."""

import pytest

from proxy.dialects.bedrock_converse.families import family


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", None),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", None),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "budget"),
        ("eu.anthropic.claude-sonnet-4-20250514-v1:0", "budget"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "budget"),
        ("us.anthropic.claude-opus-4-6-v1", "adaptive"),
        ("arn:aws:bedrock:us-east-1:111111111111:inference-profile/us.anthropic.claude-opus-5", "adaptive"),
        ("openai.gpt-oss-120b-1:0", "reasoning_effort"),
        ("us.amazon.nova-2-lite-v1:0", "nova"),
        ("amazon.nova-pro-v1:0", None),
        ("meta.llama3-3-70b-instruct-v1:0", None),
    ],
)
def test_how_a_model_is_told_to_think_is_read_off_its_id(model: str, thinking: str | None) -> None:
    assert family(model).thinking == thinking


def test_what_an_id_does_not_say_is_not_assumed() -> None:
    profile = family("arn:aws:bedrock:us-east-1:111111111111:application-inference-profile/abc123")
    assert (profile.thinking, profile.top_k, profile.cache, profile.claude) == (None, None, False, False)


def test_cache_points_are_for_those_who_know_them() -> None:
    assert family("us.anthropic.claude-sonnet-4-5-20250929-v1:0").cache_hour
    assert family("anthropic.claude-3-5-haiku-20241022-v1:0").cache
    assert not family("anthropic.claude-3-haiku-20240307-v1:0").cache
    assert family("amazon.nova-lite-v1:0").cache
    assert not family("amazon.nova-lite-v1:0").cache_tools


def test_schemas_are_for_those_who_follow_them() -> None:
    assert family("anthropic.claude-haiku-4-5-20251001-v1:0").schemas
    assert not family("anthropic.claude-sonnet-4-20250514-v1:0").schemas
    assert not family("amazon.nova-pro-v1:0").schemas
    assert family("qwen.qwen3-32b-v1:0").schemas
