"""`/v1/chat/completions`. Streamed and plain replies of one request have the same text, calls and usage."""

from typing import Any

import msgspec

from proxy.sandbox.answer import CREATED, DONE, Choice, cut
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import Dice, count_tokens, key_of, pieces_of, prose, prose_of
from proxy.sandbox.request_bodies import ChatAsked, Message
from proxy.sandbox.sample_json import sample
from proxy.sandbox.usage import cached_tokens, reasoning_tokens, reported, text_usage

_encode = msgspec.json.encode

_TOKENS_PER_MESSAGE, _TOKENS_PER_PROMPT = 4, 3
_IMAGE_TOKENS = 85
_AUDIO_CHARACTERS_PER_TOKEN = 6_400
"""Base64 of a tenth of a second of 24 kHz, 16 bits, mono."""


class ChatAnswer:
    """One chat completion."""

    def __init__(self, asked: ChatAsked, key: bytes, demands: Demands) -> None:
        self.stream = bool(asked.stream)
        self.wants_usage_chunk = asked.wants_usage_chunk
        self.id = f"chatcmpl-{key[:14].hex()}"
        self.model = demands.model or asked.model
        self.key = key
        self.prompt_tokens, audio = prompt_tokens(asked)
        reasoning = reasoning_tokens(asked.model, asked.reasoning_effort, key)
        limit = asked.max_completion_tokens or asked.max_tokens
        if limit is not None:
            reasoning = min(reasoning, limit)
            limit -= reasoning
        self.choices = [_choice(asked, key, index, demands, limit) for index in range(asked.n or 1)]
        self.length = max(choice.tokens for choice in self.choices)
        completion = sum(choice.tokens + reasoning for choice in self.choices)
        accepted, rejected = _predicted(asked, completion)
        usage = text_usage(
            self.prompt_tokens,
            completion + rejected,
            cached=cached_tokens(asked.model, _text_of(asked.messages[0]), self.prompt_tokens - audio),
            audio=audio,
            reasoning=reasoning * len(self.choices),
            accepted=accepted,
            rejected=rejected,
        )
        self.usage = reported(usage, demands)

    def body(self) -> bytes:
        reply: dict[str, Any] = {
            "id": self.id,
            "object": "chat.completion",
            "created": CREATED,
            "model": self.model,
            "choices": [
                {
                    "index": index,
                    "message": self._message(choice, index),
                    "logprobs": None,
                    "finish_reason": choice.finish_reason,
                }
                for index, choice in enumerate(self.choices)
            ],
            "service_tier": "default",
            "system_fingerprint": "fp_sandbox",
        }
        if self.usage is not None:
            reply["usage"] = self.usage
        return _encode(reply)

    def frames(self) -> list[bytes]:
        with_usage = self.wants_usage_chunk and self.usage is not None
        head = _encode(
            {"id": self.id, "object": "chat.completion.chunk", "created": CREATED, "model": self.model}
            | {"service_tier": "default", "system_fingerprint": "fp_sandbox"}
        )
        head = b"data: " + head[:-1] + b',"choices":['
        tail = b'],"usage":null}\n\n' if with_usage else b"]}\n\n"
        frames = []
        for index, choice in enumerate(self.choices):
            first: dict[str, Any] = {"role": "assistant", "content": None if choice.tool else "", "refusal": None}
            if choice.tool:
                first["tool_calls"] = [{"index": 0} | self._call(choice.tool, index, "")]
            frames.append(head + _chunk_choice(index, _encode(first), None) + tail)
        for position in range(max(len(choice.pieces) for choice in self.choices)):
            for index, choice in enumerate(self.choices):
                if position < len(choice.pieces):
                    delta = _delta(choice, choice.pieces[position])
                    frames.append(head + _chunk_choice(index, delta, None) + tail)
        for index, choice in enumerate(self.choices):
            frames.append(head + _chunk_choice(index, b"{}", choice.finish_reason) + tail)
        if with_usage and self.usage is not None:
            frames.append(head + b'],"usage":' + bytes(self.usage) + b"}\n\n")
        frames.append(DONE)
        return frames

    def _message(self, choice: Choice, index: int) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": choice.text, "refusal": None, "annotations": []}
        if choice.tool:
            message |= {"content": None, "tool_calls": [self._call(choice.tool, index, choice.text)]}
        return message

    def _call(self, name: str, index: int, arguments: str) -> dict[str, Any]:
        call_id = f"call_{key_of(self.key.hex(), index, 'call')[:12].hex()}"
        return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _chunk_choice(index: int, delta: bytes, finish_reason: str | None) -> bytes:
    reason = b"null" if finish_reason is None else b'"%s"' % finish_reason.encode()
    return b'{"index":%d,"delta":%s,"logprobs":null,"finish_reason":%s}' % (index, delta, reason)


def _delta(choice: Choice, piece: str) -> bytes:
    if choice.tool:
        return b'{"tool_calls":[{"index":0,"function":{"arguments":%s}}]}' % _encode(piece)
    return b'{"content":%s}' % _encode(piece)


def prompt_tokens(asked: ChatAsked) -> tuple[int, int]:
    """Tokens of the prompt, and how many of them are audio."""
    total, audio = _TOKENS_PER_PROMPT, 0
    for message in asked.messages:
        total += _TOKENS_PER_MESSAGE
        if isinstance(message.content, str):
            total += count_tokens(message.content)
        else:
            for part in message.content or ():
                if part.get("type") == "image_url":
                    total += _IMAGE_TOKENS
                elif isinstance(sound := part.get("input_audio"), dict):
                    audio += 1 + len(str(sound.get("data", ""))) // _AUDIO_CHARACTERS_PER_TOKEN
                else:
                    total += count_tokens(str(part.get("text", "")))
        if message.tool_calls:
            total += count_tokens(_encode(message.tool_calls).decode())
    if asked.tools:
        total += count_tokens(_encode(asked.tools).decode())
    return total + audio, audio


def _text_of(message: Message) -> str:
    return message.content if isinstance(message.content, str) else _encode(message.content).decode()


def _choice(asked: ChatAsked, key: bytes, index: int, demands: Demands, limit: int | None) -> Choice:
    if index:
        key = key_of(key.hex(), index)
    tool = _wanted_tool(asked, key)
    if tool:
        arguments = sample(tool.get("parameters"), Dice(key, "arguments")) or {}
        pieces, reason = cut(pieces_of(_encode(arguments).decode()), [], limit)
        return Choice(pieces, "tool_calls" if reason == "stop" else reason, str(tool["name"]))
    return Choice(*cut(_pieces(asked, key, demands), asked.stops, limit))


def _pieces(asked: ChatAsked, key: bytes, demands: Demands) -> list[str]:
    if demands.text is not None:
        return pieces_of(demands.text)
    if demands.chunks is not None:
        return prose_of(key, demands.chunks)
    form = asked.response_format or {}
    match form.get("type", "text"):
        case "text":
            return prose(key)
        case "json_object":
            return pieces_of(_encode({"answer": "".join(prose(key))}).decode())
        case "json_schema" if isinstance(schema := form.get("json_schema"), dict):
            return pieces_of(_encode(sample(schema.get("schema"), Dice(key, "reply"))).decode())
    raise ApiError(400, "Invalid value for 'response_format'.", param="response_format", code="invalid_value")


def _wanted_tool(asked: ChatAsked, key: bytes) -> dict[str, Any] | None:
    """The function that `tool_choice` makes the model call; left to itself (`auto`) it answers with text."""
    wanted = asked.tool_choice
    if not asked.tools:
        if wanted not in (None, "none"):
            raise ApiError(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
        return None
    functions = [tool.get("function") for tool in asked.tools]
    named = [function for function in functions if isinstance(function, dict) and isinstance(function.get("name"), str)]
    if len(named) < len(functions):
        message = "Each of 'tools' must be a function with a name: the sandbox has no other tools."
        raise ApiError(400, message, param="tools", code="invalid_value")
    if wanted == "required":
        return named[Dice(key, "tool").number(len(named))]
    if isinstance(wanted, dict):
        chosen = wanted.get("function")
        name = chosen.get("name") if isinstance(chosen, dict) else None
        for function in named:
            if function["name"] == name:
                return function
        raise ApiError(400, f"Tool choice '{name}' not found in 'tools' parameter.", param="tool_choice")
    return None


def _predicted(asked: ChatAsked, completion: int) -> tuple[int, int]:
    """Accepted and rejected tokens of `prediction`: half of what fits is right; what is wrong is billed as well."""
    content = (asked.prediction or {}).get("content")
    if not content:
        return 0, 0
    predicted = count_tokens(content if isinstance(content, str) else _encode(content).decode())
    accepted = min(predicted, completion) // 2
    return accepted, min(predicted - accepted, 64)
