"""Anthropic's Message Batches.

Shapes: anthropic 0.125, `types/messages/message_batch.py` and its siblings;
https://platform.claude.com/docs/en/api/creating-message-batches.
"""

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from proxy.sandbox.anthropic_manners import ANTHROPIC
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.batch_book import FAILS, Batch, BatchBook, Outcome, Request

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Exchange

_PATH = re.compile(r"/v1/messages/batches(?:/(?P<id>[^/]+)(?P<more>/results|/cancel)?)?")
_DAY = 86_400
_JSONL = "application/x-jsonl"
_COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")


class _One(msgspec.Struct, forbid_unknown_fields=True):
    custom_id: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    params: msgspec.Raw


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    requests: Annotated[list[_One], Meta(min_length=1, max_length=100_000)]


class _Body(msgspec.Struct):
    model: str = ""


def answer(book: BatchBook, exchange: "Exchange") -> bytes | None:
    """The reply; None: the path is about something else. Raises ApiError."""
    found = _PATH.fullmatch(exchange.request.path)
    if found is None:
        return None
    exchange.manners = ANTHROPIC
    id, more = found["id"], found["more"]
    if id is None:
        _only(exchange, "POST")
        return exchange.plain(msgspec.json.encode(_told(_made(book, exchange), exchange)))
    batch = book.find(id, "anthropic")
    if batch is None:
        raise ApiError(404, f"Message Batch {id} not found.")
    if more == "/results":
        _only(exchange, "GET")
        if batch.results is None:
            raise ApiError(404, "The results of this Message Batch are not available yet.")
        return exchange.plain(b"".join(map(_line, batch.results)), content_type=_JSONL)
    if more == "/cancel":
        _only(exchange, "POST")
        if not batch.is_over:
            batch.cancelled = batch.cancelled or time.time()
    elif exchange.request.method == "DELETE":
        if not batch.is_over:
            raise ApiError(400, "A Message Batch is deleted once it has ended.")
        book.forget(batch)
        return exchange.plain(msgspec.json.encode({"id": batch.id, "type": "message_batch_deleted"}))
    else:
        _only(exchange, "GET", "DELETE")
    return exchange.plain(msgspec.json.encode(_told(batch, exchange)))


def _made(book: BatchBook, exchange: "Exchange") -> Batch:
    try:
        asked = msgspec.json.decode(exchange.request.body, type=_Asked)
        requests = [
            Request(one.custom_id, "/v1/messages", bytes(one.params), msgspec.json.decode(one.params, type=_Body).model)
            for one in asked.requests
        ]
    except msgspec.ValidationError as error:
        raise ANTHROPIC.does_not_fit(error, exchange.request.body) from None
    except msgspec.DecodeError:
        raise ANTHROPIC.not_json() from None
    if len({request.custom_id for request in requests}) < len(requests):
        raise ApiError(400, "requests: custom_id must be unique within a batch")
    if any(request.model.startswith(FAILS) for request in requests):
        raise ApiError(400, "requests: a model is not supported by Message Batches")
    return book.make("anthropic", requests, exchange.request.controls.get("batch-seconds"), "msgbatch_")


def _line(result: tuple[Request, Outcome, int, bytes]) -> bytes:
    request, outcome, status, body = result
    told: dict[str, Any] = {"type": "canceled" if outcome == "cancelled" else "expired"}
    if outcome == "answered" and status == 200:
        message = msgspec.json.decode(body)
        message["usage"]["service_tier"] = "batch"
        told = {"type": "succeeded", "message": message}
    elif outcome == "answered":
        told = {"type": "errored", "error": msgspec.Raw(body)}
    return msgspec.json.encode({"custom_id": request.custom_id, "result": told}) + b"\n"


def _told(batch: Batch, exchange: "Exchange") -> dict[str, Any]:
    counts = dict.fromkeys(_COUNTS, 0)
    for _, outcome, code, _ in batch.results or ():
        if outcome == "answered":
            counts["succeeded" if code == 200 else "errored"] += 1
        else:
            counts["canceled" if outcome == "cancelled" else "expired"] += 1
    if batch.results is None:
        counts["processing"] = len(batch.requests)
    host = (exchange.request.header(b"host") or b"127.0.0.1").decode("latin-1")
    status = "ended" if batch.is_over else "canceling" if batch.cancelled else "in_progress"
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": counts,
        "created_at": _time(batch.created),
        "expires_at": _time(batch.created + _DAY),
        "ended_at": _time(batch.created + batch.seconds) if batch.is_over else None,
        "archived_at": None,
        "cancel_initiated_at": _time(batch.cancelled) if batch.cancelled else None,
        "results_url": f"http://{host}/v1/messages/batches/{batch.id}/results" if batch.is_over else None,
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _only(exchange: "Exchange", *methods: str) -> None:
    request = exchange.request
    if request.method not in methods:
        raise ANTHROPIC.wrong_method(request.method, request.path, ", ".join(methods))
