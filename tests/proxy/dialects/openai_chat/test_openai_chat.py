"""The two sides of the dialect as the worker meets them."""

import json

import pytest

from proxy.dialects.dialect import CallerDialect, ProviderDialect
from proxy.dialects.openai_chat import CALLER, PROVIDER
from proxy.refusal import bad_request


def test_both_sides_keep_the_contract() -> None:
    caller: CallerDialect = CALLER
    provider: ProviderDialect = PROVIDER
    assert caller.name == provider.name == "openai-chat"
    assert provider.endpoints == {"chat", "completions", "embeddings"}
    assert provider.key_header == "authorization"


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("chat", "/chat/completions"),
        ("completions", "/completions"),
        ("embeddings", "/embeddings"),
        ("messages", "/chat/completions"),
        ("responses", "/chat/completions"),
    ],
)
def test_each_endpoint_has_its_path_and_foreign_ones_become_chat(endpoint: str, path: str) -> None:
    assert PROVIDER.path(endpoint, "m", stream=False) == path


def test_an_error_has_all_four_fields_whole_and_in_a_stream() -> None:
    refusal = bad_request("invalid_value", "No.", param="messages")
    expected = {
        "error": {"message": "No.", "type": "invalid_request_error", "param": "messages", "code": "invalid_value"}
    }
    assert json.loads(CALLER.error(refusal, "c1")) == expected
    event = CALLER.error_event(refusal, "c1")
    assert event.startswith(b"data: ")
    assert event.endswith(b"}\n\n")
    assert json.loads(event[6:]) == expected
