"""Reads LiteLLM's table of models (MIT) into our terms: lists, names, modalities. For maintainers only.

Only what the gateway can be asked for is taken: chat, responses, completions, embeddings. Facts only, no prices.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gatewatch.models.facts import ModelFacts
from gatewatch.models.thinking import thinking_of

Entry = Mapping[str, Any]

MODES = frozenset({"chat", "responses", "completion", "embedding"})

LISTS: dict[str, str] = {
    "openai": "openai",
    "text-completion-openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "azure": "azure",
    "azure_ai": "azure",
    "bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "dashscope": "qwen",
    "xai": "xai",
    "groq": "groq",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "fireworks_ai-embedding-models": "fireworks",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "perplexity": "perplexity",
    "cerebras": "cerebras",
    "moonshot": "moonshotai",
    "zai": "zai",
    "minimax": "minimax",
    "voyage": "voyageai",
    "meta": "meta",
}
"""Their provider → our list; those of `vertex_ai-…` are one."""

_PREFIXES = (
    "gemini/", "azure_ai/", "azure/", "bedrock/", "mistral/", "deepseek/", "dashscope/", "xai/", "groq/",
    "together_ai/", "fireworks_ai/", "cohere/", "perplexity/", "cerebras/", "moonshot/", "zai/", "minimax/",
    "voyage/", "meta/", "vertex_ai/",
)  # fmt: skip
_NO_NAME = re.compile(
    r"^(?:ft:|us/|eu/|global/|us-gov/|global-standard/|standard/|swedencentral/|together-ai-|fireworks-ai-)"
    r"|^[a-z]{2}(?:-gov)?-[a-z]+-\d/|commitment/|\*|(?:^|/)container$"
)
"""Price classes by region and size, fine-tunes, tools: nothing that one can ask for by this name."""

_INPUTS = {
    "supports_vision": "image",
    "supports_audio_input": "audio",
    "supports_video_input": "video",
    "supports_pdf_input": "pdf",
}
_MODALITIES = ("text", "image", "audio", "video", "pdf")


class Known(NamedTuple):
    """One model of one list as LiteLLM has it."""

    name: str
    entry: Entry
    facts: ModelFacts


def listed(table: Mapping[str, Entry]) -> Iterator[tuple[str, Known]]:
    """List → model, for all that is ours to list."""
    for key, entry in table.items():
        sold_by = _list_of(entry)
        if sold_by is None or not _served(entry, sold_by, key):
            continue
        name = _name(key)
        if not _NO_NAME.search(name) and not (sold_by == "fireworks" and "/" not in name):
            yield sold_by, Known(name, entry, facts_of(sold_by, name, entry))


def other_names(table: Mapping[str, Entry]) -> set[tuple[str, str]]:
    """List and name of what the gateway cannot be asked for: pictures, speech, transcripts, ranks."""
    return {
        (sold_by, _name(key).lower())
        for key, entry in table.items()
        if (sold_by := _list_of(entry)) and not _served(entry, sold_by, key)
    }


def _list_of(entry: Entry) -> str | None:
    provider = str(entry.get("litellm_provider", ""))
    return "vertex" if provider.startswith("vertex_ai") else LISTS.get(provider)


def _served(entry: Entry, sold_by: str, key: str) -> bool:
    mode = entry.get("mode")
    if sold_by == "perplexity" and mode == "responses":
        return False  # its Agent API, which sells other vendors' models
    if mode == "image_generation":  # Gemini's are asked as chats are
        return "gemini-" in key and bool(entry.get("max_output_tokens"))
    return mode in MODES


def _name(key: str) -> str:
    for prefix in _PREFIXES:
        if key.startswith(prefix):
            return key.removeprefix(prefix)
    return key


def facts_of(sold_by: str, name: str, entry: Entry) -> ModelFacts:
    embeds = entry.get("mode") == "embedding"
    return ModelFacts(
        context_window=_count(entry.get("max_input_tokens")),
        max_output=None if embeds else _count(entry.get("max_output_tokens")),
        input=_inputs(entry),
        output=("embedding",) if embeds else _outputs(entry),
        thinking=None if embeds else thinking_of(sold_by, name, entry),
    )


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and value > 0 else None


def _inputs(entry: Entry) -> tuple[str, ...]:
    stated = set(entry.get("supported_modalities") or ())
    stated |= {modality for flag, modality in _INPUTS.items() if entry.get(flag)}
    if not stated and not any(key.startswith("supports_") for key in entry):
        return ()
    return _in_order({"text", *stated})


def _outputs(entry: Entry) -> tuple[str, ...]:
    stated = set(entry.get("supported_output_modalities") or ())
    if stated:
        by_a_tool = entry.get("litellm_provider") in ("openai", "azure") and entry.get("mode") in MODES
        return _in_order(stated - {"image"} if by_a_tool else stated)
    if entry.get("mode") == "image_generation":
        return ("text", "image")
    if not any(key.startswith("supports_") for key in entry):
        return ()
    return ("text", "audio") if entry.get("supports_audio_output") else ("text",)


def _in_order(modalities: set[str]) -> tuple[str, ...]:
    return tuple(modality for modality in _MODALITIES if modality in modalities)
