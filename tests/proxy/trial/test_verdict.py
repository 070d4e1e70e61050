"""Error bodies by the vendors' documentation (security.md §6): whose fault each is."""

import httpx
import pytest

from proxy.dialects.openai_error import read_error
from proxy.dialects.provider_error import ProviderError
from proxy.trial.verdict import likely_models, next_step, unreachable, verdict


@pytest.mark.parametrize(
    ("status", "body", "whose"),
    [
        (401, b'{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}', "key"),
        (403, b'{"error":{"message":"Country not supported","code":"unsupported_country"}}', "key"),
        (429, b'{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}', "money"),
        (402, b'{"error":{"message":"Insufficient Balance"}}', "money"),
        (429, b'{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}', "rate"),
        (404, b'{"error":{"message":"The model `gpt-9` does not exist","code":"model_not_found"}}', "model"),
        (400, b'{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}', "model"),
        (404, b'{"error":{"message":"Invalid URL (POST /chat/completions)"}}', "place"),
        (404, b"<html>not here</html>", "place"),
        (405, b"", "place"),
        (503, b'{"error":{"message":"overloaded"}}', "provider"),
        (400, b'{"error":{"message":"max_tokens is too small"}}', "request"),
    ],
)
def test_an_error_is_somebodys(status: int, body: bytes, whose: str) -> None:
    assert verdict(status, read_error(status, body), "gpt-9") == whose


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("vault:openai", "gatewatch providers set-key openai"),
        ("env:OPENAI_API_KEY", "environment variable OPENAI_API_KEY"),
        ("file:/run/key", "in /run/key"),
        ("none", "providers.mine.api_key"),
    ],
)
def test_a_wrong_key_is_put_right_where_it_stands(reference: str, said: str) -> None:
    assert said in next_step(verdict(401, ProviderError("no"), ""), "mine", reference)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectTimeout("timed out"), "no reply in time"),
        (
            httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"),
            "certificate is not trusted",
        ),
        (httpx.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number"), "no TLS"),
        (httpx.ConnectError("All connection attempts failed"), "no connection"),
        (httpx.RemoteProtocolError("Server disconnected"), "the connection broke"),
    ],
)
def test_no_reply_has_a_reason_and_a_next_step(error: httpx.HTTPError, said: str) -> None:
    problem, step = unreachable(error)
    assert said in problem
    assert step


def test_the_models_that_were_probably_meant_come_first() -> None:
    listed = ["a-model", "gpt-4o-mini", "gpt-4o", "z-model"]
    assert likely_models("gpt-4-o-mini", listed)[0] == "gpt-4o-mini"
    assert set(likely_models("gpt-4-o-mini", listed)) == set(listed)
    assert len(likely_models("x", [f"m{number}" for number in range(50)])) == 8
