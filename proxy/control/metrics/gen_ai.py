"""OpenTelemetry's words for generative AI: what our endpoints and presets are called there."""

OPERATIONS = {
    "chat": "chat",
    "responses": "chat",
    "messages": "chat",
    "completions": "text_completion",
    "embeddings": "embeddings",
    "count_tokens": "count_tokens",
}
"""Endpoint, as the ledger names it → `gen_ai.operation.name`."""

_PROVIDERS = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}


def provider_name(preset: str | None, name: str) -> str:
    """`gen_ai.provider.name` of a provider: that of its preset, else its own name."""
    return _PROVIDERS.get(preset or "", preset or name)
