"""Each path is asked in one dialect, and errors about any path are told in the language of who asks."""

import pytest

from proxy.worker.endpoints import ENDPOINTS, GENERATING, caller_of


@pytest.mark.parametrize(
    ("path", "name", "dialect"),
    [
        ("/v1/chat/completions", "chat", "openai-chat"),
        ("/v1/completions", "completions", "openai-completions"),
        ("/v1/embeddings", "embeddings", "openai-chat"),
        ("/v1/responses", "responses", "openai-responses"),
        ("/v1/messages", "messages", "anthropic-messages"),
        ("/v1/messages/count_tokens", "count_tokens", "anthropic-messages"),
    ],
)
def test_a_path_is_a_kind_of_call_in_a_dialect(path: str, name: str, dialect: str) -> None:
    assert (ENDPOINTS[path].name, ENDPOINTS[path].caller.name) == (name, dialect)


def test_what_generates_is_an_endpoint() -> None:
    assert {endpoint.name for endpoint in ENDPOINTS.values()} - GENERATING == {"embeddings", "count_tokens"}


@pytest.mark.parametrize(
    ("path", "headers", "dialect"),
    [
        ("/v1/responses", {b"anthropic-version": b"2023-06-01"}, "openai-responses"),
        ("/v1/messages/batches", {}, "anthropic-messages"),
        ("/v1/models", {b"anthropic-version": b"2023-06-01"}, "anthropic-messages"),
        ("/v1/models", {}, "openai-chat"),
        ("/nowhere", {}, "openai-chat"),
    ],
)
def test_errors_are_told_to_who_asks(path: str, headers: dict[bytes, bytes], dialect: str) -> None:
    assert caller_of(path, headers).name == dialect
