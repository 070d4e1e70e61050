"""What each vendor's words say about the gateway's key. The bodies are as the vendors document or send them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from proxy.dialects.key_words import TABLE
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
PAYMENT = (
    "Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided. Your AWS "
    "Marketplace subscription for this model cannot be completed at this time."
)
KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("dialect", "status", "body"),
    [
        (CHAT, 401, openai("Incorrect API key provided: sk-x", code="invalid_api_key")),
        (CHAT, 400, openai("x", code="invalid_api_key")),
        (CHAT, 401, {"message": "Unauthorized"}),
        (CLAUDE, 401, anthropic("authentication_error", "invalid x-api-key")),
        (CLAUDE, 403, anthropic("authentication_error", "no")),
        (CLAUDE, 403, anthropic("permission_error", "On hold.", error_code="organization_on_hold")),
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
    ("dialect", "body", "kind"),
    [
        (CHAT, openai("Project `p` does not have access to model `gpt-4o`", code="model_not_found"), "refused"),
        (BEDROCK, {"message": PAYMENT}, "exhausted"),
    ],
)
def test_a_code_for_a_model_without_access_holds_the_key_for_that_model_only(
    dialect: str, body: Any, kind: str
) -> None:
    fault = key_fault(said(dialect, 403, body))
    assert fault is not None
    assert (fault.kind, fault.for_model) == (kind, True)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (CLAUDE, anthropic("permission_error", "Your key has no permission to use the specified resource.")),
        (GEMINI, google(403, "PERMISSION_DENIED", "You do not have permission to access the File x.")),
        (BEDROCK, {"message": "You don't have access to the model with the specified model ID."}),
        (CHAT, openai("Country, region, or territory not supported")),
    ],
)
def test_a_403_that_a_request_may_be_the_cause_of_is_tried_with_another_key_and_holds_none(
    dialect: str, body: Any
) -> None:
    error = said(dialect, 403, body)
    assert error.key
    assert key_fault(error) is None


@pytest.mark.parametrize(
    ("dialect", "status", "body"),
    [
        (CHAT, 429, openai("You exceeded your current quota", code="insufficient_quota", type="insufficient_quota")),
        (CHAT, 402, openai("Insufficient Balance")),
        (CHAT, 403, openai("用户额度不足", code="insufficient_user_quota")),
        (CHAT, 402, openai("Insufficient Balance", type="unknown_error", code="invalid_request_error")),
        (
            CHAT,
            402,
            {"error": {"code": 402, "message": "Insufficient credits. Add more using https://openrouter.ai/credits"}},
        ),
        (CHAT, 403, {"error": {"message": "user quota is not enough (request id: 2024040)", "type": "one_api_error"}}),
        (CHAT, 401, openai("Your account is suspended due to insufficient balance")),
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


OUR_WORDS = (
    *("incorrect api key", "Invalid API key", "invalid token", "user not found", "No auth credentials found"),
    *("API key not valid. Please pass a valid API key.", "invalid_api_key", "authentication_error", "billing_error"),
    *("insufficient funds", "Insufficient Balance", "insufficient_quota", "insufficient_user_quota", "credits"),
    *(
        "Insufficient credits.",
        "Your credit balance is too low",
        "user quota is not enough",
        "用户额度不足",
        "无效的令牌",
    ),
    *("Your team has either used all available credits or reached its limit.", "organization has been disabled"),
    *("The security token included in the request is invalid.", "API_KEY_INVALID", "BILLING_DISABLED", "limit: 0"),
    *("Your API key was reported as leaked.", "Your prepayment credits are depleted.", "model_not_found", PAYMENT),
    *("Authentication failed: Please make sure your API Key is valid.", "Key limit exceeded", "PerDay", "expiredtoken"),
    *("Your project has exceeded its spending cap.", "exceeded_current_quota_error", "organization_on_hold"),
    *(word for row in TABLE for word in row.codes),
)


def echoes(word: str) -> Iterator[tuple[str, Any]]:
    """How providers repeat what a caller sent, each in its own shape."""
    for text in (f"Invalid value: '{word}'.", f"{word} is not a valid model ID", f"Unknown role\n{word}"):
        yield CHAT, openai(text, code="invalid_value", param=word)
        yield CHAT, {"detail": [{"loc": ["body", "messages"], "msg": text, "input": word}]}
        yield CHAT, {"message": text, "type": "invalid_request"}
        yield CHAT, {"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": text}}}
        yield "openai-responses", openai(text)
        yield CLAUDE, anthropic("invalid_request_error", f"messages.0.role: {text}")
        yield GEMINI, google(400, "INVALID_ARGUMENT", text, {"@type": "x", "fieldViolations": [{"field": word}]})
        yield BEDROCK, {"message": text}


@pytest.mark.parametrize("status", [400, 402, 403, 404, 422, 500])
def test_a_prompt_cannot_put_a_key_into_quarantine(status: int) -> None:
    for word in OUR_WORDS:
        for dialect, body in echoes(word):
            assert key_fault(said(dialect, status, body)) is None, (dialect, body)


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
def test_the_whole_sentence_of_a_vendor_is_not_believed_where_a_request_may_be_the_cause(status: int) -> None:
    for word in OUR_WORDS:
        for dialect in (CHAT, "openai-responses", BEDROCK):
            assert key_fault(said(dialect, status, {"message": word})) is None, (dialect, word)


def test_what_is_believed_word_for_word_comes_under_statuses_that_no_request_leads_to() -> None:
    assert all(row.statuses and row.statuses <= {401, 402, 403, 429} for row in TABLE if row.sentence)
    assert all(row.page.startswith("https://") for row in TABLE)


@pytest.mark.parametrize(
    "text",
    [
        "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only "
        "afford 3395. To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account",
        "Prompt tokens limit exceeded: 230799 > 91442. To increase, visit https://openrouter.ai/settings/keys and "
        "create a key with a higher monthly limit",
        "Payment is required for this model",
    ],
)
def test_a_request_that_is_too_dear_is_no_empty_account(text: str) -> None:
    error = said(CHAT, 402, {"error": {"code": 402, "message": text, "metadata": {"provider_name": None}}})
    assert error.quota
    assert key_fault(error) is None


def test_a_token_quota_that_is_too_small_for_one_request_is_no_empty_account() -> None:
    text = "预扣费额度失败, 用户剩余额度: ＄0.010000, 需要预扣费额度: ＄0.200000"
    body = {"error": {"message": text, "type": "new_api_error", "code": "insufficient_user_quota"}}
    assert key_fault(said(CHAT, 403, body)) is None


def test_a_restricted_key_at_an_endpoint_that_is_not_its_own_serves_the_others() -> None:
    text = "You have insufficient permissions for this operation. Missing scopes: api.embeddings.write. Check that you"
    error = said(CHAT, 401, openai(text))
    assert error.key
    assert key_fault(error) is None


def test_a_key_of_the_provider_behind_a_router_is_not_ours() -> None:
    error = {"code": 401, "message": "Provider returned error", "metadata": {"provider_name": "X", "raw": "no"}}
    assert key_fault(said(CHAT, 401, {"error": error})) is None
    assert key_fault(said(CHAT, 401, {"error": error | {"metadata": {"provider_name": None}}})) is not None


@pytest.mark.parametrize("dialect", [CHAT, "openai-responses", CLAUDE, GEMINI, BEDROCK])
def test_a_firewall_before_the_provider_holds_no_key(dialect: str) -> None:
    html = b"<html><head><title>403 Forbidden</title></head><body>Request blocked. invalid api key</body></html>"
    assert key_fault(provider_dialect(dialect, "https://api.example.com/v1").read_error(403, html)) is None


def test_a_model_that_a_plan_does_not_have_holds_the_key_for_that_model_only() -> None:
    none = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "x", "quotaValue": "0"}]}
    fault = key_fault(said(GEMINI, 429, google(429, "RESOURCE_EXHAUSTED", "Quota exceeded, limit: 0", none)))
    assert fault is not None
    assert (fault.kind, fault.for_model) == ("exhausted", True)


@pytest.mark.parametrize(
    "body",
    [
        openai("model requires moderation on p; your input was flagged for violence", code=403),
        openai("The response was blocked by Azure's content policy", code="content_filter"),
        openai("Your request was rejected by our safety system"),
    ],
)
def test_a_prompt_that_was_flagged_is_not_sent_again_with_another_key(body: Any) -> None:
    error = said(CHAT, 403, body)
    assert error.of_key is None
    assert key_fault(error) is None


@pytest.mark.parametrize("code", ["sk-live-4711", "canary", "Aa_bB", "x" * 300, "a_b" * 40])
def test_the_reason_repeats_no_code_that_may_be_something_else(code: str) -> None:
    fault = key_fault(ProviderError("no", status=401, code=code))
    assert fault is not None
    assert fault.reason == "401"
