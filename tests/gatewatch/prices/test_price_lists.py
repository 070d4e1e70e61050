"""Every provider that can be configured has a price list, or is known to have none."""

import pytest
from genai_prices.data import providers

from gatewatch.prices.book import BASE
from gatewatch.prices.compile import OUR_NAMES
from gatewatch.prices.price_lists import SOURCES, source_of, without_prefix

PRESETS = (
    *("openai", "anthropic", "google", "vertex", "azure", "bedrock", "mistral", "deepseek"),
    *("qwen", "xai", "groq", "together", "fireworks", "cohere", "perplexity", "ollama"),
    *("vllm", "llamacpp", "openrouter", "crazyrouter", "tokenmix", "litellm", "portkey", "sandbox"),
)
LISTS = {path.stem for path in BASE.glob("*.jsonl")}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_a_list_or_is_known_to_have_none(preset: str) -> None:
    source = source_of(preset)
    assert set(source.lists + source.resold) <= LISTS
    assert source.lists or preset in SOURCES


def test_a_provider_nobody_thought_of_has_no_list() -> None:
    assert not set(source_of("in-house").lists) & LISTS


def test_who_resells_whose_models_is_as_the_package_says() -> None:
    for provider in providers:
        if provider.fallback_model_providers:
            theirs = tuple(OUR_NAMES.get(name, name) for name in provider.fallback_model_providers)
            assert source_of(OUR_NAMES.get(provider.id, provider.id)).resold == theirs


@pytest.mark.parametrize(
    ("model", "split"),
    [
        ("openai/gpt-4o", ("openai", "gpt-4o")),
        ("@openai/gpt-4o", ("openai", "gpt-4o")),
        ("gemini/gemini-2.5-pro", ("google", "gemini-2.5-pro")),
        ("Vertex_AI/claude-sonnet-4-5", ("vertex", "claude-sonnet-4-5")),
        ("openrouter/openai/gpt-4o", ("openrouter", "openai/gpt-4o")),
        ("gpt-4o", None),
        ("/gpt-4o", None),
        ("openai/", None),
        ("litellm/portkey/litellm/gpt-4o", None),
    ],
)
def test_a_gateway_behind_ours_names_its_provider_before_the_slash(model: str, split: tuple[str, str] | None) -> None:
    assert without_prefix(model) == split
