"""What a provider says as bytes, in OpenAI's Chat Completions and in Anthropic's Messages, so that a test can break it
anywhere: platform.openai.com and docs.claude.com, "errors" and "streaming"."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.kit.scripted_upstream import DONE, chat_reply, delta, event, usage_event

Json = dict[str, Any]


class Price(NamedTuple):
    """Of the model, by the vendor's price page: USD for a million tokens."""

    input: str
    output: str


class Voice(ABC):
    """One vendor's words."""

    name: str
    preset: str
    model: str
    other_model: str
    """At the same price."""
    price: Price
    error_types: Mapping[int, tuple[str, str | None]]
    """Status → type and code."""

    @abstractmethod
    def usage(self, tokens_in: int, tokens_out: int) -> Json: ...
    @abstractmethod
    def reply(self, text: str, usage: object, model: str | None = None) -> bytes:
        """A plain reply's JSON."""

    @abstractmethod
    def begin(self, model: str | None = None) -> bytes:
        """The events before the first piece of text."""

    @abstractmethod
    def piece(self, text: str) -> bytes:
        """One piece of text."""

    @abstractmethod
    def end(self, usage: object) -> bytes:
        """The events after the last piece, with the one that says that it is whole."""

    @abstractmethod
    def broken(self, message: str) -> bytes:
        """The event of an error in a stream."""

    def stream(self, *pieces: str, usage: object = None) -> bytes:
        """A whole one."""
        said = self.usage(10, len(pieces)) if usage is None else usage
        return self.begin() + b"".join(map(self.piece, pieces)) + self.end(said)

    def error(self, status: int, message: str, *, type: str | None = None, code: str | None = None) -> bytes:
        """An error's body."""
        usual_type, usual_code = self.error_types.get(status, ("server_error", None))
        return self._error(type or usual_type, code or usual_code, message)

    @abstractmethod
    def _error(self, type: str, code: str | None, message: str) -> bytes: ...


class _OpenAI(Voice):
    name, preset, model, other_model = "openai", "openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18"
    price = Price("0.15", "0.60")
    error_types: Mapping[int, tuple[str, str | None]] = MappingProxyType(
        {
            400: ("invalid_request_error", "context_length_exceeded"),
            401: ("invalid_request_error", "invalid_api_key"),
            402: ("insufficient_quota", "insufficient_quota"),
            404: ("invalid_request_error", "model_not_found"),
            413: ("invalid_request_error", "request_too_large"),
            422: ("invalid_request_error", "unprocessable_entity"),
            429: ("rate_limit_error", "rate_limit_exceeded"),
        }
    )

    def usage(self, tokens_in: int, tokens_out: int) -> Json:
        total = tokens_in + tokens_out
        return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": total}

    def reply(self, text: str, usage: object, model: str | None = None) -> bytes:
        return chat_reply(usage, text, **({"model": model} if model else {}))

    def begin(self, model: str | None = None) -> bytes:
        chunk: Json = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model or self.model}
        return event(chunk | {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})

    def piece(self, text: str) -> bytes:
        return delta(text)

    def end(self, usage: object) -> bytes:
        return delta("", "stop") + usage_event(usage) + DONE

    def broken(self, message: str) -> bytes:
        return event({"error": {"message": message, "type": "server_error", "param": None, "code": None}})

    def _error(self, type: str, code: str | None, message: str) -> bytes:
        return json.dumps({"error": {"message": message, "type": type, "param": None, "code": code}}).encode()


class _Anthropic(Voice):
    name, preset, model, other_model = "anthropic", "anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929"
    price = Price("3", "15")
    error_types: Mapping[int, tuple[str, str | None]] = MappingProxyType(
        {
            400: ("invalid_request_error", None),
            401: ("authentication_error", None),
            402: ("billing_error", None),
            403: ("permission_error", None),
            404: ("not_found_error", None),
            413: ("request_too_large", None),
            422: ("invalid_request_error", None),
            429: ("rate_limit_error", None),
            500: ("api_error", None),
            529: ("overloaded_error", None),
        }
    )

    def usage(self, tokens_in: int, tokens_out: int) -> Json:
        return {"input_tokens": tokens_in, "output_tokens": tokens_out}

    def _message(self, model: str | None) -> Json:
        named: Json = {"id": "msg_1", "type": "message", "role": "assistant", "model": model or self.model}
        return named | {"stop_sequence": None}

    def reply(self, text: str, usage: object, model: str | None = None) -> bytes:
        message = self._message(model) | {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}
        return json.dumps(message if usage is None else message | {"usage": usage}).encode()

    def begin(self, model: str | None = None) -> bytes:
        message = self._message(model) | {"content": [], "stop_reason": None, "usage": self.usage(10, 1)}
        block = {"type": "text", "text": ""}
        return _named({"type": "message_start", "message": message}) + _named(
            {"type": "content_block_start", "index": 0, "content_block": block}
        )

    def piece(self, text: str) -> bytes:
        said = {"type": "text_delta", "text": text}
        return _named({"type": "content_block_delta", "index": 0, "delta": said})

    def end(self, usage: object) -> bytes:
        said: Any = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
        last = _named({"type": "content_block_stop", "index": 0})
        return last + _named(said | {"usage": usage}) + _named({"type": "message_stop"})

    def broken(self, message: str) -> bytes:
        return _named({"type": "error", "error": {"type": "api_error", "message": message}})

    def _error(self, type: str, code: str | None, message: str) -> bytes:
        return json.dumps({"type": "error", "error": {"type": type, "message": message}}).encode()


def _named(value: Json) -> bytes:
    return b"event: " + value["type"].encode() + b"\n" + event(value)


OPENAI, ANTHROPIC = _OpenAI(), _Anthropic()
VOICES: tuple[Voice, ...] = (OPENAI, ANTHROPIC)
