"""`/v1/chat/completions`. Streamed and plain replies of one request have the same text, calls and usage."""

from typing import Any

import msgspec

from proxy.sandbox.answer import CREATED, DONE, LENIENT
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.chat_rules import check_messages, must_call, offered
from proxy.sandbox.chat_stream import call_object, finish_reason, frames, token_logprobs
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import count_tokens, key_of
from proxy.sandbox.request_bodies import ChatAsked, Message
from proxy.sandbox.request_tokens import chat_tokens
from proxy.sandbox.said import Said, citations, no_such_finish, say
from proxy.sandbox.strict_schema import check_strict
from proxy.sandbox.usage import cached_tokens, reasoning_tokens, reported, text_usage

_encode = msgspec.json.encode


class ChatAnswer:
    """One chat completion."""

    def __init__(self, asked: ChatAsked, key: bytes, demands: Demands) -> None:
        if demands.finish == "pause":
            raise no_such_finish("pause", "Chat Completions")
        if not asked.model.startswith(LENIENT):
            check_messages(asked.messages)
        self.stream = bool(asked.stream)
        self.wants_usage_chunk = asked.wants_usage_chunk
        self.id = f"chatcmpl-{key[:14].hex()}"
        self.model = demands.model or asked.model
        self.key = key
        self.demands = demands
        self.likely = (asked.top_logprobs or 0) if asked.logprobs else None
        self.prompt_tokens, audio = chat_tokens(asked)
        self.choices = _choices(asked, key, demands)
        self.length = max(choice.tokens for choice in self.choices)
        completion = sum(choice.tokens + choice.thought for choice in self.choices)
        accepted, rejected = _predicted(asked, completion)
        usage = text_usage(
            self.prompt_tokens,
            completion + rejected,
            cached=cached_tokens(asked.model, _text_of(asked.messages[0]), self.prompt_tokens - audio),
            audio=audio,
            reasoning=sum(choice.thought for choice in self.choices),
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
                    "logprobs": self._logprobs(choice),
                    "finish_reason": finish_reason(choice),
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
        ids = [self._call_ids(choice, index) for index, choice in enumerate(self.choices)]
        notes = [self._annotations(choice) for choice in self.choices]
        found = frames(head, tail, self.choices, ids, notes, self.likely)
        if with_usage and self.usage is not None:
            found.append(head + b'],"usage":' + bytes(self.usage) + b"}\n\n")
        found.append(DONE)
        return found

    def _message(self, choice: Said, index: int) -> dict[str, Any]:
        text = None if choice.refused or (choice.calls and not choice.text) else choice.whole_text
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text,
            "refusal": choice.whole_text if choice.refused else None,
            "annotations": self._annotations(choice),
        }
        if choice.thinking:
            message["reasoning_content"] = "".join(choice.thinking)
        if choice.calls:
            ids = self._call_ids(choice, index)
            calls = zip(choice.calls, ids, strict=True)
            message["tool_calls"] = [call_object(call, identity, call.arguments) for call, identity in calls]
        return message

    def _annotations(self, choice: Said) -> list[dict[str, Any]]:
        return [
            {"type": "url_citation", "url_citation": place._asdict()}
            for place in citations(self.demands, choice.whole_text)
        ]

    def _logprobs(self, choice: Said) -> dict[str, Any] | None:
        if self.likely is None or not choice.text:
            return None
        known = token_logprobs(choice.text, 0, self.likely)
        return {"content": None, "refusal": known} if choice.refused else {"content": known, "refusal": None}

    def _call_ids(self, choice: Said, index: int) -> list[str]:
        return [
            f"call_{key_of(self.key.hex(), index, 'call', *((position,) if position else ()))[:12].hex()}"
            for position in range(len(choice.calls))
        ]


def _choices(asked: ChatAsked, key: bytes, demands: Demands) -> list[Said]:
    """All `n` of them. Raises ApiError."""
    tools = offered(asked)
    wanted = must_call(asked, tools)
    schema, any_json = _form(asked)
    thought = reasoning_tokens(asked.model, asked.reasoning_effort, key)
    return [
        say(
            key_of(key.hex(), index) if index else key,
            demands,
            must_call=wanted,
            tools=tools,
            schema=schema,
            any_json=any_json,
            thought=thought,
            stops=asked.stops,
            limit=asked.max_completion_tokens or asked.max_tokens,
        )
        for index in range(asked.n or 1)
    ]


def _form(asked: ChatAsked) -> tuple[object, bool]:
    """The JSON schema that the text has to fit, and whether any JSON will do."""
    form = asked.response_format or {}
    match form.get("type", "text"):
        case "text":
            return None, False
        case "json_object":
            return None, True
        case "json_schema" if isinstance(schema := form.get("json_schema"), dict):
            if not isinstance(schema.get("name"), str):
                param = "response_format.json_schema.name"
                message = f"Missing required parameter: '{param}'."
                raise ApiError(400, message, param=param, code="missing_required_parameter")
            if schema.get("strict"):
                what = f"response_format '{schema['name']}'"
                check_strict(schema.get("schema"), what, "response_format", None)
            return schema.get("schema", {}), False
    raise ApiError(400, "Invalid value for 'response_format'.", param="response_format", code="invalid_value")


def _text_of(message: Message) -> str:
    return message.content if isinstance(message.content, str) else _encode(message.content).decode()


def _predicted(asked: ChatAsked, completion: int) -> tuple[int, int]:
    """Accepted and rejected tokens of `prediction`: half of what fits is right; what is wrong is billed as well."""
    content = (asked.prediction or {}).get("content")
    if not content:
        return 0, 0
    predicted = count_tokens(content if isinstance(content, str) else _encode(content).decode())
    accepted = min(predicted, completion) // 2
    return accepted, min(predicted - accepted, 64)
