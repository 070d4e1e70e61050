"""Which dialect answers to which name."""

from importlib import import_module

from proxy.dialects.dialect import CallerDialect, ProviderDialect

_FOLDERS = {
    "openai-chat": "openai_chat",
    "openai-responses": "openai_responses",
    "anthropic-messages": "anthropic_messages",
    "gemini": "gemini",
    "bedrock-converse": "bedrock_converse",
}
_VERTEX_MARK = "/publishers/google"
"""Part of a Vertex base URL, which states the version that Gemini's paths state elsewhere."""

MODELS_PATHS = {
    "openai-chat": "/models",
    "openai-responses": "/models",
    "anthropic-messages": "/v1/models?limit=1000",
    "gemini": "/v1beta/models?pageSize=1000",
}
"""Dialect → path of the provider's own list of models."""


def provider_dialect(name: str, base_url: str) -> ProviderDialect:
    """The dialect to speak to a provider. Imported when first asked for. Raises ValueError for an unknown name."""
    if name not in _FOLDERS:
        raise ValueError(f"there is no dialect {name!r}")
    module = import_module(f"proxy.dialects.{_FOLDERS[name]}")
    dialect: ProviderDialect = module.VERTEX if name == "gemini" and _VERTEX_MARK in base_url else module.PROVIDER
    return dialect


def caller_dialects() -> dict[str, CallerDialect]:
    """Endpoint → the dialect of its callers."""
    from proxy.dialects.anthropic_messages import CALLER as MESSAGES
    from proxy.dialects.anthropic_messages import COUNTING_CALLER
    from proxy.dialects.openai_chat import CALLER as CHAT
    from proxy.dialects.openai_completions import CALLER as COMPLETIONS
    from proxy.dialects.openai_responses import CALLER as RESPONSES

    return {
        "chat": CHAT,
        "completions": COMPLETIONS,
        "embeddings": CHAT,
        "responses": RESPONSES,
        "messages": MESSAGES,
        "count_tokens": COUNTING_CALLER,
    }
