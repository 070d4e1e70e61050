"""Who has the base URL wrong is told the right one."""

import pytest

from proxy.worker.elsewhere import not_that_method, nothing_here, served


@pytest.mark.parametrize(
    ("path", "dialect", "meant"),
    [
        ("/chat/completions", "openai-chat", "/v1/chat/completions"),
        ("/v1/v1/chat/completions", "openai-chat", "/v1/chat/completions"),
        ("/openai/v1/responses", "openai-chat", "/v1/responses"),
        ("/openai/deployments/gpt-4o/embeddings", "openai-chat", "/v1/embeddings"),
        ("/models", "openai-chat", "/v1/models"),
        ("/v1/v1/messages", "anthropic-messages", "/v1/messages"),
        ("/anthropic/v1/messages/count_tokens", "anthropic-messages", "/v1/messages/count_tokens"),
        ("/v1/v1/models", "anthropic-messages", "/v1/models"),
        ("/v1/messages/", "anthropic-messages", "/v1/messages"),
    ],
)
def test_a_base_url_with_v1_too_many_or_too_few_is_put_right(path: str, dialect: str, meant: str) -> None:
    refusal = nothing_here(path, dialect)
    assert (refusal.status, refusal.code) == (404, "unknown_url")
    assert f" {meant} is served" in refusal.message
    assert ("Anthropic" in refusal.message) == (dialect == "anthropic-messages")


@pytest.mark.parametrize("path", ["/v1/files", "/v1/audio/speech", "/", "/chat", "/v1/responses/resp_1", "/x" * 4000])
def test_what_is_not_offered_is_answered_with_what_is(path: str) -> None:
    refusal = nothing_here(path, "openai-chat")
    assert (refusal.status, refusal.code) == (404, "unknown_url")
    assert "Served are /v1/chat/completions, " in refusal.message
    assert "/v1/models" in refusal.message
    assert len(refusal.message) < 300, "nothing of the path is repeated"


def test_a_wrong_method_is_told_the_right_one() -> None:
    assert served("/v1/chat/completions")
    assert served("/v1/models/gpt-4o")
    assert not served("/v1/files")
    assert not_that_method("GET", "/v1/chat/completions").headers == ((b"allow", b"POST"),)
    refusal = not_that_method("DELETE", "/v1/models/x")
    assert (refusal.status, refusal.code, refusal.headers) == (405, "method_not_allowed", ((b"allow", b"GET"),))
