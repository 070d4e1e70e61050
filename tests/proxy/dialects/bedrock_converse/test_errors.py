"""Errors of the Converse API reference and of docs.aws.amazon.com/bedrock, "Troubleshooting API error codes"."""

import pytest

from proxy.dialects.bedrock_converse.errors import exception_of, is_exception, read_error


def test_the_words_are_read() -> None:
    said = read_error(429, b'{"message":"Too many requests, please wait before trying again."}')
    assert (said.message, said.status) == ("Too many requests, please wait before trying again.", 429)
    assert (said.code, said.key, said.quota) == ("rate_limit_exceeded", False, False)


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "Input is too long for requested model.", "context_length_exceeded"),
        (400, "The model returned the following errors: prompt is too long: 9 tokens > 8", "context_length_exceeded"),
        (400, "The provided model identifier is invalid.", "model_not_found"),
        (404, "Model not found.", "model_not_found"),
        (400, "Malformed input request.", None),
    ],
)
def test_what_openai_has_a_word_for_gets_it(status: int, message: str, code: str | None) -> None:
    assert read_error(status, b'{"message":"%s"}' % message.encode()).code == code


def test_a_refused_key_is_known() -> None:
    assert read_error(403, b'{"Message":"Authentication failed: Please make sure your API Key is valid."}').key
    assert read_error(400, b'{"__type":"com.amazon.coral#ExpiredTokenException","message":"expired"}').key
    assert not read_error(429, b'{"message":"Too many requests for this API key"}').key


def test_an_account_that_cannot_pay_is_known() -> None:
    said = b'{"message":"Model access is denied due to INVALID_PAYMENT_INSTRUMENT: A valid payment instrument must be"}'
    assert read_error(403, said).quota


def test_events_and_exceptions_are_told_apart() -> None:
    assert not is_exception("messageStop")
    assert is_exception("throttlingException")
    assert is_exception("InternalError")


def test_an_exception_may_carry_the_models_own_words() -> None:
    said = exception_of("modelStreamErrorException", {"message": "failed", "originalMessage": "out of memory"})
    assert (said.message, said.status, said.code) == ("out of memory", 424, "modelstreamerror")
    assert exception_of("Odd", None).message == "Odd"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b"\xff", b'{"message":7}', b"[" * 100_000])
def test_whatever_the_body_is_it_is_an_error(body: bytes) -> None:
    said = read_error(502, body)
    assert said.status == 502
    assert said.message
