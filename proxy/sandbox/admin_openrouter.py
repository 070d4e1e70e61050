"""OpenRouter's management of keys: made, listed, shown, deleted, with a management key, which calls no model.

Shapes: openrouter.ai/docs/features/provisioning-api-keys and OpenRouterTeam/python-sdk, `operations/createkeys.py`.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from proxy.sandbox.api_error import ApiError, misfit
from proxy.sandbox.key_book import ADMIN_KEYS, KeyBook, MadeKey, redacted
from proxy.sandbox.openai_manners import OpenAiManners

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Exchange

PAGE = 100
DEFAULT_WORKSPACE = "default"
_PLACES = "openrouter "

_PATH = re.compile(r"/api/v1/keys(?:/(?P<hash>[^/]+))?/?")


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1)]
    limit: Annotated[float, Meta(ge=0)] | None = None
    limit_reset: Literal["daily", "weekly", "monthly"] | None = None
    include_byok_in_limit: bool = False
    workspace_id: str | None = None
    expires_at: str | None = None
    creator_user_id: str | None = None


class OpenRouterManners(OpenAiManners):
    """OpenAI's, but for what an error looks like."""

    def error_object(self, error: ApiError) -> dict[str, Any]:
        return {"message": error.message, "code": error.status}


OPENROUTER = OpenRouterManners()


def answer(book: KeyBook, exchange: "Exchange") -> bytes | None:
    """The reply; None: the path is about something else. Raises ApiError."""
    request = exchange.request
    found = _PATH.fullmatch(request.path)
    if found is None:
        return None
    exchange.manners = OPENROUTER
    _, _, key = (request.header(b"authorization") or b"").partition(b" ")
    if not key.startswith(ADMIN_KEYS[1].encode()):
        raise ApiError(401, "Invalid management key" if key else "No auth credentials found")
    hash = found["hash"]
    match request.method, hash:
        case "POST", None:
            return _make(book, exchange)
        case "GET", None:
            return exchange.plain(msgspec.json.encode({"data": _page(book, exchange)}))
        case "GET" | "DELETE", str():
            return _one(book, exchange, hash)
    raise OPENROUTER.wrong_method(request.method, request.path, "GET, POST" if hash is None else "GET, DELETE")


def _make(book: KeyBook, exchange: "Exchange") -> bytes:
    try:
        asked = msgspec.json.decode(exchange.request.body, type=_Asked)
    except msgspec.ValidationError as error:
        raise ApiError(400, misfit(error).complaint) from None
    except msgspec.DecodeError:
        raise ApiError(400, "Invalid JSON") from None
    place = _place(asked.workspace_id)
    key = book.make(prefix="sk-or-v1", id="", name=asked.name, place=place)
    key.id = hashlib.sha256(key.secret.encode()).hexdigest()
    key.limit, key.limit_reset = asked.limit, asked.limit_reset
    key.include_byok_in_limit = asked.include_byok_in_limit
    return exchange.plain(msgspec.json.encode({"data": _shown(key), "key": key.secret}), 201)


def _page(book: KeyBook, exchange: "Exchange") -> list[dict[str, Any]]:
    query = parse_qs(exchange.request.target.partition(b"?")[2].decode("latin-1"))
    offset = query.get("offset", ["0"])[-1]
    if not offset.isdecimal():
        raise ApiError(400, "offset: expected a number")
    keys = book.keys(_place(query.get("workspace_id", [None])[-1]))
    return [_shown(key) for key in keys[int(offset) : int(offset) + PAGE]]


def _one(book: KeyBook, exchange: "Exchange", hash: str) -> bytes:
    key = next((key for key in book.all() if key.id == hash and key.place.startswith(_PLACES)), None)
    if key is None:
        raise ApiError(404, "API key not found")
    if exchange.request.method == "DELETE":
        book.forget(key)
        return exchange.plain(b'{"deleted":true}')
    return exchange.plain(msgspec.json.encode({"data": _shown(key)}))


def _place(workspace: str | None) -> str:
    return f"{_PLACES}{workspace or DEFAULT_WORKSPACE}"


def _shown(key: MadeKey) -> dict[str, Any]:
    zeros = dict.fromkeys(("usage", "usage_daily", "usage_weekly", "usage_monthly"), 0)
    return {
        "hash": key.id,
        "name": key.name,
        "label": redacted(key.secret, 12, 3),
        "disabled": not key.active,
        "limit": key.limit,
        "limit_remaining": key.limit,
        "limit_reset": key.limit_reset,
        "include_byok_in_limit": key.include_byok_in_limit,
        **zeros,
        **{f"byok_{name}": value for name, value in zeros.items()},
        "created_at": datetime.fromtimestamp(key.created, UTC).isoformat(),
        "updated_at": None,
        "last_used_at": None,
        "expires_at": None,
        "creator_user_id": None,
        "external_user": None,
        "workspace_id": key.place.partition(" ")[2],
    }
