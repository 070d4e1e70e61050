"""The `response` object around the output: what the caller asked for, repeated as OpenAI repeats it.

Keeps true: there is no previous response, whatever was asked: the gateway keeps no state. What the caller said is
repeated only where it has the type that clients rely on (openai/types/responses/response.py).
"""

import time
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from gatewatch.call import Tokens
from proxy.canonical.answer import Finish
from proxy.dialects.openai_responses.opaque import response_id

Status = Literal["in_progress", "completed", "incomplete"]

_KINDS: dict[str, type | tuple[type, ...]] = {
    "instructions": str,
    "max_output_tokens": int,
    "max_tool_calls": int,
    "prompt_cache_key": str,
    "safety_identifier": str,
    "user": str,
}
_REASONING = {
    "effort": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "summary": ("auto", "concise", "detailed"),
}
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
_VERBOSITIES = frozenset({"low", "medium", "high"})

_encode = msgspec.json.encode


class ResponseShape:
    """Of one reply. `model` and `created` are what the provider says, once it is known."""

    def __init__(self, body: dict[str, Any], call_id: str) -> None:
        self.id = response_id(call_id)
        asked = body.get("model")
        self.model = asked if isinstance(asked, str) else ""
        self.created = int(time.time())
        self.service_tier: str | None = None
        self._echo = _encode(_echo(body))[1:-1]

    def name(self, model: str | None, created: int | None, service_tier: str | None) -> None:
        """Take over what the provider says of its reply."""
        self.model = model or self.model
        self.created = created or self.created
        if service_tier in _TIERS:
            self.service_tier = service_tier

    def response(
        self,
        status: Status,
        output: Sequence[bytes] = (),
        tokens: Tokens | None = None,
        reason: Literal["max_output_tokens", "content_filter"] | None = None,
    ) -> bytes:
        """The object, as JSON. `output`: the items, as JSON. `reason`: why it is incomplete."""
        head = {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "completed_at": int(time.time()) if status == "completed" else None,
            "error": None,
            "incomplete_details": {"reason": reason} if status == "incomplete" else None,
            "model": self.model,
            "service_tier": self.service_tier,
            "usage": None if tokens is None else usage_of(tokens),
        }
        return b'%s,%s,"output":[%s]}' % (_encode(head)[:-1], self._echo, b",".join(output))


def ending(finish: Finish, declined: bool) -> tuple[Status, Literal["max_output_tokens", "content_filter"] | None]:
    """How a reply that ended so ends here. A model that declined in words has completed its reply."""
    if finish == "length":
        return "incomplete", "max_output_tokens"
    if finish == "content_filter" or (finish == "refusal" and not declined):
        return "incomplete", "content_filter"
    return ("incomplete", None) if finish == "pause" else ("completed", None)


def usage_of(tokens: Tokens) -> dict[str, Any]:
    """The usage object. Reasoning is part of the output, what the cache gave or took part of the input."""
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {
            "cached_tokens": tokens.input_cache_read,
            "cache_write_tokens": tokens.input_cache_write_5m + tokens.input_cache_write_1h,
        },
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.output_reasoning},
        "total_tokens": tokens.input + tokens.output,
    }


def _echo(body: dict[str, Any]) -> dict[str, Any]:
    metadata, parallel, verbosity = body.get("metadata"), body.get("parallel_tool_calls"), None
    text, choice, tools = body.get("text"), body.get("tool_choice"), body.get("tools")
    form = None
    if isinstance(text, dict):
        form = text.get("format")
        verbosity = text.get("verbosity")
    reasoning = body.get("reasoning") if isinstance(body.get("reasoning"), dict) else {}
    return {
        **{name: _kept(body.get(name), kind) for name, kind in _KINDS.items()},
        "background": False,
        "metadata": {name: value for name, value in metadata.items() if isinstance(value, str)}
        if isinstance(metadata, dict)
        else {},
        "parallel_tool_calls": parallel if isinstance(parallel, bool) else True,
        "previous_response_id": None,
        "reasoning": {name: _one_of((reasoning or {}).get(name), known) for name, known in _REASONING.items()},
        "temperature": _number(body.get("temperature")),
        "text": {
            "format": form if isinstance(form, dict) else {"type": "text"},
            **({"verbosity": verbosity} if _one_of(verbosity, _VERBOSITIES) else {}),
        },
        "tool_choice": "auto" if choice is None else choice,
        "tools": [_tool(tool) for tool in tools] if isinstance(tools, list) else [],
        "top_logprobs": _kept(body.get("top_logprobs"), int) or 0,
        "top_p": _number(body.get("top_p")),
        "truncation": "disabled",
    }


def _tool(tool: Any) -> Any:
    if isinstance(tool, dict) and tool.get("type") == "function":
        return {"parameters": None, "strict": None, **tool}
    return tool


def _kept(value: Any, kind: type | tuple[type, ...]) -> Any:
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _number(value: Any) -> float:
    return 1.0 if isinstance(value, bool) or not isinstance(value, int | float) else value


def _one_of(value: Any, known: Any) -> str | None:
    return value if isinstance(value, str) and value in known else None
