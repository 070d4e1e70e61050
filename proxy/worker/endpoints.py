"""The paths that are calls, and the dialect in which each is spoken to us."""

from typing import NamedTuple

from proxy.dialects.dialect import CallerDialect
from proxy.dialects.registry import caller_dialects

GENERATING = frozenset({"chat", "completions", "responses", "messages"})
"""Endpoints whose replies can be streamed and cost output."""


class Endpoint(NamedTuple):
    """What a path is asked."""

    name: str
    caller: CallerDialect


_CALLERS = caller_dialects()
ENDPOINTS = {
    path: Endpoint(name, _CALLERS[name])
    for path, name in {
        "/v1/chat/completions": "chat",
        "/v1/completions": "completions",
        "/v1/embeddings": "embeddings",
        "/v1/responses": "responses",
        "/v1/messages": "messages",
        "/v1/messages/count_tokens": "count_tokens",
    }.items()
}


def caller_of(path: str, headers: dict[bytes, bytes]) -> CallerDialect:
    """The dialect in which errors about `path` are told, whether or not it is a call."""
    endpoint = ENDPOINTS.get(path)
    if endpoint:
        return endpoint.caller
    anthropic = "/messages" in path or b"anthropic-version" in headers
    return _CALLERS["messages" if anthropic else "chat"]
