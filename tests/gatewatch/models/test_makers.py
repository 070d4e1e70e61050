"""Whose a model is shows in its name, however a provider dresses it up."""

import pytest

from gatewatch.models.makers import distance, maker_of


@pytest.mark.parametrize(
    ("name", "maker"),
    [
        ("claude-sonnet-4-5", "anthropic"),
        ("anthropic/claude-sonnet-4.5", "anthropic"),
        ("us.anthropic.claude-opus-4-6-v1", "anthropic"),
        ("claude-3-5-sonnet@20240620", "anthropic"),
        ("gpt-4o-mini", "openai"),
        ("o3-mini", "openai"),
        ("text-embedding-3-small", "openai"),
        ("openai.gpt-6-sol", "openai"),
        ("gemini-2.5-pro", "google"),
        ("models/gemini-2.5-flash", "google"),
        ("deepseek-ai/DeepSeek-V4-Pro", "deepseek"),
        ("Qwen/Qwen3.5-9B", "qwen"),
        ("x-ai/grok-4.3", "xai"),
        ("open-mistral-nemo", "mistral"),
        ("kimi-k3", "moonshotai"),
        ("zai-org/GLM-5", "zai"),
        ("sonar-pro", "perplexity"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "meta"),
        ("o365-assistant", None),
        ("my-own-model", None),
        ("", None),
    ],
)
def test_the_maker_is_read_from_the_name(name: str, maker: str | None) -> None:
    assert maker_of(name) == maker


def test_vendors_stand_before_clouds_and_clouds_before_aggregators() -> None:
    sold_by = ["openrouter", "azure", "openai"]
    assert sorted(sold_by, key=lambda name: distance(name, "gpt-4o")) == ["openai", "azure", "openrouter"]


def test_a_vendor_that_sells_anothers_model_is_a_cloud_for_it() -> None:
    assert distance("qwen", "deepseek-v4-flash") == distance("azure", "deepseek-v4-flash") == 1
    assert distance("deepseek", "deepseek-v4-flash") == 0


def test_open_weights_have_no_vendor_that_serves_them() -> None:
    assert distance("openai", "gpt-oss-120b") == distance("groq", "gpt-oss-120b")
