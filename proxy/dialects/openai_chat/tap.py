"""Reads what the ledger needs of replies and streams that pass as they came: chat, completions and embeddings.

This is the hot path of most calls: it decodes the few fields that count and looks at nothing twice.
"""

from typing import Any

import msgspec

PATHS = {"chat": "/chat/completions", "completions": "/completions", "embeddings": "/embeddings"}
"""Endpoint → path below a provider's base URL."""

DONE = b"[DONE]"


class _Said(msgspec.Struct):
    """The message of a plain reply, or what a stream adds to one."""

    content: Any = None
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: Any = None


class _Choice(msgspec.Struct):
    delta: _Said | None = None
    text: Any = None
    finish_reason: Any = None


class _Groq(msgspec.Struct):
    """Groq's own, in the first and the last chunk of a stream."""

    usage: Any = None
    error: Any = None


class Chunk(msgspec.Struct):
    """What the relay needs of one stream frame."""

    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None
    model: Any = None
    service_tier: Any = None
    x_groq: _Groq | None = None


class _PlainChoice(msgspec.Struct):
    message: _Said | None = None
    text: Any = None
    finish_reason: Any = None


class Reply(msgspec.Struct):
    """What the relay needs of a plain reply."""

    choices: list[_PlainChoice] | None = None
    data: list[msgspec.Raw] | None = None
    usage: Any = None
    error: Any = None
    model: Any = None
    service_tier: Any = None


decode_chunk = msgspec.json.Decoder(Chunk).decode
decode_reply = msgspec.json.Decoder(Reply).decode


def upstream_body(body: dict[str, Any], model: str, stream: bool) -> bytes:
    """The request as parsed, with the target's model, and asked for usage where it streams."""
    sent = {**body, "model": model}
    if stream:
        options = body.get("stream_options")
        sent["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    if "metadata" in sent and not sent.get("store"):
        del sent["metadata"]  # ours, for attribution; OpenAI refuses it without `store`
    return msgspec.json.encode(sent)


def wants_usage(body: dict[str, Any]) -> bool:
    """Whether the client itself asked for the usage chunk."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def produced_characters(choice: _Choice) -> int:
    """Characters of output in one stream choice: what an estimate counts when the usage never comes."""
    count = len(choice.text) if isinstance(choice.text, str) else 0
    return count + _characters(choice.delta) if choice.delta else count


def plain_characters(reply: Reply) -> int:
    """Characters of output in a plain reply."""
    count = 0
    for choice in reply.choices or ():
        if isinstance(choice.text, str):
            count += len(choice.text)
        if choice.message:
            count += _characters(choice.message)
    return count


def _characters(said: _Said) -> int:
    count = 0
    for part in (said.content, said.refusal, said.reasoning_content or said.reasoning):
        if isinstance(part, str):
            count += len(part)
    return count + _call_characters(said.tool_calls) if said.tool_calls else count


def _call_characters(tool_calls: object) -> int:
    count = 0
    for call in tool_calls if isinstance(tool_calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            count += len(str(function.get("name") or "")) + len(str(function.get("arguments") or ""))
    return count
