"""What a provider says to one request, streamed and plain, as the sandbox words it in each vendor's dialect."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from proxy.dialects.dialect import ProviderDialect
from proxy.dialects.registry import provider_dialect
from proxy.sandbox.answer import Answer
from proxy.sandbox.demands import Call, Demands
from proxy.sandbox.prose import key_of
from proxy.sandbox.routes import find

SSE_DIALECTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini")
DIALECTS = (*SSE_DIALECTS, "bedrock-converse")

_HELLO = [{"role": "user", "content": "hi"}]
_GEMINI = b"/v1beta/models/gemini-2.5-flash:"
_BEDROCK = b"/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/"
_ASKED: dict[str, tuple[bytes, bytes, dict[str, Any]]] = {
    "openai-chat": (b"/v1/chat/completions", b"/v1/chat/completions", {"model": "gpt-4o-mini", "messages": _HELLO}),
    "openai-responses": (b"/v1/responses", b"/v1/responses", {"model": "gpt-4o-mini", "input": "hi"}),
    "anthropic-messages": (
        b"/v1/messages",
        b"/v1/messages",
        {"model": "claude-sonnet-4-5", "max_tokens": 60_000, "messages": _HELLO},
    ),
    "gemini": (
        _GEMINI + b"streamGenerateContent?alt=sse",
        _GEMINI + b"generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
    "bedrock-converse": (
        _BEDROCK + b"converse-stream",
        _BEDROCK + b"converse",
        {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
    ),
}
"""Dialect → where a stream is asked for, where a plain reply, and the request."""
_SAYS_STREAM = {"openai-chat", "openai-responses", "anthropic-messages"}


class Said(NamedTuple):
    """One reply in both forms."""

    frames: list[bytes]
    plain: bytes


def dialect_of(name: str) -> ProviderDialect:
    return provider_dialect(name, "https://provider.example")


def said(
    dialect: str,
    text: str | None = None,
    *,
    thinking: str | None = None,
    calls: Sequence[tuple[str, dict[str, Any]]] = (),
    **demands: Any,
) -> Said:
    """The reply that a provider of this dialect is made to give."""
    wanted = Demands(
        text=text, thinking=thinking, calls=tuple(Call(name, arguments) for name, arguments in calls) or None, **demands
    )
    return Said(_answer(dialect, wanted, stream=True).frames(), _answer(dialect, wanted, stream=False).body())


def _answer(dialect: str, demands: Demands, *, stream: bool) -> Answer:
    streamed, plain, body = _ASKED[dialect]
    if dialect in _SAYS_STREAM:
        body = body | {"stream": stream}
        if stream and dialect == "openai-chat":
            body["stream_options"] = {"include_usage": True}
    route = find(streamed if stream else plain)
    assert route, f"the sandbox does not speak {dialect}"
    endpoint, place = route
    asked = endpoint.read(msgspec.json.encode(body), place)
    return endpoint.compose(asked, key_of(0, asked.basis()), demands)
