"""Errors as Anthropic's callers know them (docs.claude.com/en/api/errors)."""

import json
from typing import Any

import pytest

from proxy.dialects.anthropic_messages import CALLER
from proxy.dialects.anthropic_messages.errors import write_error, write_error_event
from proxy.refusal import Refusal

CALL_ID = "0190b5a0-1111-7000-8000-000000000001"
CASES = [
    (400, "unsupported_parameter", "invalid_request_error", "BadRequestError"),
    (400, "content_filter", "invalid_request_error", "BadRequestError"),
    (401, "invalid_api_key", "authentication_error", "AuthenticationError"),
    (402, "budget_exceeded", "billing_error", "APIStatusError"),
    (403, "model_not_allowed", "permission_error", "PermissionDeniedError"),
    (404, "model_not_found", "not_found_error", "NotFoundError"),
    (408, "body_timeout", "timeout_error", "APIStatusError"),
    (413, "request_too_large", "request_too_large", "RequestTooLargeError"),
    (422, "whatever", "invalid_request_error", "UnprocessableEntityError"),
    (429, "rate_limit_exceeded", "rate_limit_error", "RateLimitError"),
    (429, "budget_exceeded", "rate_limit_error", "RateLimitError"),
    (500, "internal_error", "api_error", "InternalServerError"),
    (502, "upstream_unreachable", "api_error", "InternalServerError"),
    (503, "ledger_full", "overloaded_error", "OverloadedError"),
    (503, "overloaded", "overloaded_error", "OverloadedError"),
    (503, "upstream_overloaded", "overloaded_error", "OverloadedError"),
    (529, "overloaded", "overloaded_error", "OverloadedError"),
    (504, "upstream_timeout", "timeout_error", "InternalServerError"),
]


@pytest.mark.parametrize(("status", "code", "type_", "exception"), CASES)
def test_every_trouble_has_anthropics_type(status: int, code: str, type_: str, exception: str) -> None:
    assert json.loads(write_error(Refusal(status, code, "So it is."), CALL_ID)) == {
        "type": "error",
        "error": {"type": type_, "message": "So it is.", "details": {"error_code": code}},
        "request_id": CALL_ID,
    }


@pytest.mark.parametrize(("status", "code", "type_", "exception"), CASES)
def test_the_sdk_raises_what_it_would_raise_of_anthropic(
    status: int, code: str, type_: str, exception: str, sdk: Any
) -> None:
    body = json.loads(write_error(Refusal(status, code, "So it is."), CALL_ID))
    http = pytest.importorskip("httpx2") if sdk.__version__.startswith("2") else pytest.importorskip("httpx")
    sent = CALLER.statuses.get(status, status)
    reply = http.Response(sent, json=body, request=http.Request("POST", "http://gateway"))
    client = sdk.Anthropic(api_key="k", base_url="http://gateway")
    raised = client._make_status_error_from_response(reply)
    assert isinstance(raised, getattr(sdk, exception, sdk.APIStatusError))
    assert raised.type == type_


def test_a_broken_stream_ends_with_one_error_event() -> None:
    event = write_error_event(Refusal(502, "upstream_truncated", "It\nbroke."), CALL_ID)
    name, data, *rest = event.decode().split("\n")
    assert (name, rest) == ("event: error", ["", ""])
    said = json.loads(data.removeprefix("data: "))
    assert said["type"] == "error"
    assert said["error"]["message"] == "It\nbroke."


def test_an_error_is_what_the_sdk_knows(sdk: Any) -> None:
    said = write_error(Refusal(404, "model_not_found", "m"), CALL_ID)
    read = sdk.types.ErrorResponse.model_validate_json(said) if hasattr(sdk.types, "ErrorResponse") else None
    assert read is None or read.error.type == "not_found_error"
