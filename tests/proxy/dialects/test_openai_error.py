"""Errors in OpenAI's shape and its imitators' shapes (bodies as recorded in reference/security.md §6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dialects.openai_error import error_of, read_error


def test_openais_own_four_fields() -> None:
    error = read_error(
        400,
        b'{"error":{"message":"Unsupported parameter: \'top_k\'","type":"invalid_request_error",'
        b'"param":"top_k","code":"unsupported_parameter"}}',
    )
    assert (error.status, error.type, error.code, error.param) == (
        400,
        "invalid_request_error",
        "unsupported_parameter",
        "top_k",
    )
    assert error.message == "Unsupported parameter: 'top_k'"
    assert not error.quota
    assert not error.key


def test_an_account_without_money_is_told_from_a_rate_limit() -> None:
    spent = read_error(429, b'{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}')
    fast = read_error(
        429, b'{"error":{"message":"Rate limit reached. Please try again in 6m0s.","code":"rate_limit_exceeded"}}'
    )
    assert spent.quota
    assert not fast.quota
    assert fast.retry_after == 360
    assert read_error(402, b'{"error":{"code":402,"message":"Insufficient credits"}}').quota


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please retry after 86400 seconds", 86400.0),
        ("Please try again in 20ms. Visit", 0.02),
        ("Please try again in 1.5s.", 1.5),
        ("Please try again in 1h2m3s.", 3723.0),
        ("Please try again in a while.", None),
    ],
)
def test_how_long_to_wait_stands_in_the_text(text: str, seconds: float | None) -> None:
    assert error_of({"code": "429", "message": text}, 429).retry_after == seconds


def test_azure_mistral_xai_fastapi_and_google_bend_the_shape() -> None:
    azure = read_error(429, b'{"error":{"code":"429","message":"Requests to the X have exceeded the limit."}}')
    assert (azure.code, azure.message) == ("429", "Requests to the X have exceeded the limit.")
    mistral = read_error(
        429, b'{"object":"error","message":"Rate limited","type":"rate_limited","param":null,"code":"1300"}'
    )
    assert (mistral.message, mistral.type, mistral.code) == ("Rate limited", "rate_limited", "1300")
    xai = read_error(400, b'{"code":"Client specified an invalid argument","error":"Incorrect API key provided: x"}')
    assert xai.message == "Incorrect API key provided: x"
    assert xai.key
    assert "field required" in read_error(422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}').message
    google = read_error(400, b'[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]')
    assert google.message == "API key not valid."
    assert google.key


def test_an_error_inside_a_200_has_the_status_of_its_own_words() -> None:
    assert error_of({"error": {"code": 502, "message": "Upstream died"}}).status == 502
    assert error_of({"code": "rate_limit_exceeded", "message": "slow"}).status == 429
    assert error_of({"type": "server_error", "message": "oops", "code": None}).status == 500
    assert error_of({"message": "what"}).status is None
    assert error_of("just text").message == "just text"


def test_a_prompt_that_is_too_long_has_openais_code_whoever_says_it() -> None:
    body = b'{"object":"error","message":"This model\'s maximum context length is 8192 tokens.","code":400}'
    assert read_error(400, body).code == "context_length_exceeded"


def test_html_and_nothing_at_all_are_errors_too() -> None:
    assert read_error(502, b"<html>Bad gateway</html>").message == "The provider answered 502."
    assert read_error(500, b"").status == 500


@given(st.binary(max_size=200), st.integers(300, 599))
def test_bytes_of_any_kind_never_raise(body: bytes, status: int) -> None:
    assert read_error(status, body).status == status


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["error", "message", "code", "type", "param", "detail", "status"]), inner)
        ),
        max_leaves=8,
    )
)
def test_values_of_any_shape_never_raise(value: object) -> None:
    assert error_of(value, 400).message
