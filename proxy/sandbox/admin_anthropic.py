"""Anthropic's administration of keys: listed, and made inactive or active again. It makes none.

Shapes: anthropic 2.11, `types/organization/api_key.py`.
"""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

import msgspec

from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.key_book import ADMIN_KEYS, KeyBook, MadeKey, redacted

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Exchange

_PATH = re.compile(r"/v1/organizations/api_keys(?:/(?P<id>[^/]+))?")
_STATUSES = ("active", "archived", "expired", "inactive")
_USUAL_PAGE, _LONGEST_PAGE = 20, 1000


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    status: Literal["active", "inactive", "archived"] | None = None


def answer(book: KeyBook, exchange: "Exchange") -> bytes | None:
    """The reply; None: the path is about something else. Raises ApiError."""
    request = exchange.request
    found = _PATH.fullmatch(request.path)
    if found is None:
        return None
    exchange.manners = ANTHROPIC
    ANTHROPIC.check_key(request)
    if not (request.header(b"x-api-key") or b"").startswith(ADMIN_KEYS[2].encode()):
        raise ApiError(401, "invalid x-api-key")
    if found["id"] is None:
        if request.method != "GET":
            raise ANTHROPIC.wrong_method(request.method, request.path, "GET")
        return exchange.plain(msgspec.json.encode(_page(book, exchange)))
    key = book.find("console", found["id"])
    if key is None:
        raise ApiError(404, "API key not found")
    if request.method == "POST":
        _change(key, request.body)
    elif request.method != "GET":
        raise ANTHROPIC.wrong_method(request.method, request.path, "GET, POST")
    return exchange.plain(msgspec.json.encode(_shown(key)))


def _change(key: MadeKey, body: bytes) -> None:
    try:
        asked = msgspec.json.decode(body, type=_Asked)
    except msgspec.ValidationError as error:
        raise ANTHROPIC.does_not_fit(error, body) from None
    except msgspec.DecodeError:
        raise ANTHROPIC.not_json() from None
    key.name = asked.name or key.name
    if asked.status is not None:
        key.active = asked.status == "active"


def _page(book: KeyBook, exchange: "Exchange") -> dict[str, Any]:
    query = parse_qs(exchange.request.target.partition(b"?")[2].decode("latin-1"))
    asked = {name: values[-1] for name, values in query.items()}
    limit = asked.get("limit", str(_USUAL_PAGE))
    if not limit.isdecimal() or not 1 <= int(limit) <= _LONGEST_PAGE:
        raise ApiError(400, f"limit: Input should be from 1 to {_LONGEST_PAGE}")
    if (status := asked.get("status")) is not None and status not in _STATUSES:
        raise ApiError(400, f"status: Input should be one of {', '.join(_STATUSES)}")
    keys = [key for key in book.keys("console") if status is None or status == _status(key)]
    ids = [key.id for key in keys]
    start = ids.index(asked["after_id"]) + 1 if asked.get("after_id") in ids else 0
    page = keys[start : start + int(limit)]
    return {
        "data": [_shown(key) for key in page],
        "has_more": start + int(limit) < len(keys),
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
    }


def _status(key: MadeKey) -> str:
    return "active" if key.active else "inactive"


def _shown(key: MadeKey) -> dict[str, Any]:
    return {
        "type": "api_key",
        "id": key.id,
        "name": key.name,
        "partial_key_hint": redacted(key.secret, 16, 4),
        "status": _status(key),
        "created_at": datetime.fromtimestamp(key.created, UTC).isoformat(),
        "created_by": {"id": "user_sandbox", "type": "user"},
        "expires_at": None,
        "principal": None,
        "scope": {"type": "workspace", "workspace_id": "wrkspc_sandbox"},
    }
