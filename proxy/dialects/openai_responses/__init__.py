"""OpenAI's Responses API, as spoken by callers and by providers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import COMMENT, Destination, Framing
from proxy.dialects.openai_error import read_error
from proxy.dialects.openai_responses import token_count
from proxy.dialects.openai_responses.errors import error_body, error_event
from proxy.dialects.openai_responses.opaque import NAME
from proxy.dialects.openai_responses.reply_read import read_reply
from proxy.dialects.openai_responses.reply_write import write_reply
from proxy.dialects.openai_responses.request_read import read_request
from proxy.dialects.openai_responses.request_write import forward_request, write_request
from proxy.dialects.openai_responses.stream_read import StreamReader
from proxy.dialects.openai_responses.stream_write import StreamWriter
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import Refusal


class Caller:
    """Apps that speak Responses."""

    name = NAME
    statuses: Mapping[int, int] = {}
    keep_alive = COMMENT
    names: Mapping[str, str] = MappingProxyType(
        {
            "turns": "input",
            "parallel_tools": "parallel_tool_calls",
            "max_output": "max_output_tokens",
            "logprobs": "include",
            "format": "text.format",
            "thinking": "reasoning",
            "verbosity": "text.verbosity",
            "user": "safety_identifier",
            "cache_key": "prompt_cache_key",
        }
    )

    def read(self, body: dict[str, Any]) -> Ask:
        return read_request(body)

    def write(self, answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
        return write_reply(answer, tokens, body, call_id)

    def writer(self, body: dict[str, Any], call_id: str) -> StreamWriter:
        return StreamWriter(body, call_id)

    def error(self, refusal: Refusal, call_id: str) -> bytes:  # noqa: ARG002 - a part of the protocol
        return error_body(refusal)

    def error_event(self, refusal: Refusal, call_id: str) -> bytes:  # noqa: ARG002
        return error_event(refusal)


class Provider:
    """Providers that speak Responses."""

    name = NAME
    endpoints = frozenset({"responses"})
    headers: Mapping[str, str] = MappingProxyType({})
    key_header = "authorization"
    framing: Framing = "sse"
    passed_headers: tuple[bytes, ...] = (b"openai-beta",)

    def path(self, endpoint: str, model: str, stream: bool) -> str:  # noqa: ARG002
        return "/responses/input_tokens" if endpoint == "count_tokens" else "/responses"

    def forward(self, body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
        return forward_request(body, to, stream, losses)

    def write(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        return write_request(ask, to, losses)

    def read(self, body: bytes) -> Answer:
        return read_reply(body)

    def reader(self) -> StreamReader:
        return StreamReader()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return read_error(status, body)

    def write_count(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        return token_count.write_count(ask, to, losses)

    def read_count(self, reply: bytes) -> int:
        return token_count.read_count(reply)


CALLER = Caller()
PROVIDER = Provider()
