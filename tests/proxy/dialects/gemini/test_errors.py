"""Error bodies as Google sends them: cloud.google.com/apis/design/errors, ai.google.dev/gemini-api/docs,
and recorded ones (google-gemini/gemini-cli #14831, googleapis/python-genai)."""

from typing import Any

import msgspec
import pytest

from proxy.dialects.gemini.errors import error_of, read_error
from proxy.dialects.provider_error import ProviderError


def error(code: int, status: str, message: str, *details: dict[str, Any]) -> ProviderError:
    said = {"error": {"code": code, "message": message, "status": status, "details": list(details)}}
    return read_error(code, msgspec.json.encode(said))


def quota(id: str, value: str = "20") -> dict[str, Any]:
    violation = {"quotaMetric": "generativelanguage.googleapis.com/x", "quotaId": id, "quotaValue": value}
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}


RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}
EXCEEDED = "You exceeded your current quota, please check your plan and billing details."


def test_a_rate_limit_says_how_long_to_wait() -> None:
    said = error(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota("GenerateRequestsPerMinutePerProjectPerModel"), RETRY)
    assert (said.status, said.code, said.retry_after, said.quota) == (429, "rate_limit_exceeded", 37.0, False)
    assert said.message == EXCEEDED


def test_a_quota_of_the_day_waits_for_midnight_in_california() -> None:
    said = error(429, "RESOURCE_EXHAUSTED", EXCEEDED, quota("GenerateRequestsPerDayPerProjectPerModel"), RETRY)
    assert said.retry_after
    assert 0 < said.retry_after <= 86_400
    assert said.quota is False


@pytest.mark.parametrize(
    ("message", "details"),
    [
        ("Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing.", []),
        ("Your project has exceeded its spending cap.", []),
        ("Quota exceeded for metric: x, limit: 0, model: gemini-3-pro", []),
        (EXCEEDED, [quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "0")]),
    ],
)
def test_an_empty_account_does_not_fill_up_by_waiting(message: str, details: list[dict[str, Any]]) -> None:
    assert error(429, "RESOURCE_EXHAUSTED", message, *details).quota


def test_a_limit_that_begins_with_0_is_no_limit_of_0() -> None:
    assert not error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for metric: x, limit: 05").quota


def test_billing_that_is_switched_off_is_no_quota() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BILLING_DISABLED"}
    assert error(403, "PERMISSION_DENIED", "This API method requires billing to be enabled.", info).quota


def test_a_refused_key_comes_as_a_400() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    said = error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info)
    assert (said.status, said.key, said.code) == (400, True, "invalid_api_key")
    assert error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.").key


def test_too_long_a_prompt_is_told_in_openais_word() -> None:
    text = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    assert error(400, "INVALID_ARGUMENT", text).code == "context_length_exceeded"


def test_an_unknown_model_is_told_in_openais_word() -> None:
    said = error(404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta")
    assert (said.status, said.code) == (404, "model_not_found")


def test_a_bad_field_is_named() -> None:
    field = {"field": "generation_config.top_k", "description": "too large"}
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [field]}
    said = error(400, "INVALID_ARGUMENT", "Invalid value.", detail)
    assert (said.param, said.code, said.key) == ("generation_config.top_k", "invalid_argument", False)


def test_errors_come_in_a_list_too() -> None:
    said = read_error(500, b'[{"error":{"code":500,"message":"Internal error.","status":"INTERNAL"}}]')
    assert (said.message, said.status, said.code) == ("Internal error.", 500, "internal")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"code": 503, "status": "UNAVAILABLE"}, 503),
        ({"code": 8, "status": "RESOURCE_EXHAUSTED"}, 429),
        ({"status": "DEADLINE_EXCEEDED"}, 504),
        ({"status": "INTERNAL"}, 500),
        ({"message": "?"}, None),
        ("broken", None),
    ],
)
def test_in_a_stream_the_status_stands_in_the_words(said: object, status: int | None) -> None:
    assert error_of(said).status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"[]",
        b"7",
        b"\xff\xfe",
        b'{"error":[1]}',
        b'{"error":{"details":7,"message":1}}',
        b'{"error":{"details":[{"@type":1,"violations":[7],"retryDelay":{},"fieldViolations":7}]}}',
        b"[" * 100000,
    ],
)
def test_whatever_the_body_is_it_is_an_error(body: bytes) -> None:
    said = read_error(502, body)
    assert said.status == 502
    assert said.message
