"""What each vendor's words say about the gateway's key. The bodies are as the vendors document or send them."""

import json
from typing import Any

import pytest

from proxy.dialects.provider_error import ProviderError
from proxy.dialects.registry import provider_dialect
from proxy.worker.key_fault import key_fault


def said(dialect: str, status: int, body: Any) -> ProviderError:
    return provider_dialect(dialect, "https://api.example.com/v1").read_error(status, json.dumps(body).encode())


def openai(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None} | fields}


def anthropic(type: str, message: str, **details: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": type, "message": message, "details": details or None}}


def google(code: int, status: str, message: str, *details: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def quota(id: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id, "quotaValue": "50"}]}


CHAT, CLAUDE, GEMINI, BEDROCK = "openai-chat", "anthropic-messages", "gemini", "bedrock-converse"
KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("dialect", "status", "body"),
    [
        (CHAT, 401, openai("Incorrect API key provided: sk-x", code="invalid_api_key")),
        (CHAT, 400, openai("Incorrect API key provided")),
        (CLAUDE, 401, anthropic("authentication_error", "invalid x-api-key")),
        (CLAUDE, 403, anthropic("authentication_error", "no")),
        (CLAUDE, 400, anthropic("invalid_request_error", "This organization has been disabled.")),
        (GEMINI, 400, google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", KEY)),
        (GEMINI, 403, google(403, "PERMISSION_DENIED", "Your API key was reported as leaked.")),
        (BEDROCK, 403, {"message": "The security token included in the request is invalid."}),
    ],
)
def test_a_key_that_is_refused_is_refused_for_every_model(dialect: str, status: int, body: Any) -> None:
    fault = key_fault(said(dialect, status, body))
    assert fault is not None
    assert (fault.kind, fault.for_model) == ("refused", False)
    assert fault.reason.startswith(str(status))


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (CHAT, openai("Project `proj_x` does not have access to model `gpt-4o`", code="model_not_found")),
        (CLAUDE, anthropic("permission_error", "Your key has no permission to use the specified resource.")),
        (GEMINI, google(403, "PERMISSION_DENIED", "You do not have permission to access tuned model x.")),
        (BEDROCK, {"message": "You don't have access to the model with the specified model ID."}),
    ],
)
def test_a_403_that_is_not_about_the_key_itself_holds_it_for_that_model_only(dialect: str, body: Any) -> None:
    fault = key_fault(said(dialect, 403, body))
    assert fault is not None
    assert (fault.kind, fault.for_model) == ("refused", True)


@pytest.mark.parametrize(
    ("dialect", "status", "body"),
    [
        (CHAT, 429, openai("You exceeded your current quota", code="insufficient_quota", type="insufficient_quota")),
        (CHAT, 402, openai("Insufficient Balance")),
        (CHAT, 403, openai("用户额度不足", code="insufficient_user_quota")),
        (CLAUDE, 400, anthropic("invalid_request_error", "Your credit balance is too low to access the API.")),
        (CLAUDE, 402, anthropic("billing_error", "Pay.")),
        (CLAUDE, 429, anthropic("rate_limit_error", "x", error_code="enforced_spend_limit_reached")),
        (GEMINI, 429, google(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.")),
    ],
)
def test_an_empty_account_is_another_matter_than_a_refused_key(dialect: str, status: int, body: Any) -> None:
    fault = key_fault(said(dialect, status, body))
    assert fault is not None
    assert (fault.kind, fault.for_model) == ("exhausted", False)


def test_a_quota_of_the_day_is_used_up_for_that_model_until_it_fills_up_again() -> None:
    body = google(
        429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", quota("GenerateRequestsPerDayPerModel")
    )
    fault = key_fault(said(GEMINI, 429, body))
    assert fault is not None
    assert (fault.kind, fault.for_model) == ("exhausted", True)
    assert fault.wait is not None
    assert 0 < fault.wait <= 86_400


@pytest.mark.parametrize(
    ("dialect", "status", "body"),
    [
        (CHAT, 429, openai("Rate limit reached for requests", code="rate_limit_exceeded")),
        (CLAUDE, 429, anthropic("rate_limit_error", "This request would exceed your rate limit.")),
        (GEMINI, 429, google(429, "RESOURCE_EXHAUSTED", "Quota exceeded", quota("GenerateRequestsPerMinute"))),
        (BEDROCK, 429, {"message": "Too many requests, please wait before trying again."}),
        (CHAT, 400, openai("max_tokens is too large")),
        (CHAT, 404, openai("The model does not exist", code="model_not_found")),
        (CHAT, 500, openai("The server had an error")),
        (CLAUDE, 529, anthropic("overloaded_error", "Overloaded")),
    ],
)
def test_rates_requests_and_faults_of_the_provider_are_not_the_keys(dialect: str, status: int, body: Any) -> None:
    assert key_fault(said(dialect, status, body)) is None


@pytest.mark.parametrize(
    "body",
    [
        openai("model requires moderation on p; your input was flagged for violence", code=403),
        openai("The response was blocked by Azure's content policy", code="content_filter"),
        openai("Your request was rejected by our safety system"),
    ],
)
def test_a_prompt_cannot_put_a_key_into_quarantine(body: Any) -> None:
    assert key_fault(said(CHAT, 403, body)) is None


@pytest.mark.parametrize("code", ["sk-live-4711", "canary", "Aa_bB", "x" * 300, "a_b" * 40])
def test_the_reason_repeats_no_code_that_may_be_something_else(code: str) -> None:
    fault = key_fault(ProviderError("no", status=401, code=code))
    assert fault is not None
    assert fault.reason == "401"
