"""Reasoning state that only its maker reads, as reasoning items carry it in `encrypted_content`.

Keeps true: state of another dialect is wrapped with its maker's name, and the state of a tool call (Gemini signs calls)
is told from that of thoughts, so that both come back to where they belong. Items of our own making bear our mark in
their ids: OpenAI must never be asked for what it never stored.
"""

from collections.abc import Mapping
from typing import Any

from proxy.canonical.signatures import unwrap, wrap

NAME = "openai-responses"
_OF_CALL = "call:"
_MARK = "gw1"


def encrypted_content(signature: str | None, origin: str | None) -> str | None:
    """The state of thoughts, for a caller of Responses."""
    if not signature:
        return None
    return signature if origin in (None, NAME) else wrap(origin or NAME, signature)


def call_encrypted_content(signature: str, origin: str | None) -> str:
    """The state of a tool call, for the reasoning item before it."""
    return wrap(_OF_CALL + (origin or NAME), signature)


def call_signature_maker(origin: str) -> str | None:
    """Who signed a tool call, where `origin` of a wrapped state says that it is one's; else None."""
    return origin[len(_OF_CALL) :] if origin.startswith(_OF_CALL) else None


def item_id(kind: str, call_id: str, index: int) -> str:
    """The id of an item that the gateway makes: `kind` is OpenAI's prefix (`msg`, `rs`, `fc`, `ctc`)."""
    return f"{kind}_{_MARK}{call_id.replace('-', '')}_{index}"


def response_id(call_id: str) -> str:
    return f"resp_{_MARK}{call_id.replace('-', '')}"


def sendable(item: Any) -> Any | None:
    """An input item as OpenAI may get it back: without ids of ours; None for thoughts of another provider."""
    if not isinstance(item, Mapping):
        return item
    own_id = isinstance(item.get("id"), str) and item["id"].partition("_")[2].startswith(_MARK)
    if item.get("type") == "reasoning":
        state = item.get("encrypted_content")
        wrapped = unwrap(state) if isinstance(state, str) else None
        if wrapped and wrapped[0] == NAME:
            item = {**item, "encrypted_content": wrapped[1]}
        elif wrapped or (own_id and not state):
            return None
    return {name: value for name, value in item.items() if name != "id"} if own_id else item
