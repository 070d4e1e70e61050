from typing import get_args

import pytest

from gatewatch.config.base_url import objection
from gatewatch.config.presets import DIALECTS, PRESETS, Dialect, PresetName
from gatewatch.prices.price_lists import PREFIXES, SOURCES

# ARCHITECTURE.md §9, and the sandbox of our own
PROMISED = """openai anthropic google vertex azure bedrock mistral deepseek qwen xai groq together fireworks cohere
perplexity ollama vllm openrouter crazyrouter tokenmix litellm portkey sandbox"""

# What the vendors document for the OpenAI SDK, looked up in November 2026: docs.claude.com/en/api/openai-sdk,
# ai.google.dev/gemini-api/docs/openai, docs.aws.amazon.com/bedrock inference-chat-completions,
# docs.cohere.com/docs/compatibility-api, docs.perplexity.ai/docs/sonar/openai-compatibility,
# alibabacloud.com/help model-studio compatibility-of-openai-with-dashscope, docs.crazyrouter.com/quickstart,
# huggingface.co/TokenMixAi, portkey.ai/docs/api-reference
DOCUMENTED = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai",
    "bedrock": "https://bedrock-runtime.{region}.amazonaws.com/openai/v1",
    "cohere": "https://api.cohere.ai/compatibility/v1",
    "perplexity": "https://api.perplexity.ai",
    "qwen": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "crazyrouter": "https://crazyrouter.com/v1",
    "tokenmix": "https://api.tokenmix.ai/v1",
    "portkey": "https://api.portkey.ai/v1",
}


def test_every_promised_preset_is_there() -> None:
    assert list(PRESETS) == PROMISED.split()
    assert get_args(PresetName) == tuple(PRESETS)
    assert get_args(Dialect) == DIALECTS


@pytest.mark.parametrize(("name", "base_url"), DOCUMENTED.items())
def test_addresses_are_those_that_vendors_document(name: str, base_url: str) -> None:
    assert PRESETS[name].endpoints["openai-chat"] == base_url


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_would_pass_its_own_check(name: str) -> None:
    preset = PRESETS[name]
    for base_url in preset.endpoints.values():
        assert objection(base_url.replace("{region}", "eu-west-1"), allow_private=preset.local) is None
        assert not base_url.endswith("/")
    assert preset.endpoints or preset.base_url_hint
    assert preset.dialect() == "openai-chat"


def test_prices_know_every_preset_by_its_name() -> None:
    """A preset that another name's list applies to is spelt as the price lists spell it."""
    assert not set(PREFIXES) & set(PRESETS)
    assert set(SOURCES) <= set(PRESETS)
