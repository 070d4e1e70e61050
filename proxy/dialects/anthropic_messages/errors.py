"""Our errors as Anthropic's callers know them.

Keeps true: a client of Anthropic's SDK gets the exception that it would get of Anthropic for the same trouble; our own
code stands in `error.details.error_code`, where that SDK looks for the cause.
"""

import msgspec

from proxy.refusal import Refusal

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
STATUSES = {503: 529}
"""Anthropic says with a status of its own that it is overloaded."""


def write_error(refusal: Refusal, call_id: str) -> bytes:
    """The body of an error reply."""
    details = {"error_code": refusal.code, **refusal.details}
    error = {"type": type_of(refusal), "message": refusal.message, "details": details}
    return msgspec.json.encode({"type": "error", "error": error, "request_id": call_id})


def write_error_event(refusal: Refusal, call_id: str) -> bytes:
    """The one event that ends a broken stream."""
    return b"event: error\ndata: %s\n\n" % write_error(refusal, call_id)


def type_of(refusal: Refusal) -> str:
    return _TYPES.get(refusal.status) or ("api_error" if refusal.status >= 500 else "invalid_request_error")
