"""Errors of Anthropic (docs.claude.com/en/api/errors), and of what stands between it and us."""

import json

import pytest

from proxy.dialects.anthropic_messages.provider_errors import error_in, read_error


def body(kind: str, message: str, **details: str) -> bytes:
    error = {"type": kind, "message": message, **({"details": details} if details else {})}
    return json.dumps({"type": "error", "error": error, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}).encode()


def test_the_documented_error() -> None:
    error = read_error(404, body("not_found_error", "The requested resource could not be found."))
    assert (error.status, error.type, error.code) == (404, "not_found_error", None)
    assert error.message == "The requested resource could not be found."
    assert not error.quota
    assert not error.key


@pytest.mark.parametrize(
    ("status", "kind", "message", "code"),
    [
        (
            400,
            "invalid_request_error",
            "prompt is too long: 200251 tokens > 200000 maximum",
            "context_length_exceeded",
        ),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            "context_length_exceeded",
        ),
        (404, "not_found_error", "model: claude-9", "model_not_found"),
        (400, "invalid_request_error", "max_tokens: Field required", None),
        (429, "rate_limit_error", "This request would exceed the rate limit", None),
    ],
)
def test_the_code_is_openais_where_it_means_the_same(status: int, kind: str, message: str, code: str | None) -> None:
    assert read_error(status, body(kind, message)).code == code


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (402, body("billing_error", "There is an issue with your billing."), "insufficient_quota"),
        (
            400,
            body(
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
            ),
            "insufficient_quota",
        ),
        (
            400,
            body("invalid_request_error", "You have reached your specified API usage limits. You will regain access"),
            "insufficient_quota",
        ),
        (
            429,
            body("rate_limit_error", "Limit.", error_code="enforced_spend_limit_reached"),
            "enforced_spend_limit_reached",
        ),
        (402, b"", "insufficient_quota"),
    ],
)
def test_an_account_without_money_is_told_from_a_busy_one(status: int, said: bytes, code: str) -> None:
    error = read_error(status, said)
    assert error.quota
    assert error.code == code


def test_a_busy_account_is_not_without_money() -> None:
    assert not read_error(429, body("rate_limit_error", "Number of request tokens has exceeded your limit")).quota


@pytest.mark.parametrize(
    ("status", "said", "key"),
    [
        (401, body("authentication_error", "invalid x-api-key"), True),
        (403, body("authentication_error", "invalid x-api-key"), True),
        (400, body("invalid_request_error", "This organization has been disabled."), True),
        (403, body("permission_error", "On hold.", error_code="organization_on_hold"), True),
        (403, body("permission_error", "Your API key does not have permission to use the resource."), True),
        (403, body("permission_error", "Blocked by content policy."), False),
    ],
)
def test_an_error_about_the_key_is_told_from_one_about_the_prompt(status: int, said: bytes, key: bool) -> None:
    assert read_error(status, said).key is key


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("max_tokens: Field required", "max_tokens"),
        ("messages.0.content.1.text: Input should be a valid string", "messages.0.content.1.text"),
        ("tools.3.custom.input_schema: Field required", "tools.3.custom.input_schema"),
        ("Something else: went wrong", None),
        ("no field", None),
    ],
)
def test_the_field_at_fault_is_named(message: str, param: str | None) -> None:
    assert read_error(400, body("invalid_request_error", message)).param == param


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"<html><body>Bad Gateway</body></html>",
        b"{",
        b"[]",
        b'{"error":"text"}',
        b'{"error":null}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_a_body_that_is_no_error_object_is_not_repeated(said: bytes) -> None:
    error = read_error(502, said)
    assert (error.status, error.type, error.code) == (502, None, None)
    assert error.message == "The provider answered with status 502 and no error object."


def test_fields_of_the_wrong_type_say_nothing() -> None:
    error = read_error(500, b'{"error":{"type":7,"message":["x"],"details":{"error_code":9}}}')
    assert (error.type, error.code, error.message) == (None, None, "The provider gave no reason.")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("invalid_request_error", 400),
        ("authentication_error", 401),
        ("billing_error", 402),
        ("permission_error", 403),
        ("not_found_error", 404),
        ("request_too_large", 413),
        ("rate_limit_error", 429),
        ("api_error", 500),
        ("timeout_error", 504),
        ("overloaded_error", 529),
        ("a_new_error", None),
    ],
)
def test_in_a_stream_the_type_stands_for_the_status(kind: str, status: int | None) -> None:
    assert error_in({"type": kind, "message": "m"}).status == status


@pytest.mark.parametrize("said", [None, "text", 7, []])
def test_an_error_that_is_no_object_is_still_one(said: object) -> None:
    assert error_in(said).message == "The provider gave no reason."


def test_an_error_with_status_200_has_the_status_that_its_words_stand_for() -> None:
    assert read_error(200, body("rate_limit_error", "Slow down.")).status == 429
    assert read_error(200, b"").status is None
