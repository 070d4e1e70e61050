"""What is kept of a request's headers: never anything by which somebody could call."""

import pytest

from proxy.dialects.registry import provider_dialect
from proxy.worker.deferred.kept_headers import kept_headers


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "proxy-authorization", "host"),
        *("content-length", "transfer-encoding", "connection", "x-forwarded-for", "x-something-token", "origin"),
    ],
)
def test_credentials_and_what_is_of_the_connection_are_not_kept(name: str) -> None:
    assert kept_headers({name.encode(): b"value"}) == {}


def test_what_steers_the_call_is() -> None:
    headers = {b"x-gatewatch-tags": b'{"a":"\xc3\xa4"}', b"x-sandbox-text": b'"hi"', b"idempotency-key": b"k"}
    kept = kept_headers(headers)
    assert {name.encode(): value.encode("latin-1") for name, value in kept.items()} == headers


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic-messages"])
def test_whatever_a_dialect_passes_on_is(dialect: str) -> None:
    for name in provider_dialect(dialect, "http://x").passed_headers:
        assert kept_headers({name: b"v"}) == {name.decode(): "v"}


def test_what_is_too_long_is_not() -> None:
    assert kept_headers({b"x-gatewatch-tags": b"x" * 9000}) == {}
