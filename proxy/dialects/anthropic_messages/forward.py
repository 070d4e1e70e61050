"""Requests of Messages callers on their way to Anthropic, as they are.

Keeps true: what is not known here survives. Taken out is only what Anthropic surely refuses: thoughts and citations
that another provider made while it answered this conversation, and the `metadata` that is meant for the gateway.
The caller's own request is never changed: it may go to another target next.
"""

from typing import Any

import msgspec

from proxy.canonical.losses import Losses
from proxy.canonical.signatures import unwrap
from proxy.dialects.anthropic_messages.citations import is_foreign
from proxy.dialects.anthropic_messages.request_write import settled
from proxy.dialects.dialect import Destination

_encode = msgspec.json.Encoder().encode


def forward_request(body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
    """`stream` overrides what the request says; where neither says it, as in a count, it stays unsaid."""
    sent = {**body, "model": to.model}
    if stream or "stream" in body:
        sent["stream"] = stream
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and metadata.keys() - {"user_id"}:
        del sent["metadata"]
        if "user_id" in metadata:
            sent["metadata"] = {"user_id": metadata["user_id"]}
    messages = body.get("messages")
    if isinstance(messages, list):
        sent["messages"] = [own for message in messages if (own := _own(message)) is not None]
    return _encode(settled(sent, to, losses))


def _own(message: Any) -> Any:
    """The message without what others made; None where nothing is left of it."""
    content = message.get("content") if isinstance(message, dict) and message.get("role") == "assistant" else None
    if not isinstance(content, list) or not any(_is_others(block) or _cites_others(block) for block in content):
        return message
    kept = [_without_citations(block) for block in content if not _is_others(block)]
    return {**message, "content": kept} if kept else None


def _is_others(block: Any) -> bool:
    """Whether these are the thoughts of another provider, marked as such."""
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in ("thinking", "redacted_thinking"):
        return False
    seal = block.get("signature" if kind == "thinking" else "data")
    return isinstance(seal, str) and unwrap(seal) is not None


def _cites_others(block: Any) -> bool:
    citations = block.get("citations") if isinstance(block, dict) else None
    return isinstance(citations, list) and any(is_foreign(each) for each in citations)


def _without_citations(block: dict[str, Any]) -> dict[str, Any]:
    if not _cites_others(block):
        return block
    kept = [each for each in block["citations"] if not is_foreign(each)]
    rest = {name: value for name, value in block.items() if name != "citations"}
    return {**rest, "citations": kept} if kept else rest
