"""Providers as data: where each is, which wire formats it speaks there, and where its key usually stands.

The addresses are those that the vendors document (looked up in November 2026). `{region}` is filled in from the
provider's `region`; a preset without an endpoint needs a `base_url`, and its hint says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Dialect = Literal["openai-chat", "openai-responses", "anthropic-messages", "gemini", "bedrock-converse"]

DIALECTS: tuple[Dialect, ...] = ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "bedrock-converse")
WORKING_DIALECTS: tuple[Dialect, ...] = ("openai-chat",)
"""What this version can speak to a provider."""


@dataclass(frozen=True)
class Preset:
    """What a provider is like until the file says otherwise."""

    endpoints: Mapping[Dialect, str] = field(default_factory=dict)
    """Dialect → base URL, the best dialect first."""
    env: tuple[str, ...] = ()
    """Environment variables that usually hold the key, the most usual first."""
    local: bool = False
    """Runs on this machine, needs no key, and is no public address."""
    stand_in_key: str = ""
    """Sent where no key is configured, because something must be; no secret."""
    base_url_hint: str = ""

    def dialect(self) -> Dialect:
        """The best dialect that works in this version."""
        return next((name for name in self.endpoints if name in WORKING_DIALECTS), "openai-chat")


def _chat(base_url: str, *env: str) -> Preset:
    return Preset({"openai-chat": base_url}, env)


PRESETS: dict[str, Preset] = {
    "openai": Preset(
        {"openai-chat": "https://api.openai.com/v1", "openai-responses": "https://api.openai.com/v1"},
        ("OPENAI_API_KEY",),
    ),
    "anthropic": Preset(
        {"anthropic-messages": "https://api.anthropic.com", "openai-chat": "https://api.anthropic.com/v1"},
        ("ANTHROPIC_API_KEY",),
    ),
    "google": Preset(
        {
            "gemini": "https://generativelanguage.googleapis.com",
            "openai-chat": "https://generativelanguage.googleapis.com/v1beta/openai",
        },
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    ),
    "vertex": Preset(
        base_url_hint="https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi",
    ),
    "azure": Preset(env=("AZURE_OPENAI_API_KEY",), base_url_hint="https://RESOURCE.openai.azure.com/openai/v1"),
    "bedrock": Preset(
        {
            "bedrock-converse": "https://bedrock-runtime.{region}.amazonaws.com",
            "openai-chat": "https://bedrock-runtime.{region}.amazonaws.com/openai/v1",
        },
        ("AWS_BEARER_TOKEN_BEDROCK",),
    ),
    "mistral": _chat("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "deepseek": _chat("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "qwen": _chat("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
    "xai": _chat("https://api.x.ai/v1", "XAI_API_KEY"),
    "groq": _chat("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "together": _chat("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "fireworks": _chat("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "cohere": _chat("https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY", "CO_API_KEY"),
    "perplexity": _chat("https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
    "ollama": Preset({"openai-chat": "http://127.0.0.1:11434/v1"}, local=True),
    "vllm": Preset({"openai-chat": "http://127.0.0.1:8000/v1"}, local=True),
    "openrouter": _chat("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "crazyrouter": _chat("https://crazyrouter.com/v1", "CRAZYROUTER_API_KEY"),
    "tokenmix": _chat("https://api.tokenmix.ai/v1", "TOKENMIX_API_KEY"),
    "litellm": Preset(base_url_hint="https://HOST/v1"),
    "portkey": _chat("https://api.portkey.ai/v1", "PORTKEY_API_KEY"),
    "sandbox": Preset({"openai-chat": "http://127.0.0.1:4010/v1"}, local=True, stand_in_key="sandbox"),
}

PresetName = Literal[
    "openai", "anthropic", "google", "vertex", "azure", "bedrock", "mistral", "deepseek", "qwen", "xai", "groq",
    "together", "fireworks", "cohere", "perplexity", "ollama", "vllm", "openrouter", "crazyrouter", "tokenmix",
    "litellm", "portkey", "sandbox",
]  # fmt: skip
