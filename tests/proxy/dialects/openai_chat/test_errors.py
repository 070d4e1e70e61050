"""Errors of providers that speak chat. Bodies as their documentation and their source show them, named at each."""

import json
from typing import Any

import pytest

from proxy.dialects.openai_chat.errors import error_of, read_error


def openai(message: str, code: object = None, kind: str | None = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(
            400, openai("This model's maximum context length is 8192 tokens.", "context_length_exceeded"), id="OpenAI"
        ),
        pytest.param(
            400,
            {
                "object": "error",
                "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
                "type": "BadRequestError",
                "param": None,
                "code": 400,
            },
            id="vLLM, flat",
        ),
        pytest.param(
            400,
            {
                "object": "error",
                "message": "Prompt contains 40000 tokens and 0 draft tokens, "
                "too large for model with 32768 maximum context length",
                "type": "invalid_request_error",
                "code": "3051",
            },
            id="Mistral",
        ),
        pytest.param(
            400,
            {
                "error": {
                    "code": 400,
                    "message": "request (9000 tokens) exceeds the available context size (4096 tokens)",
                    "type": "exceed_context_size_error",
                }
            },
            id="llama.cpp",
        ),
        pytest.param(
            422,
            openai("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097."),
            id="Together, TGI",
        ),
        pytest.param(413, openai("Please reduce the length of the messages or completion."), id="Groq"),
        pytest.param(400, openai("Current length is 9000 while limit is 8192"), id="Cerebras"),
        pytest.param(
            400,
            [
                {
                    "error": {
                        "code": 400,
                        "message": "The input token count (9) exceeds the maximum number of tokens allowed (8).",
                        "status": "INVALID_ARGUMENT",
                    }
                }
            ],
            id="Google",
        ),
        pytest.param(
            400,
            {
                "error": {
                    "message": "Provider returned error",
                    "code": 400,
                    "metadata": {
                        "raw": '{"error":{"message":"Its maximum context length is 131072 tokens."}}',
                        "provider_name": "X",
                    },
                }
            },
            id="OpenRouter, in the words of the provider behind it",
        ),
    ],
)
def test_a_prompt_that_is_too_long_is_named_so_in_everybodys_words(status: int, body: object) -> None:
    error = read_error(status, json.dumps(body).encode())
    assert (error.code, error.status) == ("context_length_exceeded", status)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(
            429, openai("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"), id="OpenAI"
        ),
        pytest.param(402, openai("Insufficient Balance", "invalid_request_error", "unknown_error"), id="DeepSeek"),
        pytest.param(402, {"error": {"code": 402, "message": "Insufficient credits. Add more."}}, id="OpenRouter"),
        pytest.param(
            403,
            {
                "error": {
                    "message": "用户额度不足, 剩余额度: ＄0.000000 (request id: 1)",
                    "type": "new_api_error",
                    "code": "insufficient_user_quota",
                }
            },
            id="new-api",
        ),
        pytest.param(
            403, {"error": {"message": "user quota is not enough", "type": "one_api_error"}}, id="Crazyrouter's kin"
        ),
        pytest.param(
            403,
            {"code": "forbidden", "error": "Your team has either used all available credits or reached its limit."},
            id="xAI",
        ),
        pytest.param(400, openai("Your credit balance is too low to access the API."), id="Anthropic's chat endpoint"),
        pytest.param(
            429,
            openai("Your account is suspended due to insufficient balance", "exceeded_current_quota_error"),
            id="Moonshot",
        ),
    ],
)
def test_an_account_without_money_is_recognised_whatever_the_status(status: int, body: object) -> None:
    assert read_error(status, json.dumps(body).encode()).quota


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(429, openai("Rate limit reached for gpt-4o", "rate_limit_exceeded", "tokens"), id="a rate limit"),
        pytest.param(400, openai("Invalid 'temperature'."), id="a faulty request"),
        pytest.param(403, {"error": {"code": 403, "message": "Your input was flagged."}}, id="moderation"),
    ],
)
def test_other_refusals_are_no_lack_of_money(status: int, body: object) -> None:
    error = read_error(status, json.dumps(body).encode())
    assert (error.quota, error.key) == (False, False)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"code": "invalid-argument", "error": "Incorrect API key provided: xa***."}, id="xAI"),
        pytest.param(
            [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}], id="Google"
        ),
    ],
)
def test_a_refused_key_behind_a_400_is_recognised(body: object) -> None:
    assert read_error(400, json.dumps(body).encode()).key


@pytest.mark.parametrize(
    ("body", "wait"),
    [
        pytest.param(
            {"error": {"code": "429", "message": "Requests exceeded. Please retry after 86400 seconds."}},
            86400,
            id="Azure",
        ),
        pytest.param(openai("Rate limit reached. Please try again in 6m0s.", "rate_limit_exceeded"), 360, id="OpenAI"),
        pytest.param(openai("Rate limit reached. Please try again in 7.66s.", "rate_limit_exceeded"), 7.66, id="Groq"),
        pytest.param(
            [
                {
                    "error": {
                        "code": 429,
                        "message": "Quota",
                        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}],
                    }
                }
            ],
            37,
            id="Google",
        ),
        pytest.param(openai("Slow down."), None, id="nothing said"),
    ],
)
def test_the_wait_is_read_from_the_text(body: object, wait: float | None) -> None:
    assert read_error(429, json.dumps(body).encode()).retry_after == wait


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param({"detail": "Not Found"}, "Not Found", id="FastAPI, a text"),
        pytest.param(
            {"detail": [{"loc": ["body", "messages"], "msg": "field required", "type": "value_error.missing"}]},
            "body.messages: field required",
            id="FastAPI, a list",
        ),
        pytest.param(
            {"object": "error", "message": {"detail": [{"loc": ["body", "n"], "msg": "too big"}]}, "type": "x"},
            "body.n: too big",
            id="Mistral, a list in the message",
        ),
        pytest.param("Nope", "Nope", id="a JSON text"),
    ],
)
def test_what_validation_says_is_kept(body: object, message: str) -> None:
    assert read_error(422, json.dumps(body).encode()).message == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"upstream connect error", "upstream connect error"),
        (b"<!DOCTYPE html><html><body>502</body></html>", "The provider answered 502."),
        (b"<html>x", "The provider answered 502."),
        (b"", "The provider answered 502."),
        (b"\xff\x00\x1b[2J", "The provider answered 502."),
        (b"[" * 100_000, "The provider answered 502."),
        (b"null", "The provider answered 502."),
        (b"[]", "The provider answered 502."),
        (b'{"error":{}}', "The provider answered 502."),
    ],
)
def test_a_body_without_words_never_raises_and_markup_is_no_message(body: bytes, message: str) -> None:
    error = read_error(502, body)
    assert (error.status, error.message[:40]) == (502, message[:40])


def test_a_missing_model_is_openais_code() -> None:
    body = {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}
    assert read_error(404, json.dumps(body).encode()).code == "model_not_found"


@pytest.mark.parametrize(
    ("error", "status", "quota"),
    [
        ({"code": 402, "message": "Insufficient credits"}, 402, True),
        ({"code": 429, "message": "Rate limited"}, 429, False),
        ({"message": "x", "type": "server_error"}, 500, False),
        ({"message": "The model's context length is exceeded, maximum context length 5"}, 400, False),
        ({"message": "who knows"}, None, False),
        ("plain words", None, False),
    ],
)
def test_an_error_inside_a_200_says_its_status_itself(error: object, status: int | None, quota: bool) -> None:
    read = error_of(error)
    assert (read.status, read.quota) == (status, quota)


def test_a_whole_body_with_status_200_says_its_status_itself() -> None:
    error = read_error(200, b'{"error":{"code":402,"message":"Insufficient credits"},"user_id":"u"}')
    assert (error.status, error.quota) == (402, True)
    assert read_error(200, b'{"error":{"message":"who knows"}}').status is None
