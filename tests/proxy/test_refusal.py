"""Errors have OpenAI's four fields, and a code that is a text."""

import json

import pytest

from proxy import refusal
from proxy.refusal import Refusal

EVERY = [
    (refusal.bad_key(), 401, "invalid_request_error", "invalid_api_key"),
    (refusal.no_key(), 401, "invalid_request_error", "invalid_api_key"),
    (refusal.bad_request("two_keys", "m"), 400, "invalid_request_error", "two_keys"),
    (refusal.model_not_found("x"), 404, "invalid_request_error", "model_not_found"),
    (refusal.model_not_allowed("x"), 403, "permission_error", "model_not_allowed"),
    (refusal.too_large(5), 413, "invalid_request_error", "request_too_large"),
    (refusal.ledger_full(), 503, "server_error", "ledger_full"),
    (refusal.overloaded("m"), 503, "server_error", "overloaded"),
    (refusal.internal_error(), 500, "server_error", "internal_error"),
    (refusal.upstream(502, "upstream_unreachable", "m"), 502, "server_error", "upstream_unreachable"),
    (refusal.upstream(429, "upstream_rate_limited", "m"), 429, "rate_limit_error", "upstream_rate_limited"),
]


@pytest.mark.parametrize(("given", "status", "kind", "code"), EVERY)
def test_each_refusal_has_its_status_type_and_code(given: Refusal, status: int, kind: str, code: str) -> None:
    error = json.loads(given.openai_body())["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert (given.status, error["type"], error["code"]) == (status, kind, code)
    assert error["message"]


def test_a_body_that_is_too_large_ends_the_connection() -> None:
    assert refusal.too_large(5).close


def test_what_passes_by_itself_says_when_to_come_again() -> None:
    for given in (refusal.ledger_full(), refusal.overloaded("m")):
        assert (b"retry-after", b"1") in given.headers


def test_a_hostile_model_name_stays_inside_the_message() -> None:
    body = refusal.model_not_found('x"}\r\n\u202e\x1b[2J').openai_body()
    assert b"\n" not in body
    assert b"\x1b" not in body
    assert json.loads(body)["error"]["param"] == "model"
