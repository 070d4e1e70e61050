"""OpenAI's files and batches: a file of requests goes up, a batch is made of it, files of replies and errors come down.

Shapes: openai 3.52, `types/batch.py`, `types/file_object.py`; https://developers.openai.com/api/docs/guides/batch.
"""

import re
import time
from typing import TYPE_CHECKING, Any

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.batch_book import FAILS, Batch, BatchBook, Request
from proxy.sandbox.openai_manners import OPENAI
from proxy.sandbox.wire import new_id

if TYPE_CHECKING:
    from proxy.sandbox.exchange import Exchange

_FILE = re.compile(r"/v1/files(?:/(?P<id>[^/]+)(?P<content>/content)?)?")
_BATCH = re.compile(r"/v1/batches(?:/(?P<id>[^/]+)(?P<cancel>/cancel)?)?")
_BOUNDARY = re.compile(rb'boundary="?([^";,]+)"?')
_NAME = re.compile(rb'name="([^"]*)"')
_FILE_NAME = re.compile(rb'filename="([^"]*)"')
_ENDPOINTS = frozenset({"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"})
_DAY = 86_400


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: dict[str, str] | None = None


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    custom_id: str
    method: str
    url: str
    body: msgspec.Raw


class _Body(msgspec.Struct):
    model: str = ""


def answer(book: BatchBook, exchange: "Exchange") -> bytes | None:
    """The reply; None: the path is about something else. Raises ApiError."""
    path, method = exchange.request.path, exchange.request.method
    if (found := _FILE.fullmatch(path)) is not None:
        exchange.manners = OPENAI
        return exchange.plain(_file(book, exchange, method, found["id"], bool(found["content"])))
    if (found := _BATCH.fullmatch(path)) is not None:
        exchange.manners = OPENAI
        return exchange.plain(msgspec.json.encode(_batch(book, exchange, method, found["id"], bool(found["cancel"]))))
    return None


def _file(book: BatchBook, exchange: "Exchange", method: str, id: str | None, content: bool) -> bytes:
    if id is None:
        _only(exchange, "POST")
        name, purpose, held = _form(exchange)
        if purpose != "batch":
            raise ApiError(400, f"'{purpose}' is not one of ['batch'] - 'purpose'", param="purpose")
        return msgspec.json.encode(_file_object(book.keep_file(name, held), name, held))
    kept = book.files.get(id)
    if kept is None:
        raise ApiError(404, f"No such File object: {id}", param="id")
    if content:
        _only(exchange, "GET")
        return kept[1]
    _only(exchange, "GET", "DELETE")
    if method == "DELETE":
        del book.files[id]
        return msgspec.json.encode({"id": id, "object": "file", "deleted": True})
    return msgspec.json.encode(_file_object(id, *kept))


def _batch(book: BatchBook, exchange: "Exchange", method: str, id: str | None, cancel: bool) -> dict[str, Any]:
    del method
    if id is None:
        _only(exchange, "POST")
        return _told(_made(book, exchange))
    batch = book.find(id, "openai")
    if batch is None:
        raise ApiError(404, f"No batch found with id '{id}'.", code="not_found")
    if not cancel:
        _only(exchange, "GET")
    else:
        _only(exchange, "POST")
        if batch.is_over or batch.failed is not None:
            raise ApiError(409, f"Cannot cancel a batch with status '{_status(batch)}'.")
        batch.cancelled = batch.cancelled or time.time()
        return _told(batch)
    _keep_results(book, batch)
    return _told(batch)


def _made(book: BatchBook, exchange: "Exchange") -> Batch:
    try:
        asked = msgspec.json.decode(exchange.request.body, type=_Asked)
    except msgspec.ValidationError as error:
        raise OPENAI.does_not_fit(error, exchange.request.body) from None
    except msgspec.DecodeError:
        raise OPENAI.not_json() from None
    if asked.endpoint not in _ENDPOINTS:
        raise ApiError(400, f"Invalid value: '{asked.endpoint}'.", param="endpoint", code="invalid_value")
    if asked.completion_window != "24h":
        raise ApiError(400, "Invalid value: only '24h' is supported.", param="completion_window", code="invalid_value")
    kept = book.files.get(asked.input_file_id)
    if kept is None:
        raise ApiError(400, f"No such File object: {asked.input_file_id}", param="input_file_id")
    requests, failed = _requests(kept[1], asked.endpoint)
    batch = book.make("openai", requests, exchange.request.controls.get("batch-seconds"), "batch_")
    batch.endpoint, batch.file = asked.endpoint, asked.input_file_id
    batch.metadata, batch.failed = asked.metadata, failed
    return batch


def _requests(content: bytes, endpoint: str) -> tuple[list[Request], str | None]:
    """And why the batch fails, where it does."""
    requests: list[Request] = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            read = msgspec.json.decode(line, type=_Line)
            model = msgspec.json.decode(read.body, type=_Body).model
        except msgspec.DecodeError:
            return [], f"Line {number} is not a valid request."
        if read.url != endpoint or read.method != "POST":
            return [], f"Line {number}: the url must be the batch's endpoint, and the method POST."
        if model.startswith(FAILS):
            return [], f"The provided model '{model}' is not supported by the Batch API."
        requests.append(Request(read.custom_id, read.url, bytes(read.body), model))
    if len({request.custom_id for request in requests}) < len(requests):
        return [], "A custom_id is used more than once."
    return requests, None if requests else "The input file is empty."


def _keep_results(book: BatchBook, batch: Batch) -> None:
    if batch.results is None or batch.output_file or batch.error_file:
        return
    good: list[bytes] = []
    bad: list[bytes] = []
    for request, outcome, status, body in batch.results:
        line: dict[str, Any] = {"id": f"batch_req_{new_id()}", "custom_id": request.custom_id, "response": None}
        if outcome == "answered":
            line["response"] = {"status_code": status, "request_id": f"req_{new_id()}", "body": msgspec.Raw(body)}
            line["error"] = None
        elif outcome == "expired":
            text = "This request could not be executed before the completion window expired."
            line["error"] = {"code": "batch_expired", "message": text}
        else:
            line["error"] = {"code": "batch_cancelled", "message": "This request was cancelled."}
        (good if status == 200 else bad).append(msgspec.json.encode(line) + b"\n")
    if good:
        batch.output_file = book.keep_file(f"{batch.id}_output.jsonl", b"".join(good))
    if bad:
        batch.error_file = book.keep_file(f"{batch.id}_error.jsonl", b"".join(bad))


def _status(batch: Batch) -> str:
    if batch.failed is not None:
        return "failed"
    if batch.results is None:
        return "cancelling" if batch.cancelled else "in_progress"
    if batch.cancelled and all(outcome == "cancelled" for _, outcome, _, _ in batch.results):
        return "cancelled"
    return "expired" if batch.has_expired else "completed"


def _told(batch: Batch) -> dict[str, Any]:
    status, created = _status(batch), int(batch.created)
    over = created if batch.results is None else int(batch.created + batch.seconds)
    results = batch.results or []
    completed = sum(status == 200 for _, _, status, _ in results)
    errors = None
    if batch.failed is not None:
        data = [{"code": "invalid_request", "line": None, "message": batch.failed, "param": None}]
        errors = {"object": "list", "data": data}
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "errors": errors,
        "input_file_id": batch.file,
        "completion_window": "24h",
        "status": status,
        "output_file_id": batch.output_file,
        "error_file_id": batch.error_file,
        "created_at": created,
        "in_progress_at": created,
        "expires_at": created + _DAY,
        "finalizing_at": over if results else None,
        "completed_at": over if status == "completed" else None,
        "failed_at": created if status == "failed" else None,
        "expired_at": over if status == "expired" else None,
        "cancelling_at": int(batch.cancelled) if batch.cancelled else None,
        "cancelled_at": int(batch.cancelled) if batch.cancelled and status == "cancelled" else None,
        "request_counts": {
            "total": len(batch.requests),
            "completed": completed,
            "failed": len(results) - completed,
        },
        "metadata": batch.metadata,
    }


def _file_object(id: str, name: str, content: bytes) -> dict[str, Any]:
    return {
        "id": id,
        "object": "file",
        "bytes": len(content),
        "created_at": 1_760_000_000,
        "expires_at": None,
        "filename": name,
        "purpose": "batch",
        "status": "processed",
        "status_details": None,
    }


def _form(exchange: "Exchange") -> tuple[str, str, bytes]:
    """File name, purpose and content of a form. Raises ApiError."""
    found = _BOUNDARY.search(exchange.request.header(b"content-type") or b"")
    name, purpose, content = "", "", None
    for part in exchange.request.body.split(b"--" + found[1])[1:-1] if found else ():
        head, _, held = part.partition(b"\r\n\r\n")
        held = held.removesuffix(b"\r\n")
        field = _NAME.search(head)
        if field and field[1] == b"purpose":
            purpose = held.decode("utf-8", "replace")
        elif field and field[1] == b"file":
            named = _FILE_NAME.search(head)
            name, content = named[1].decode("utf-8", "replace") if named else "", held
    if content is None:
        raise ApiError(400, "'file' is a required property", param="file")
    return name, purpose, content


def _only(exchange: "Exchange", *methods: str) -> None:
    request = exchange.request
    if request.method not in methods:
        raise OPENAI.wrong_method(request.method, request.path, ", ".join(methods))
