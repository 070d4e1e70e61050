"""Whole replies as Messages says them.

Pictures and sound of a reply have no block here and are left out; so are further choices, which no caller of this
dialect can ask for.
"""

from typing import Any

import jiter
import msgspec

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice
from proxy.canonical.parts import Declined, Part, Reasoning, Text, ToolCall
from proxy.canonical.signatures import wrap
from proxy.dialects.anthropic_messages.citations import write_citation
from proxy.dialects.anthropic_messages.vocabulary import DIALECT, stop_reason, usage_of

UNSIGNED = wrap("none", "")
"""Stands for the signature of a thought without one: Anthropic's blocks have one, and would not take this back."""
_SERVED_TIERS = frozenset({"standard", "priority", "batch"})

_encode = msgspec.json.Encoder().encode


def write_reply(answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
    """The message. `tokens`: what the ledger says the call used."""
    choice = answer.choices[0] if answer.choices else Choice(parts=[], finish="stop")
    usage = usage_of(tokens, answer.usage.searches)
    if answer.service_tier in _SERVED_TIERS:
        usage["service_tier"] = answer.service_tier
    return _encode(
        {
            "id": message_id(answer.id, call_id),
            "type": "message",
            "role": "assistant",
            "model": answer.model or body.get("model") or "",
            "content": [block for part in choice.parts for block in blocks_of(part)],
            "stop_reason": stop_reason(choice.finish, calls=any(isinstance(part, ToolCall) for part in choice.parts)),
            "stop_sequence": choice.stop_sequence,
            "usage": usage,
        }
    )


def count_reply(tokens: int) -> bytes:
    """The reply of `/v1/messages/count_tokens`."""
    return b'{"input_tokens":%d}' % tokens


def message_id(provider_id: str | None, call_id: str) -> str:
    """The provider's id where it is a message's, else one made of the call's."""
    return provider_id if provider_id and provider_id.startswith("msg_") else f"msg_{call_id.replace('-', '')}"


def blocks_of(part: Part) -> list[dict[str, Any]]:
    """One part as content blocks; none for what says nothing, or has no block."""
    if isinstance(part, Text):
        if not part.text:
            return []
        cited = [native for citation in part.citations if (native := write_citation(citation))]
        return [{"type": "text", "text": part.text, **({"citations": cited} if cited else {})}]
    if isinstance(part, Declined):
        return [{"type": "text", "text": part.text}] if part.text else []
    if isinstance(part, Reasoning):
        signature = sealed(part.signature, part.origin)
        if part.redacted:
            return [redacted(signature)] if part.signature else []
        return (
            [{"type": "thinking", "thinking": part.text, "signature": signature}] if part.text or part.signature else []
        )
    if isinstance(part, ToolCall):
        call = {"type": "tool_use", "id": part.id, "name": part.name, "input": input_of(part.arguments)}
        return [redacted(sealed(part.signature, part.origin)), call] if part.signature else [call]
    return []


def redacted(data: str) -> dict[str, Any]:
    return {"type": "redacted_thinking", "data": data}


def sealed(signature: str | None, origin: str | None) -> str:
    """A signature as this caller gets it: Anthropic's own as it is, another dialect's with its maker's name."""
    if not signature:
        return UNSIGNED
    return signature if origin in (DIALECT, None) else wrap(origin or "", signature)


def input_of(arguments: str) -> dict[str, Any]:
    """The arguments of a call as an object. What breaks off is read as far as it goes, as Anthropic's SDK reads a
    stream; what is no JSON object at all stands under `arguments`."""
    if not arguments.strip():
        return {}
    try:
        value = jiter.from_json(arguments.encode("utf-8", "surrogatepass"), partial_mode=True)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"arguments": arguments}
