"""OpenAI's administration of project keys: made for a service account, listed, deleted.

Shapes and bounds: openai 3.52, `types/admin/organization/projects`.
"""

import re
import secrets
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Meta

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.key_book import ADMIN_KEYS, KeyBook, MadeKey, redacted
from proxy.sandbox.openai_manners import OPENAI

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Exchange

_PATH = re.compile(
    r"/v1/organization/projects/(?P<project>[^/]+)/(?:api_keys(?:/(?P<key>[^/]+))?"
    r"|service_accounts/(?P<account>[^/]+)/api_keys)"
)
_SCOPES_TEXT = (
    "You have insufficient permissions for this operation. Missing scopes: api.management.{}. Check that you have the "
    "correct role in your organization, and if you're using a restricted API key, that it has the necessary scopes."
)
_OWNERS = ("active", "inactive", "any")
_USUAL_PAGE, _LONGEST_PAGE = 20, 100


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    name: str | None = None
    scopes: list[str] | None = None
    expires_in_seconds: Annotated[int, Meta(ge=1, le=31_536_000)] | None = None


def answer(book: KeyBook, exchange: "Exchange") -> bytes | None:
    """The reply; None: the path is about something else. Raises ApiError."""
    request = exchange.request
    found = _PATH.fullmatch(request.path)
    if found is None:
        return None
    exchange.manners = OPENAI
    _check_admin(exchange)
    project, account, id = found["project"], found["account"], found["key"]
    if not project.startswith("proj_"):
        raise ApiError(404, f"Project not found: {project}", code="project_not_found")
    if account is not None:
        _only(exchange, "POST")
        return _make(book, exchange, project, account)
    if id is None:
        _only(exchange, "GET")
        return exchange.plain(msgspec.json.encode(_page(book, exchange, project)))
    _only(exchange, "GET", "DELETE")
    key = book.find(project, id)
    if key is None:
        raise ApiError(404, f"API key not found: {id}", code="not_found")
    if request.method == "GET":
        return exchange.plain(msgspec.json.encode(_shown(key)))
    book.forget(key)
    told = {"object": "organization.project.api_key.deleted", "id": id, "deleted": True}
    return exchange.plain(msgspec.json.encode(told))


def _check_admin(exchange: "Exchange") -> None:
    OPENAI.check_key(exchange.request)
    _, _, key = (exchange.request.header(b"authorization") or b"").partition(b" ")
    if not key.startswith(ADMIN_KEYS[0].encode()):
        right = "read" if exchange.request.method == "GET" else "write"
        raise ApiError(403, _SCOPES_TEXT.format(right), code="missing_scope")


def _only(exchange: "Exchange", *methods: str) -> None:
    request = exchange.request
    if request.method not in methods:
        raise OPENAI.wrong_method(request.method, request.path, ", ".join(methods))


def _make(book: KeyBook, exchange: "Exchange", project: str, account: str) -> bytes:
    if not account.startswith("svc_acct_"):
        raise ApiError(404, f"Service account not found: {account}", code="not_found")
    try:
        asked = msgspec.json.decode(exchange.request.body or b"{}", type=_Asked)
    except msgspec.ValidationError as error:
        raise OPENAI.does_not_fit(error, exchange.request.body) from None
    except msgspec.DecodeError:
        raise OPENAI.not_json() from None
    id = f"key_{secrets.token_hex(8)}"
    key = book.make(prefix="sk-svcacct", id=id, name=asked.name or "Secret Key", place=project, owner=account)
    key.expires = None if asked.expires_in_seconds is None else key.created + asked.expires_in_seconds
    told = {
        "object": "organization.project.service_account.api_key",
        "id": key.id,
        "name": key.name,
        "created_at": key.created,
        "value": key.secret,
        "expires_at": key.expires,
    }
    return exchange.plain(msgspec.json.encode(told))


def _page(book: KeyBook, exchange: "Exchange", project: str) -> dict[str, Any]:
    query = parse_qs(exchange.request.target.partition(b"?")[2].decode("latin-1"))
    asked = {name: values[-1] for name, values in query.items()}
    if unknown := asked.keys() - {"limit", "after", "owner_project_access"}:
        raise OPENAI.unknown_parameter(min(unknown))
    limit = asked.get("limit", str(_USUAL_PAGE))
    if not limit.isdecimal() or not 1 <= int(limit) <= _LONGEST_PAGE:
        raise ApiError(400, f"Invalid 'limit': expected 1 to {_LONGEST_PAGE}.", param="limit", code="invalid_value")
    if asked.get("owner_project_access", "any") not in _OWNERS:
        raise ApiError(400, "Invalid 'owner_project_access'.", param="owner_project_access", code="invalid_value")
    keys = book.keys(project)
    ids = [key.id for key in keys]
    if (after := asked.get("after")) is not None and after not in ids:
        raise ApiError(400, "Invalid 'after'.", param="after", code="invalid_value")
    start = ids.index(after) + 1 if after is not None else 0
    page = keys[start : start + int(limit)]
    return {
        "object": "list",
        "data": [_shown(key) for key in page],
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
        "has_more": start + int(limit) < len(keys),
    }


def _shown(key: MadeKey) -> dict[str, Any]:
    account = {"id": key.owner, "name": key.owner, "created_at": key.created, "role": "member"}
    return {
        "object": "organization.project.api_key",
        "id": key.id,
        "name": key.name,
        "redacted_value": redacted(key.secret, 14, 4),
        "created_at": key.created,
        "last_used_at": key.created if key.calls else None,
        "expires_at": key.expires,
        "owner": {"type": "service_account", "service_account": account, "user": None},
        "owner_project_access": "active",
    }
