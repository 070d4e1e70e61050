"""The two sides of the dialect as the worker meets them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.call import Tokens
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import CallerDialect, Destination, ProviderDialect
from proxy.dialects.openai_chat import CALLER, PROVIDER
from proxy.dialects.provider_error import NotThisDialect, ProviderError
from proxy.refusal import Refusal, bad_request


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


NAMES = st.sampled_from(
    [
        "content",
        "role",
        "tool_calls",
        "function",
        "custom",
        "name",
        "arguments",
        "input",
        "index",
        "id",
        "type",
        "text",
        "reasoning",
        "reasoning_details",
        "signature",
        "data",
        "message",
        "error",
        "code",
        "logprobs",
        "token",
        "top_logprobs",
        "annotations",
        "url_citation",
        "url",
        "refusal",
        "image_url",
        "file",
        "file_data",
        "extra_content",
        "google",
        "thought_signature",
        "cache_control",
        "effort",
        "budget_tokens",
        "json_schema",
        "usage",
    ]
)
WORDS = st.sampled_from(
    [
        "",
        "a",
        "text",
        "function",
        "custom",
        "reasoning.text",
        "thinking",
        "data:image/png;base64,AA",
        "https://x",
        "user",
    ]
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def refusal_of(body: dict[str, Any]) -> Refusal | None:
    try:
        PROVIDER.write(CALLER.read(body), Destination(provider="p", model="m"), Losses("p"))
    except Refusal as refusal:
        return refusal
    return None


@given(ANYTHING, ANYTHING, ANYTHING)
def test_whatever_a_caller_sends_is_read_or_refused(content: Any, calls: Any, rest: Any) -> None:
    said = {"role": "assistant", "content": content, "tool_calls": calls, "reasoning_details": rest}
    for body in (
        {"messages": [said]},
        {"messages": [{"role": "user", "content": content}], "tools": calls, "tool_choice": rest},
        {"messages": [{"role": "user", "content": "x"}], "reasoning": content, "response_format": calls, "stop": rest},
        {"messages": content},
    ):
        refused = refusal_of(body)
        assert refused is None or (refused.status == 400 and refused.param)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_whatever_a_provider_sends_is_read_or_an_error(said: Any, logprobs: Any, finish: Any) -> None:
    for value in (
        said,
        {"choices": [{"delta": said, "logprobs": logprobs, "finish_reason": finish}], "usage": logprobs},
        {"choices": [{"message": said, "logprobs": logprobs, "finish_reason": finish}], "usage": finish},
        {"choices": [{"delta": {"tool_calls": said, "content": logprobs, "reasoning_details": finish}}]},
        {"error": said},
    ):
        data = json.dumps(value).encode()
        PROVIDER.read_error(400, data)
        try:
            CALLER.writer({}, "c1").write(PROVIDER.reader().read(data))
            CALLER.write(PROVIDER.read(data), Tokens(), {}, "c1")
        except (ProviderError, NotThisDialect):
            continue
