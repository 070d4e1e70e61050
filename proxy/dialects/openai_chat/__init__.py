"""OpenAI's Chat Completions, as spoken by most providers, with the completions and embeddings beside it."""

from collections.abc import Mapping
from typing import Any

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import COMMENT, Destination, Framing
from proxy.dialects.openai_chat import errors, reply_read, reply_write, request_read, request_write, tap
from proxy.dialects.openai_chat.stream_read import ChatReader
from proxy.dialects.openai_chat.stream_write import ChatWriter
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import Refusal

NAME = "openai-chat"


class _Caller:
    name = NAME
    statuses: Mapping[int, int] = {}
    keep_alive = COMMENT
    names: Mapping[str, str] = {
        "turns": "messages",
        "parallel_tools": "parallel_tool_calls",
        "max_output": "max_completion_tokens",
        "format": "response_format",
        "thinking": "reasoning_effort",
        "cache_key": "prompt_cache_key",
    }

    def read(self, body: dict[str, Any]) -> Ask:
        return request_read.read(body)

    def write(self, answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
        return reply_write.write(answer, tokens, body, call_id)

    def writer(self, body: dict[str, Any], call_id: str) -> ChatWriter:
        return ChatWriter(body, call_id)

    def error(self, refusal: Refusal, call_id: str) -> bytes:  # noqa: ARG002
        return refusal.openai_body()

    def error_event(self, refusal: Refusal, call_id: str) -> bytes:  # noqa: ARG002
        return b"data: " + refusal.openai_body() + b"\n\n"


class _Provider:
    name = NAME
    endpoints = frozenset(tap.PATHS)
    headers: Mapping[str, str] = {}
    key_header = "authorization"
    framing: Framing = "sse"
    passed_headers: tuple[bytes, ...] = ()

    def path(self, endpoint: str, model: str, stream: bool) -> str:  # noqa: ARG002
        return tap.PATHS.get(endpoint, tap.PATHS["chat"])

    def forward(self, body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
        return request_write.forward(body, to, stream, losses)

    def write(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        return request_write.write(ask, to, losses)

    def read(self, body: bytes) -> Answer:
        return reply_read.read(body)

    def reader(self) -> ChatReader:
        return ChatReader()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return errors.read_error(status, body)


CALLER = _Caller()
PROVIDER = _Provider()
