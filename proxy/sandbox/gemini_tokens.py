"""What a Gemini request counts, by modality: text as everywhere here, media as Google's documentation has them.

ai.google.dev/gemini-api/docs/tokens: a small image or a page 258, a second of sound 32, a second of video 263.
"""

import msgspec

from proxy.sandbox.gemini_request import GeminiAsked
from proxy.sandbox.gemini_rules import Content
from proxy.sandbox.prose import count_tokens

Counts = dict[str, int]
"""Tokens by modality; text is always there."""

_PER_CONTENT, _PER_PROMPT = 4, 3
_PER_MEDIUM = {"IMAGE": 258, "DOCUMENT": 258, "AUDIO": 32, "VIDEO": 263}
_BYTES_PER_SECOND = 48_000
"""Of sound: 24 kHz, 16 bits, mono. Anything else of a length counts as one second."""

_encode = msgspec.json.encode


def prompt_counts(asked: GeminiAsked) -> Counts:
    """Of contents, system instruction and tools."""
    counts = {"TEXT": _PER_PROMPT}
    for content in asked.contents:
        _add(counts, content)
    if (system := asked.body.get("systemInstruction")) is not None:
        _add(counts, system)
    if asked.tools:
        counts["TEXT"] += count_tokens(_encode(asked.tools).decode())
    return counts


def content_tokens(content: Content) -> int:
    """Of one content alone, as embeddings are counted: no more than its text."""
    return sum(count_tokens(part.get("text", "")) for part in content.get("parts", ()))


def details(counts: Counts) -> list[dict[str, object]]:
    """As `promptTokensDetails`."""
    return [{"modality": modality, "tokenCount": count} for modality, count in counts.items() if count]


def _add(counts: Counts, content: Content) -> None:
    counts["TEXT"] += _PER_CONTENT
    for part in content.get("parts", ()):
        if medium := part.get("inlineData") or part.get("fileData"):
            modality = _modality(medium.get("mimeType", ""))
            counts[modality] = counts.get(modality, 0) + _medium(modality, medium)
            continue
        for name in ("functionCall", "functionResponse"):
            if name in part:
                inner = part[name]
                counts["TEXT"] += count_tokens(inner["name"])
                counts["TEXT"] += count_tokens(_encode(inner.get("args", inner.get("response", {}))).decode())
        counts["TEXT"] += count_tokens(part.get("text", ""))


def _medium(modality: str, medium: dict[str, str]) -> int:
    if modality == "TEXT":
        return -(-(len(medium.get("data", "")) * 3 // 4) // 4)
    seconds = 1
    if modality == "AUDIO":
        seconds = max(1, len(medium.get("data", "")) * 3 // 4 // _BYTES_PER_SECOND)
    return _PER_MEDIUM[modality] * seconds


def _modality(mime_type: str) -> str:
    kind = mime_type.partition("/")[0].upper()
    if kind in ("IMAGE", "AUDIO", "VIDEO", "TEXT"):
        return kind
    return "DOCUMENT"
