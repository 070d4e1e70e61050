"""The catalogue is held against what the vendors document, and its claims against the rule that each has a source."""

import datetime
from urllib.parse import urlsplit

import pytest

from gatewatch.config.base_url import objection
from gatewatch.config.base_url_form import remark
from gatewatch.prices.price_lists import PREFIXES, SOURCES
from gatewatch.providers.catalogue import presets
from gatewatch.usage.openai import reported_cost

# ARCHITECTURE.md §9, llama.cpp, and the sandbox of our own
PROMISED = """openai anthropic google vertex azure bedrock mistral deepseek qwen xai groq together fireworks cohere
perplexity ollama vllm llamacpp openrouter crazyrouter tokenmix litellm portkey sandbox"""

# What the vendors document, looked up in November 2026: docs.claude.com/en/api/openai-sdk,
# ai.google.dev/gemini-api/docs/openai, docs.aws.amazon.com/bedrock inference-chat-completions,
# docs.cohere.com/docs/compatibility-api, docs.perplexity.ai/docs/sonar/openai-compatibility,
# alibabacloud.com/help model-studio compatibility-of-openai-with-dashscope and anthropic-api-messages,
# docs.crazyrouter.com/quickstart, huggingface.co/TokenMixAi, portkey.ai/docs/api-reference,
# api-docs.deepseek.com/guides/anthropic_api, docs.fireworks.ai/tools-sdks/anthropic-compatibility and
# guides/response-api, docs.ollama.com/api/anthropic-compatibility, console.groq.com/docs/openai,
# docs.x.ai/developers/model-capabilities/text/comparison
DOCUMENTED = [
    ("openai", "openai-chat", "https://api.openai.com/v1"),
    ("openai", "openai-responses", "https://api.openai.com/v1"),
    ("anthropic", "anthropic-messages", "https://api.anthropic.com"),
    ("anthropic", "openai-chat", "https://api.anthropic.com/v1"),
    ("google", "gemini", "https://generativelanguage.googleapis.com"),
    ("google", "openai-chat", "https://generativelanguage.googleapis.com/v1beta/openai"),
    ("bedrock", "openai-chat", "https://bedrock-runtime.{region}.amazonaws.com/openai/v1"),
    ("cohere", "openai-chat", "https://api.cohere.ai/compatibility/v1"),
    ("perplexity", "openai-chat", "https://api.perplexity.ai"),
    ("qwen", "openai-chat", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
    ("qwen", "anthropic-messages", "https://dashscope-intl.aliyuncs.com/apps/anthropic"),
    ("deepseek", "anthropic-messages", "https://api.deepseek.com/anthropic"),
    ("fireworks", "openai-responses", "https://api.fireworks.ai/inference/v1"),
    ("fireworks", "anthropic-messages", "https://api.fireworks.ai/inference"),
    ("groq", "openai-responses", "https://api.groq.com/openai/v1"),
    ("xai", "openai-responses", "https://api.x.ai/v1"),
    ("ollama", "anthropic-messages", "http://127.0.0.1:11434"),
    ("ollama", "openai-responses", "http://127.0.0.1:11434/v1"),
    ("llamacpp", "anthropic-messages", "http://127.0.0.1:8080"),
    ("openrouter", "anthropic-messages", "https://openrouter.ai/api"),
    ("crazyrouter", "openai-chat", "https://crazyrouter.com/v1"),
    ("tokenmix", "openai-chat", "https://api.tokenmix.ai/v1"),
    ("portkey", "openai-chat", "https://api.portkey.ai/v1"),
]


def test_every_promised_preset_is_there() -> None:
    assert list(presets()) == PROMISED.split()


@pytest.mark.parametrize(("name", "dialect", "base_url"), DOCUMENTED)
def test_addresses_are_those_that_vendors_document(name: str, dialect: str, base_url: str) -> None:
    assert {each.dialect: each.base_url for each in presets()[name].endpoints}[dialect] == base_url  # type: ignore[index]


@pytest.mark.parametrize("name", presets())
def test_every_preset_would_pass_its_own_check(name: str) -> None:
    preset = presets()[name]
    every = [preset.endpoints, *preset.regions.values()]
    assert all(every), "a preset without an endpoint says nothing"
    for endpoints in every:
        dialects = [endpoint.dialect for endpoint in endpoints]
        assert len(set(dialects)) == len(dialects)
        assert set(dialects) <= {endpoint.dialect for endpoint in preset.endpoints}
        for endpoint in endpoints:
            url = endpoint.base_url
            for hole in ("region", "project", "resource", "host"):
                url = url.replace(f"{{{hole}}}", "eu-west-1.example" if hole == "host" else "eu-west-1")
            assert objection(url, allow_private=preset.local) is None
            assert not url.endswith("/")
            assert remark(endpoint.dialect, url) is None or name == "perplexity"


@pytest.mark.parametrize("name", presets())
def test_every_claim_about_privacy_says_where_it_stands(name: str) -> None:
    preset = presets()[name]
    privacy = preset.privacy
    for fact in (privacy.trains, privacy.retention_days, privacy.zero_retention):
        if fact.value in ("unknown", None):
            assert (fact.source, fact.date) == ("", "")
        elif not preset.local:
            assert urlsplit(fact.source).scheme == "https"
            assert urlsplit(fact.source).hostname
            assert datetime.date.fromisoformat(fact.date) >= datetime.date(2026, 11, 1)


@pytest.mark.parametrize("name", presets())
def test_what_is_sent_to_opt_out_is_for_dialects_that_are_spoken_there(name: str) -> None:
    preset = presets()[name]
    kinds = {endpoint.dialect for endpoint in preset.endpoints} | {"completions", "embeddings"}
    assert set(preset.quirks.opt_out) | set(preset.quirks.zero_retention) <= kinds


def test_prices_know_every_preset_by_its_name() -> None:
    """A preset that another name's list applies to is spelt as the price lists spell it."""
    assert not set(PREFIXES) & set(presets())
    assert set(SOURCES) <= set(presets())


def test_what_xai_charges_is_in_ticks() -> None:
    """docs.x.ai/developers/cost-tracking: 1 USD = 10,000,000,000 ticks, so these are 0.0037756 USD."""
    assert reported_cost({"cost_in_usd_ticks": 37_756_000}, presets()["xai"].quirks.reports_cost) == 3_775_600_000
