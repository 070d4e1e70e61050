"""A whole reply as a chat caller gets it.

Keeps true: it is a `chat.completion` by OpenAI's reference; beyond that it holds `reasoning_content`,
`reasoning_details` and a tool call's `extra_content` alone, and those only where there is something to say.
"""

import time
from typing import Any

import msgspec

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice, Finish, TokenLogprob
from proxy.canonical.parts import Citation, Declined, Reasoning, Text, ToolCall
from proxy.dialects.openai_chat.reasoning_details import encrypted_entry, outward, text_entry
from proxy.dialects.openai_chat.request_read import shows_reasoning
from proxy.dialects.openai_chat.tools_read import is_legacy
from proxy.dialects.openai_chat.usage_write import usage_object

FINISH: dict[Finish, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "pause": "length",
}
"""Why a reply ends, in OpenAI's words. A paused turn is not whole, which `length` alone says."""
TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})


def write(answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
    shown, legacy = shows_reasoning(body), is_legacy(body)
    reply: dict[str, Any] = {
        "id": reply_id(call_id),
        "object": "chat.completion",
        "created": answer.created if answer.created is not None else int(time.time()),
        "model": answer.model or str(body.get("model", "")),
        "choices": [_choice(choice, at, shown, legacy) for at, choice in enumerate(answer.choices)],
        "usage": usage_object(tokens),
    }
    if answer.service_tier in TIERS:
        reply["service_tier"] = answer.service_tier
    return msgspec.json.encode(reply)


def reply_id(call_id: str) -> str:
    return f"chatcmpl-{call_id}"


def finish_word(finish: Finish, *, declined: bool = False, legacy: bool = False) -> str:
    """A refusal that is told in words ends as OpenAI's do: with `stop`."""
    if finish == "refusal" and declined:
        return "stop"
    return "function_call" if legacy and finish == "tool_calls" else FINISH[finish]


def logprobs_object(logprobs: list[TokenLogprob]) -> dict[str, Any]:
    return {"content": [_logprob(each) | {"top_logprobs": [*map(_logprob, each.top)]} for each in logprobs]} | {
        "refusal": None
    }


def annotation(citation: Citation, start: int, end: int) -> dict[str, Any] | None:
    """A citation of the text from `start` to `end` of the message; None where it has no address to name."""
    if citation.url is None:
        return None
    first, last = citation.start, citation.end
    return {
        "type": "url_citation",
        "url_citation": {
            "url": citation.url,
            "title": citation.title or citation.url,
            "start_index": start + first if first is not None else start,
            "end_index": start + last if last is not None else end,
        },
    }


def call_object(call_id: str, name: str, said: str, *, free: bool) -> dict[str, Any]:
    if free:
        return {"id": call_id, "type": "custom", "custom": {"name": name, "input": said}}
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": said}}


def extra_content(origin: str | None, signature: str) -> dict[str, Any]:
    """Where Google documents a tool call's signature to be."""
    return {"google": {"thought_signature": outward(origin, signature) if origin else signature}}


def _choice(choice: Choice, index: int, shown: bool, legacy: bool) -> dict[str, Any]:
    text, annotations = _text(choice)
    refusal = "".join(part.text for part in choice.parts if isinstance(part, Declined))
    calls = [_call(part) for part in choice.parts if isinstance(part, ToolCall)]
    silent = not text and bool(calls or refusal)
    message: dict[str, Any] = {"role": "assistant", "content": None if silent else text, "refusal": refusal or None}
    if annotations:
        message["annotations"] = annotations
    if shown:
        message |= _reasoning(choice)
    if calls and legacy:
        message["function_call"] = calls[0]["function"]
    elif calls:
        message["tool_calls"] = calls
    return {
        "index": index,
        "message": message,
        "logprobs": None if choice.logprobs is None else logprobs_object(choice.logprobs),
        "finish_reason": finish_word(choice.finish, declined=bool(refusal), legacy=legacy),
    }


def _text(choice: Choice) -> tuple[str, list[dict[str, Any]]]:
    """All text, and what it cites by the characters of the whole."""
    said: list[str] = []
    annotations: list[dict[str, Any]] = []
    length = 0
    for part in choice.parts:
        if isinstance(part, Text):
            said.append(part.text)
            for citation in part.citations:
                if (noted := annotation(citation, length, length + len(part.text))) is not None:
                    annotations.append(noted)
            length += len(part.text)
    return "".join(said), annotations


def _call(call: ToolCall) -> dict[str, Any]:
    written = call_object(call.id, call.name, call.arguments, free=call.free)
    if call.signature is not None:
        written["extra_content"] = extra_content(call.origin, call.signature)
    return written


def _reasoning(choice: Choice) -> dict[str, Any]:
    thoughts = [part for part in choice.parts if isinstance(part, Reasoning)]
    details = [_detail(part, index) for index, part in enumerate(thoughts)]
    text = "".join(part.text for part in thoughts)
    written: dict[str, Any] = {"reasoning_content": text} if text else {}
    return written | {"reasoning_details": details} if details else written


def _detail(part: Reasoning, index: int) -> dict[str, Any]:
    if part.redacted and part.signature is not None and part.origin is not None:
        return encrypted_entry(part.signature, index, origin=part.origin, id=part.id)
    entry = text_entry(part.text, index, origin=part.origin, signature=part.signature)
    return entry | {"id": part.id} if part.id is not None else entry


def _logprob(each: TokenLogprob) -> dict[str, Any]:
    return {"token": each.token, "logprob": each.logprob, "bytes": each.bytes}
