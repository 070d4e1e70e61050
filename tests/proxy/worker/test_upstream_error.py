"""What a provider's failure means to the client: its own mistakes pass through, those of others do not."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from proxy.dialects.anthropic_messages import PROVIDER as ANTHROPIC
from proxy.dialects.gemini import PROVIDER as GEMINI
from proxy.dialects.openai_chat import PROVIDER
from proxy.refusal import Refusal
from proxy.upstream.failure import Kind, UpstreamFailed
from proxy.worker.upstream_error import refusal_for, refusal_for_failure


def openai_error(message: str = "m", type: str | None = "t", param: str | None = None, code: object = "c") -> bytes:
    return json.dumps({"error": {"message": message, "type": type, "param": param, "code": code}}).encode()


def answer(status: int, body: bytes = b"", headers: dict[bytes, bytes] | None = None) -> Refusal:
    return refusal_for(PROVIDER.read_error(status, body), headers or {})


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422])
def test_the_requests_own_faults_pass_through(status: int) -> None:
    error = openai_error("Too long.", "invalid_request_error", "messages", "context_length_exceeded")
    refusal = answer(status, error)
    assert (refusal.status, refusal.message) == (status, "Too long.")
    assert (refusal.type, refusal.param, refusal.code) == (
        "invalid_request_error",
        "messages",
        "context_length_exceeded",
    )


@pytest.mark.parametrize(
    ("status", "body", "expected", "code"),
    [
        (401, openai_error(code="invalid_api_key"), 502, "upstream_auth"),
        (403, openai_error(), 502, "upstream_auth"),
        (402, openai_error(), 502, "upstream_auth"),
        (429, openai_error(code="insufficient_quota"), 502, "upstream_auth"),
        (429, openai_error(type="insufficient_quota", code=None), 502, "upstream_auth"),
        (429, openai_error(code="rate_limit_exceeded"), 429, "upstream_rate_limited"),
        (429, b"slow down", 429, "upstream_rate_limited"),
        (408, b"", 504, "upstream_timeout"),
        (504, b"<html>", 504, "upstream_timeout"),
        (500, openai_error(), 502, "upstream_error"),
        (502, b"<html>Bad gateway</html>", 502, "upstream_error"),
        (503, openai_error(), 503, "upstream_overloaded"),
        (529, openai_error(), 503, "upstream_overloaded"),
        (520, b"", 502, "upstream_error"),
        (302, b"", 502, "upstream_invalid"),
        (204, b"", 502, "upstream_error"),
        (418, openai_error(), 502, "upstream_error"),
    ],
)
def test_everything_else_is_the_gateways_or_the_providers_fault(
    status: int, body: bytes, expected: int, code: str
) -> None:
    refusal = answer(status, body)
    assert (refusal.status, refusal.code) == (expected, code)
    assert refusal.status != 401


@pytest.mark.parametrize("status", [401, 402, 403])
def test_what_no_retry_mends_says_so(status: int) -> None:
    assert (b"x-should-retry", b"false") in answer(status).headers


def test_a_rate_limit_hands_on_when_to_come_again_and_nothing_else() -> None:
    headers = {b"retry-after": b"7", b"retry-after-ms": b"7000", b"set-cookie": b"x=1", b"x-ratelimit-limit": b"1"}
    assert answer(429, openai_error(), headers).headers == ((b"retry-after", b"7"), (b"retry-after-ms", b"7000"))
    assert answer(429, openai_error(), {b"retry-after": b"9" * 100}).headers == ()


@pytest.mark.parametrize("status", [400, 404, 500, 502, 429, 503])
def test_html_never_reaches_a_client(status: int) -> None:
    assert "<" not in answer(status, b"<html><script>alert(1)</script></html>").message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (openai_error("Plain."), "Plain."),
        (b'{"error":"Text."}', "Text."),
        (b'{"detail":"Detail."}', "Detail."),
        (b'{"message":"Mistral.","type":"rate_limited","code":"1300"}', "Mistral."),
        (b'{"error":{"message":"Azure.","code":"400"}}', "Azure."),
        (b'{"error":{"error":"Inner."}}', "Inner."),
    ],
)
def test_errors_are_read_in_the_shapes_that_providers_send(body: bytes, message: str) -> None:
    assert answer(400, body).message == message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b'{"error":null}',
        b'{"error":{}}',
        b'{"error":{"message":null}}',
        b'{"error":[1]}',
        b'{"error":true}',
    ],
)
def test_a_body_that_says_nothing_gets_a_sentence_of_ours(body: bytes) -> None:
    refusal = answer(400, body)
    assert (refusal.message, refusal.code) == ("The provider answered 400.", "upstream_refused")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 50_000, b'{"error":{"message":{"deep":1}}}', b"slow down"])
def test_a_body_without_a_shape_is_told_as_text_within_bounds(body: bytes) -> None:
    refusal = answer(400, body)
    assert 0 < len(refusal.message) <= 500
    assert refusal.code == "upstream_refused"


def test_secrets_in_a_providers_message_are_taken_out_and_the_rest_is_cut() -> None:
    refusal = answer(400, openai_error("Wrong key sk-proj-abcdefghijklmnopqrstuv given. " + "x" * 10_000))
    assert "abcdefgh" not in refusal.message
    assert len(refusal.message) <= 500


@pytest.mark.parametrize("code", ["", "a b", "x" * 65, "a\nb", "=cmd", "[red]", "\u202e", None, {"x": 1}, True, 1.5])
def test_a_code_that_is_none_is_no_error_kind(code: object) -> None:
    assert answer(400, openai_error(code=code)).code == "upstream_refused"


def test_a_code_that_is_a_number_is_its_text() -> None:
    assert answer(400, openai_error(code=1300)).code == "1300"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        ({"message": "m", "code": 402}, 502, "upstream_auth"),
        ({"message": "m", "code": 429}, 429, "upstream_rate_limited"),
        ({"message": "m", "code": "429"}, 429, "upstream_rate_limited"),
        ({"message": "m", "code": 503}, 503, "upstream_overloaded"),
        ({"message": "m", "code": 400}, 400, "400"),
        ({"message": "m", "code": 401}, 502, "upstream_auth"),
        ({"message": "m", "code": 200}, 502, "upstream_error"),
        ({"message": "m", "code": 999}, 502, "upstream_error"),
        ({"message": "m", "code": "\u00b2\u00b2\u00b2"}, 502, "upstream_error"),
        ({"message": "m", "code": "\u0664\u0664\u0664"}, 502, "upstream_error"),
        ({"message": "m", "code": "context_length_exceeded"}, 400, "context_length_exceeded"),
        ({"message": "m"}, 502, "upstream_error"),
        ("overloaded", 502, "upstream_error"),
        ([1, 2], 502, "upstream_error"),
        (True, 502, "upstream_error"),
        (7, 502, "upstream_error"),
    ],
)
def test_an_error_inside_a_200_counts_as_the_status_it_names(error: object, status: int, code: str) -> None:
    refusal = refusal_for(PROVIDER.read_error(200, json.dumps({"error": error}).encode()), {})
    assert (refusal.status, refusal.code) == (status, code)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("upstream_unreachable", 502),
        ("upstream_tls", 502),
        ("upstream_timeout", 504),
        ("upstream_truncated", 502),
        ("upstream_invalid", 502),
        ("gateway_stopping", 503),
    ],
)
def test_a_failed_exchange_has_its_kind_as_code(kind: Kind, status: int) -> None:
    refusal = refusal_for_failure(UpstreamFailed(kind, "no key sk-proj-abcdefghijklmnopqrstuv"))
    assert (refusal.status, refusal.code, refusal.type) == (status, kind, "server_error")
    assert "abcdefgh" not in refusal.message


def test_anthropics_resets_say_when_to_come_again_where_nothing_else_does() -> None:
    """Names and RFC 3339 of the rate-limit headers: platform.claude.com, "Rate limits"; only the tokens are used up."""
    soon = datetime.now(UTC) + timedelta(seconds=30)
    headers = {
        b"anthropic-ratelimit-requests-remaining": b"49",
        b"anthropic-ratelimit-requests-reset": (soon + timedelta(hours=1)).isoformat().encode(),
        b"anthropic-ratelimit-input-tokens-remaining": b"0",
        b"anthropic-ratelimit-input-tokens-reset": soon.isoformat().encode(),
    }
    body = b'{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}'
    refusal = refusal_for(ANTHROPIC.read_error(429, body), headers)
    wait = int(dict(refusal.headers)[b"retry-after"])
    assert 20 <= wait <= 31


def test_googles_retry_info_says_when_to_come_again() -> None:
    """google.rpc.RetryInfo in the details (ai.google.dev, "Troubleshooting": 429 RESOURCE_EXHAUSTED)."""
    body = {
        "error": {
            "code": 429,
            "message": "Quota exceeded.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}],
        }
    }
    refusal = refusal_for(GEMINI.read_error(429, json.dumps(body).encode()), {})
    assert dict(refusal.headers)[b"retry-after"] == b"37"
