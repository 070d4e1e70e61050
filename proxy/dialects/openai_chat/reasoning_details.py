"""`reasoning_details`, OpenRouter's documented form of thoughts and of their signatures in chat messages.

Keeps true: a signature of another dialect leaves wrapped and comes back with its maker's name; `format`, which the
accumulating clients would join, stands once per index.
"""

from typing import Any

from proxy.canonical.parts import Reasoning
from proxy.canonical.signatures import unwrap, wrap

ORIGIN = "openai-chat"
SIGNED_LENGTH = "signed_length"
"""Our own field of an entry that has a streamed thought's signature alone: how many characters were signed. The helper
of OpenAI's SDK for JavaScript keeps the last delta of every field that it does not know (7.57,
`ChatCompletionStream.mjs`): such a rest of a thought must not go back as the thought."""

_FORMATS = {
    "anthropic-messages": "anthropic-claude-v1",
    "bedrock-converse": "anthropic-claude-v1",
    "gemini": "google-gemini-v1",
    "openai-responses": "openai-responses-v1",
}
"""Who signed → what OpenRouter calls that format."""


def read_details(details: list[Any]) -> list[Reasoning]:
    """Entries → reasoning parts, those of one `index` that were streamed in pieces joined. Unknown ones are skipped."""
    parts: list[Reasoning] = []
    open_text: object = None
    for entry in details:
        if not isinstance(entry, dict):
            continue
        kind, index = entry.get("type"), entry.get("index")
        if kind == "reasoning.encrypted":
            if isinstance(data := entry.get("data"), str) and data:
                parts.append(Reasoning(signature=data, redacted=True, id=_word(entry.get("id"))))
            open_text = None
        elif kind in ("reasoning.text", "reasoning.summary"):
            said, signature = _word(entry.get("text") or entry.get("summary")), _word(entry.get("signature"))
            if parts and index is not None and index == open_text:
                parts[-1].text += said or ""
                parts[-1].signature = signature or parts[-1].signature
            elif said or signature:
                parts.append(Reasoning(text=said or "", signature=signature, id=_word(entry.get("id"))))
                open_text = index
    return parts


def is_whole(text: str, details: list[Any]) -> bool:
    """Whether this is all of the thought that a streamed entry signs, as far as that is known."""
    lengths = [each[SIGNED_LENGTH] for each in details if isinstance(each, dict) and SIGNED_LENGTH in each]
    return not lengths or sum(each for each in lengths if isinstance(each, int)) == len(text)


def text_entry(text: str, index: int, *, origin: str | None, signature: str | None = None) -> dict[str, Any]:
    """Thoughts, or more of them, with what is known of their signature."""
    entry: dict[str, Any] = {"type": "reasoning.text", "text": text, "index": index}
    if signature is not None and origin is not None:
        entry["signature"] = outward(origin, signature)
        entry["format"] = format_of(origin)
    return entry


def encrypted_entry(signature: str, index: int, *, origin: str, id: str | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "reasoning.encrypted",
        "data": outward(origin, signature),
        "format": format_of(origin),
        "index": index,
    }
    if id is not None:
        entry["id"] = id
    return entry


def outward(origin: str, signature: str) -> str:
    """A signature as a chat caller gets it."""
    return signature if origin == ORIGIN else wrap(origin, signature)


def inward(signature: str) -> tuple[str, str]:
    """(origin, signature) of what a chat caller sends back."""
    return unwrap(signature) or (ORIGIN, signature)


def format_of(origin: str) -> str:
    return _FORMATS.get(origin, "unknown")


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None
