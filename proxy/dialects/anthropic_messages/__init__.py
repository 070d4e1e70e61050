"""Anthropic's Messages API: how apps speak it, and how providers do."""

from collections.abc import Mapping
from typing import Any

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.anthropic_messages import errors, provider_errors
from proxy.dialects.anthropic_messages.forward import forward_request
from proxy.dialects.anthropic_messages.reply_read import read_reply
from proxy.dialects.anthropic_messages.reply_write import count_reply, write_reply
from proxy.dialects.anthropic_messages.request_read import read_request
from proxy.dialects.anthropic_messages.request_write import write_request
from proxy.dialects.anthropic_messages.stream_read import MessagesReader
from proxy.dialects.anthropic_messages.stream_write import MessagesWriter
from proxy.dialects.anthropic_messages.vocabulary import DIALECT, NAMES
from proxy.dialects.dialect import CallerDialect, Destination, Framing, ProviderDialect, StreamReader, StreamWriter
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import Refusal

__all__ = ["CALLER", "COUNTING_CALLER", "PROVIDER", "count_reply"]


class _Caller:
    """What apps speak to `/v1/messages` and, `counting`, to `/v1/messages/count_tokens`."""

    name = DIALECT
    names: Mapping[str, str] = NAMES
    statuses: Mapping[int, int] = errors.STATUSES
    keep_alive = b'event: ping\ndata: {"type": "ping"}\n\n'

    def __init__(self, *, counting: bool = False) -> None:
        self._counting = counting

    def read(self, body: dict[str, Any]) -> Ask:
        return read_request(body, counting=self._counting)

    def write(self, answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
        return write_reply(answer, tokens, body, call_id)

    def writer(self, body: dict[str, Any], call_id: str) -> StreamWriter:
        return MessagesWriter(body, call_id)

    def error(self, refusal: Refusal, call_id: str) -> bytes:
        return errors.write_error(refusal, call_id)

    def error_event(self, refusal: Refusal, call_id: str) -> bytes:
        return errors.write_error_event(refusal, call_id)


class _Provider:
    """What Anthropic, and whoever imitates it, answers to."""

    name = DIALECT
    endpoints = frozenset({"messages", "count_tokens"})
    headers: Mapping[str, str] = {"anthropic-version": "2023-06-01"}
    key_header = "x-api-key"
    framing: Framing = "sse"
    passed_headers: tuple[bytes, ...] = (b"anthropic-version", b"anthropic-beta")

    def path(self, endpoint: str, model: str, stream: bool) -> str:
        del model, stream
        return "/v1/messages/count_tokens" if endpoint == "count_tokens" else "/v1/messages"

    def forward(self, body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
        return forward_request(body, to, stream, losses)

    def write(self, ask: Ask, to: Destination, losses: Losses) -> bytes:
        return write_request(ask, to, losses)

    def read(self, body: bytes) -> Answer:
        return read_reply(body)

    def reader(self) -> StreamReader:
        return MessagesReader()

    def read_error(self, status: int, body: bytes) -> ProviderError:
        return provider_errors.read_error(status, body)


CALLER: CallerDialect = _Caller()
COUNTING_CALLER: CallerDialect = _Caller(counting=True)
PROVIDER: ProviderDialect = _Provider()
