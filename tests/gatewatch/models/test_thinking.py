"""How models are told to think, as their vendors document it (looked up in November 2026).

platform.claude.com/docs/en/build-with-claude/adaptive-thinking, ai.google.dev/gemini-api/docs/thinking,
developers.openai.com/api/docs/guides/reasoning, docs.x.ai/docs/guides/reasoning,
api-docs.deepseek.com/guides/thinking_mode
"""

import pytest

from gatewatch.models.thinking import thinking_of


@pytest.mark.parametrize(
    ("sold_by", "name", "thinking"),
    [
        ("anthropic", "claude-3-5-sonnet-20241022", "none"),
        ("anthropic", "claude-3-7-sonnet-20250219", "budget"),
        ("anthropic", "claude-sonnet-4-20250514", "budget"),
        ("anthropic", "claude-opus-4-5", "budget"),
        ("anthropic", "claude-sonnet-4-6", "adaptive"),
        ("anthropic", "claude-opus-4-8", "adaptive"),
        ("anthropic", "claude-haiku-5-5", "adaptive"),
        ("anthropic", "claude-fable-5-1", "adaptive"),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "budget"),
        ("openrouter", "anthropic/claude-3.7-sonnet", "budget"),
        ("vertex", "claude-opus-4-6@default", "adaptive"),
        ("google", "gemini-2.0-flash", "none"),
        ("google", "gemini-2.5-flash-lite", "budget"),
        ("google", "gemini-3.1-pro-preview", "adaptive"),
        ("google", "gemini-4-argon", "adaptive"),
        ("google", "gemini-2.5-flash-image", None),
        ("openai", "gpt-4o-mini", "none"),
        ("openai", "gpt-4.1", "none"),
        ("openai", "o1-preview", "always"),
        ("openai", "o3-mini", "adaptive"),
        ("openai", "gpt-5", "adaptive"),
        ("openai", "gpt-5-chat-latest", "none"),
        ("openai", "gpt-5.2-chat-latest", None),
        ("openai", "gpt-5.3-codex", "adaptive"),
        ("openai", "text-embedding-3-small", None),
        ("groq", "openai/gpt-oss-120b", "adaptive"),
        ("deepseek", "deepseek-chat", "none"),
        ("deepseek", "deepseek-reasoner", "always"),
        ("deepseek", "deepseek-v4-pro", "adaptive"),
        ("together", "deepseek-ai/DeepSeek-R1", "always"),
        ("xai", "grok-3-mini", "adaptive"),
        ("xai", "grok-3", "none"),
        ("xai", "grok-4-0709", "always"),
        ("xai", "grok-4-fast-non-reasoning", "none"),
        ("xai", "grok-4.3", "adaptive"),
        ("perplexity", "sonar", "none"),
        ("perplexity", "sonar-deep-research", "adaptive"),
        ("qwen", "qwen3-next-80b-a3b-thinking", "always"),
        ("somewhere", "a-model-nobody-knows", None),
    ],
)
def test_a_model_thinks_as_its_vendor_documents(sold_by: str, name: str, thinking: str | None) -> None:
    assert thinking_of(sold_by, name, None) == thinking


def test_levels_that_the_data_names_are_an_effort() -> None:
    levels = {"supports_reasoning": True, "reasoning_effort_levels": ["none", "high"]}
    assert thinking_of("mistral", "mistral-medium-3-5", levels) == "adaptive"
    assert (
        thinking_of("zai", "glm-9", {"supports_reasoning": True, "supports_max_reasoning_effort": True}) == "adaptive"
    )


def test_that_a_model_reasons_does_not_say_how_to_ask_for_it() -> None:
    assert thinking_of("zai", "glm-5", {"supports_reasoning": True}) is None
    assert (
        thinking_of("openai", "chat-latest", {"supports_reasoning": True, "reasoning_effort_levels": ["medium"]})
        is None
    )
