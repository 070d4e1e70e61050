"""The two endpoints beside replies: embeddings, which callers speak as OpenAI does, and Anthropic's count of tokens.

developers.openai.com/api/reference/resources/embeddings, platform.claude.com/docs/en/api/messages-count-tokens,
ai.google.dev/api/embeddings, …/api/tokens, AWS's API_runtime_CountTokens.
"""

import base64
from collections.abc import Mapping
from typing import NamedTuple

from tests.conformance.dialects import told
from tests.conformance.dialects.chat_caller import CHAT
from tests.conformance.dialects.messages_caller import MESSAGES
from tests.conformance.dialects.pattern import ABSENT, Said, misfit
from tests.conformance.dialects.place import Place, dropping
from tests.conformance.dialects.provider import Json, Pattern, Provider
from tests.conformance.dialects.verdicts import DROPPED, PASSED, REFUSED
from tests.conformance.dialects.wire import Reply

COUNTED = "counted"
"""By the provider."""
ESTIMATED = "estimated"
"""By the gateway; nothing is sent, and `x-gatewatch-estimated` says so."""
HIDDEN = "no embeddings"

_ONE = {"content": {"parts": Said(told.PROMPT)}}


class Row(NamedTuple):
    """A feature of embeddings."""

    title: str
    asked: Json
    received: Mapping[str, Pattern]
    """Of each provider that has embeddings."""
    verdicts: Mapping[str, str] = {}
    """What does not pass."""
    param: str = ""


EMBEDDINGS = {
    "text": Row("one text", {}, {"chat": {"input": told.PROMPT}, "gemini": {"requests": [_ONE]}}),
    "texts": Row(
        "several texts",
        {"input": [told.PROMPT, told.SYSTEM]},
        {
            "chat": {"input": [told.PROMPT, told.SYSTEM]},
            "gemini": {"requests": [_ONE, {"content": {"parts": Said(told.SYSTEM)}}]},
        },
    ),
    "dimensions": Row(
        "dimensions",
        {"dimensions": 256},
        {"chat": {"dimensions": 256}, "gemini": {"requests": [{**_ONE, "outputDimensionality": 256}]}},
    ),
    "base64": Row(
        "base64",
        {"encoding_format": "base64"},
        {"chat": {"encoding_format": "base64"}, "gemini": {"requests": [_ONE], "encoding_format": ABSENT}},
    ),
    "token_ids": Row(
        "token ids", {"input": [1, 2, 3]}, {"chat": {"input": [1, 2, 3]}}, {"gemini": REFUSED}, param="input"
    ),
    "user": Row("user", {"user": told.USER}, {"chat": {"user": told.USER}, "gemini": {"requests": [_ONE]}}),
    "unknown": Row(
        "unknown fields",
        {"hovercraft": {"eels": 7}},
        {"chat": {"hovercraft": {"eels": 7}}},
        {"gemini": DROPPED},
        param="hovercraft",
    ),
}
COUNTS = {
    "text": ("text", {}),
    "tools": ("tools", MESSAGES.asks["tools"]),
    "image": ("an image", MESSAGES.asks["image_base64"]),
}
_COUNTERS = {
    "messages": "/v1/messages/count_tokens",
    "responses": "/v1/responses/input_tokens",
    "gemini": "/v1beta/models/gemini-3-flash-preview:countTokens",
    "bedrock": "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens",
}
"""Provider → where its API counts."""


def embedding_verdict(provider: Provider, row: str) -> str:
    """What the cell must be."""
    return EMBEDDINGS[row].verdicts.get(provider.id, PASSED) if "embeddings" in provider.models else HIDDEN


def embed(place: Place, provider: Provider, row: Row) -> str:
    """What the cell is. Raises AssertionError where a call passes and something is not as documented."""
    model = provider.model_for("embeddings")
    reply = _embedded(place, f"{provider.id}/{model}", row.asked)
    error = reply.json()["error"] if reply.status == 400 else {"code": None}
    if error["code"] == "unsupported_endpoint":
        assert error["param"] == "model"
        return HIDDEN
    if error["code"] in ("unsupported_parameter", "invalid_type"):
        assert error["param"] == row.param
        reply = _embedded(place, dropping(provider, model), row.asked)
        if reply.status == 400:
            return REFUSED
        assert reply.headers["x-gatewatch-dropped-params"] == row.param
        return DROPPED
    found = misfit(row.received[provider.id], place.sandbox.last().body)
    assert not found, f"{provider.title} got {found}"
    if row.title == "unknown fields":
        return PASSED
    assert reply.status == 200, reply.body.decode()
    _check_vectors(reply.json(), row.asked)
    return PASSED


def count(place: Place, provider: Provider, row: str) -> str:
    """Who counts."""
    requests = place.sandbox.count()
    body = {"model": f"{provider.id}/{provider.model}", "messages": MESSAGES.base["messages"], **COUNTS[row][1]}
    reply = place.gateway.call("POST", "/v1/messages/count_tokens", MESSAGES.key_header(place.key), body)
    assert reply.status == 200, reply.body.decode()
    counted = reply.json()["input_tokens"]
    assert isinstance(counted, int)
    assert counted > 5
    if "x-gatewatch-estimated" in reply.headers:
        assert reply.headers["x-gatewatch-estimated"] == "input_tokens"
        assert place.sandbox.count() == requests, "nobody was asked"
        return ESTIMATED
    assert place.sandbox.last().target == _COUNTERS[provider.id]
    return COUNTED


def count_verdict(provider: Provider) -> str:
    return COUNTED if provider.id in _COUNTERS else ESTIMATED


def _embedded(place: Place, model: str, asked: Json) -> Reply:
    body = {"model": model, "input": told.PROMPT, **asked}
    return place.gateway.call("POST", "/v1/embeddings", CHAT.key_header(place.key), body)


def _check_vectors(reply: Json, asked: Json) -> None:
    assert (reply["object"], len(reply["data"])) == ("list", len(asked["input"]) if _is_list(asked) else 1)
    assert [each["index"] for each in reply["data"]] == list(range(len(reply["data"])))
    assert reply["usage"]["prompt_tokens"] == reply["usage"]["total_tokens"] > 0
    for each in reply["data"]:
        assert each["object"] == "embedding"
        vector = each["embedding"]
        length = len(base64.b64decode(vector)) // 4 if isinstance(vector, str) else len(vector)
        assert length == asked.get("dimensions", length) > 0
        assert isinstance(vector, str) is (asked.get("encoding_format") == "base64")


def _is_list(asked: Json) -> bool:
    """Several texts; token ids are one."""
    texts = asked.get("input")
    return isinstance(texts, list) and isinstance(texts[0], str)
