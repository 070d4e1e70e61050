"""platform.openai.com/docs/guides/error-codes and …/rate-limits."""

import json
from typing import Any

import msgspec
import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.exchange import Request
from proxy.sandbox.openai_manners import OPENAI
from tests.kit.raw_http import RawReply


class Inner(msgspec.Struct):
    size: int


class Body(msgspec.Struct):
    model: str
    items: list[Inner] = []


def complaint(body: bytes) -> Any:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Body)
    return OPENAI.error_object(OPENAI.does_not_fit(caught.value, body))


def with_key(key: str) -> Request:
    request = Request()
    request.headers = [(b"authorization", f"Bearer {key}".encode())]
    return request


def test_an_error_has_the_four_fields_of_openai() -> None:
    body = OPENAI.error_body(ApiError(400, "No.", param="n", code="invalid_value"), "1")
    error = {"message": "No.", "type": "invalid_request_error", "param": "n", "code": "invalid_value"}
    assert json.loads(body) == {"error": error}


def test_a_missing_field_is_named_with_its_place() -> None:
    assert complaint(b'{"model":"x","items":[{}]}') == {
        "message": "Missing required parameter: 'items[0].size'.",
        "type": "invalid_request_error",
        "param": "items[0].size",
        "code": "missing_required_parameter",
    }


def test_a_missing_model_is_worded_as_openai_words_it() -> None:
    assert complaint(b"{}")["message"] == "you must provide a model parameter"


def test_a_wrong_type_is_told_from_a_wrong_value() -> None:
    wrong = complaint(b'{"model":"x","items":[{"size":"big"}]}')
    assert (wrong["param"], wrong["code"]) == ("items[0].size", "invalid_type")
    assert complaint(b"[]")["param"] is None


@pytest.mark.parametrize(
    ("key", "shown"),
    [("sk-abcdefghijklmnop", "sk-abcde************mnop"), ("bad-short", "*********")],
)
def test_a_refused_key_is_shown_by_its_ends_only_where_that_hides_enough(key: str, shown: str) -> None:
    assert f"provided: {shown}. " in str(OPENAI.wrong_key(with_key(key)))


def test_limits_count_what_was_asked() -> None:
    assert "x-ratelimit-remaining-tokens: 1999000\r\n" in OPENAI.limits(1000)
    assert "x-ratelimit-reset-tokens: 30ms\r\n" in OPENAI.limits(1000)  # 2,000,000 a minute
    error = ApiError(429, "Slowly.")
    OPENAI.come_back_at_reset(error, "6m0s")
    assert "x-ratelimit-remaining-requests: 0\r\n" in error.headers
    assert error.headers.count(": 6m0s\r\n") == 2


async def test_every_reply_has_openais_headers_and_an_id_of_its_own(chat: Any) -> None:
    first: RawReply = await chat()
    second: RawReply = await chat("fault-500")
    for reply in (first, second):
        assert reply.headers["openai-processing-ms"] == "1"
        assert reply.headers["x-request-id"].startswith("req_")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_a_parameter_that_openai_does_not_know_is_refused(chat: Any) -> None:
    refused = await chat(top_k=5)
    assert (refused.status, refused.json["error"]) == (
        400,
        {
            "message": "Unknown parameter: 'top_k'.",
            "type": "invalid_request_error",
            "param": "top_k",
            "code": "unknown_parameter",
        },
    )


async def test_a_lenient_model_takes_any_parameter(chat: Any) -> None:
    assert (await chat("lenient-model", top_k=5)).status == 200
