"""Lists of models, in each vendor's shape: a handful of good names and every fault. A hint; any name is answered."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from proxy.sandbox.answer import CREATED
from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.exchange import Exchange
from proxy.sandbox.google_manners import GOOGLE
from proxy.sandbox.manners import Manners

OF_OPENAI = (
    "gpt-4o-mini",
    "gpt-4o",
    "gpt-4.1-mini",
    "gpt-5",
    "gpt-5-mini",
    "o4-mini",
    "gpt-3.5-turbo-instruct",
    "text-embedding-3-small",
    "text-embedding-3-large",
)
OF_ANTHROPIC = ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5", "claude-3-5-haiku-latest")
OF_GOOGLE = ("gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-embedding-001")

PREFIXES = ("/v1/models", "/v1beta/models", "/openai/v1/models")

_CREATED_AT = "2025-10-09T08:53:20Z"
"""CREATED as Anthropic writes it."""
_ANTHROPIC_PAGE = 20
_GOOGLE_PAGE = 50
_LONGEST_PAGE = 1000


def asked_for(path: str) -> str | None:
    """The model that a path asks for, empty for all of them; None: the path is about something else."""
    for prefix in PREFIXES:
        if path == prefix:
            return ""
        if path.startswith(prefix + "/"):
            return unquote(path[len(prefix) + 1 :])
    return None


def answer(exchange: Exchange, name: str, faults: tuple[str, ...]) -> bytes:
    """The body of the reply. Raises ApiError for a page that does not exist."""
    if name:
        return msgspec.json.encode(_model(exchange.manners, name))
    query = parse_qs(exchange.request.target.partition(b"?")[2].decode("latin-1"))
    asked = {key: values[-1] for key, values in query.items()}
    if exchange.manners is ANTHROPIC:
        return msgspec.json.encode(_page_of_anthropic((*OF_ANTHROPIC, *faults), asked))
    if exchange.manners is GOOGLE:
        return msgspec.json.encode(_page_of_google((*OF_GOOGLE, *faults), asked))
    names = (*OF_OPENAI, *OF_ANTHROPIC, *OF_GOOGLE, *faults)
    return msgspec.json.encode({"object": "list", "data": [_model(exchange.manners, each) for each in names]})


def _model(manners: Manners, name: str) -> dict[str, object]:
    if manners is ANTHROPIC:
        return {
            "type": "model",
            "id": name,
            "display_name": name.replace("-", " ").title(),
            "created_at": _CREATED_AT,
            "lifecycle": "active",
            "max_input_tokens": 200_000,
            "max_tokens": 64_000,
        }
    if manners is GOOGLE:
        embeds = "embedding" in name
        return {
            "name": f"models/{name}",
            "version": "001",
            "displayName": name.replace("-", " ").title(),
            "description": "A model of the sandbox.",
            "inputTokenLimit": 2_048 if embeds else 1_048_576,
            "outputTokenLimit": 1 if embeds else 65_536,
            "supportedGenerationMethods": ["embedContent"] if embeds else ["generateContent", "countTokens"],
        }
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "gatewatch-sandbox"}


def _page_of_anthropic(names: Sequence[str], asked: dict[str, str]) -> dict[str, Any]:
    limit = _number(asked, "limit", _ANTHROPIC_PAGE)
    start = names.index(asked["after_id"]) + 1 if asked.get("after_id") in names else 0
    page = names[start : start + limit]
    return {
        "data": [_model(ANTHROPIC, name) for name in page],
        "has_more": start + limit < len(names),
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def _page_of_google(names: Sequence[str], asked: dict[str, str]) -> dict[str, Any]:
    limit = _number(asked, "pageSize", _GOOGLE_PAGE)
    start = _number(asked, "pageToken", 0, least=0)
    found: dict[str, Any] = {"models": [_model(GOOGLE, name) for name in names[start : start + limit]]}
    if start + limit < len(names):
        found["nextPageToken"] = str(start + limit)
    return found


def _number(asked: dict[str, str], name: str, usual: int, least: int = 1) -> int:
    if not (text := asked.get(name, "")):
        return usual
    if not text.isdecimal() or not least <= int(text) <= _LONGEST_PAGE:
        raise ApiError(400, f"{name}: Input should be a number from {least} to {_LONGEST_PAGE}")
    return int(text)
