"""Whose prices a provider charges: our provider names, and the price lists that their models are looked up in."""

import msgspec


class Source(msgspec.Struct, frozen=True):
    """Where a provider's models are looked up, in this order."""

    lists: tuple[str, ...] = ()
    resold: tuple[str, ...] = ()
    """Lists of vendors whose models it sells at the vendor's standard price; no other tier of theirs is known."""
    at_standard: tuple[str, ...] = ()
    """Service tiers that cost what the standard one does."""
    by_prefix: bool = False
    """Its models are named `provider/model`, and the price is that provider's."""


SOURCES: dict[str, Source] = {
    "google": Source(lists=("google",), resold=("anthropic",)),
    "vertex": Source(lists=("google",), resold=("anthropic",)),
    "azure": Source(lists=("azure",), resold=("openai", "anthropic", "deepseek", "xai", "moonshotai")),
    "groq": Source(lists=("groq",), at_standard=("flex",)),  # console.groq.com/docs/flex-processing
    "litellm": Source(by_prefix=True),
    "portkey": Source(by_prefix=True),
    "sandbox": Source(lists=("openai", "anthropic", "google")),
    # Nobody publishes a list for these: unpriced, until an operator sets prices.
    "qwen": Source(),
    "ollama": Source(),
    "vllm": Source(),
    "llamacpp": Source(),
    "crazyrouter": Source(),
    "tokenmix": Source(),
}
"""A provider that does not stand here has the list of its own name, or none."""

PREFIXES = {
    "gemini": "google",
    "google_ai_studio": "google",
    "vertex_ai": "vertex",
    "azure_ai": "azure",
    "azure-openai": "azure",
    "together_ai": "together",
    "together-ai": "together",
    "fireworks_ai": "fireworks",
    "fireworks-ai": "fireworks",
    "x-ai": "xai",
    "mistral-ai": "mistral",
    "perplexity-ai": "perplexity",
    "aws": "bedrock",
}
"""How LiteLLM and Portkey spell some of our providers before the slash."""


def source_of(provider: str) -> Source:
    return SOURCES.get(provider) or Source(lists=(provider,))


def without_prefix(model: str) -> tuple[str, str] | None:
    """`openai/gpt-4o` (LiteLLM) and `@openai/gpt-4o` (Portkey) → provider and model; None where there is no prefix."""
    prefix, slash, rest = model.removeprefix("@").partition("/")
    if not slash or not prefix or not rest:
        return None
    provider = PREFIXES.get(prefix.lower(), prefix.lower())
    return None if source_of(provider).by_prefix else (provider, rest)
