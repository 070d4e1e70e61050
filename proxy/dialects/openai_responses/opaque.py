"""Reasoning state that only its maker reads, as reasoning items carry it in `encrypted_content`.

Keeps true: state of another dialect is wrapped with its maker's name and with what it is: a signature of thoughts, all
there is of them, or the signature of a tool call (Gemini signs calls), so that each comes back to where it belongs.
Items of our own making bear our mark in their ids: OpenAI must never be asked for what it never stored.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from proxy.canonical.signatures import unwrap, wrap

NAME = "openai-responses"
_MARK = "gw1"
_KINDS: tuple[Literal["call", "redacted"], ...] = ("call", "redacted")


class State(NamedTuple):
    """What `encrypted_content` holds."""

    signature: str
    origin: str
    kind: Literal["thoughts", "redacted", "call"]
    """Signature of thoughts, shown or not; thoughts that are encrypted in it; signature of the call that follows."""


def encrypted_content(signature: str | None, origin: str | None, *, redacted: bool = False) -> str | None:
    """The state of thoughts, for a caller of Responses."""
    if not signature:
        return None
    if origin in (None, NAME):
        return signature
    return wrap(f"redacted:{origin}" if redacted else f"{origin}", signature)


def call_encrypted_content(signature: str, origin: str | None) -> str:
    """The state of a tool call, for the reasoning item before it."""
    return wrap(f"call:{origin or NAME}", signature)


def state_of(encrypted: str, *, shown: bool) -> State:
    """What a caller brings back. `shown`: there is text beside it."""
    wrapped = unwrap(encrypted)
    if wrapped is None:
        return State(encrypted, NAME, "thoughts" if shown else "redacted")
    origin, signature = wrapped
    for kind in _KINDS:
        if origin.startswith(f"{kind}:"):
            return State(signature, origin[len(kind) + 1 :], kind)
    return State(signature, origin, "thoughts")


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
