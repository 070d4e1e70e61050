"""Which requests mean the same whenever they are asked."""

from typing import Any

import pytest

from proxy.worker.caching.repeatable import is_repeatable

FUNCTION = {"type": "function", "function": {"name": "look_up"}}


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("chat", {"messages": []}),
        ("chat", {"tools": [FUNCTION], "temperature": 1.0, "store": False}),
        ("chat", {"web_search_options": None, "plugins": [], "enable_search": False}),
        ("messages", {"tools": [{"name": "look_up", "input_schema": {}}, {"type": "custom", "name": "b"}]}),
        ("responses", {"tools": [{"type": "function", "name": "a"}, {"type": "custom", "name": "b"}]}),
        ("responses", {"background": False, "previous_response_id": None, "store": True}),
        ("completions", {"prompt": "Hello"}),
        ("embeddings", {"input": "Hello"}),
    ],
)
def test_what_asks_for_text_alone_is(endpoint: str, body: dict[str, Any]) -> None:
    assert is_repeatable(endpoint, {}, body)


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("responses", {"previous_response_id": "resp_1"}),
        ("responses", {"conversation": "conv_1"}),
        ("responses", {"conversation": {"id": "conv_1"}}),
        ("responses", {"prompt": {"id": "pmpt_1"}}),
        ("responses", {"background": True}),
        *(
            ("responses", {"tools": [{"type": kind}]})
            for kind in ("web_search", "web_search_preview", "file_search", "code_interpreter", "mcp", "computer")
        ),
        ("responses", {"tools": [{"type": "function", "name": "a"}, {"type": "image_generation"}]}),
        ("messages", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        ("messages", {"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]}),
        ("messages", {"mcp_servers": [{"type": "url", "url": "https://mcp.example"}]}),
        ("messages", {"container": "container_1"}),
        ("chat", {"web_search_options": {"search_context_size": "low"}}),
        ("chat", {"web_search_options": {"user_location": None}}),
        ("chat", {"store": True}),
        ("chat", {"search_parameters": {"mode": "auto"}}),
        ("chat", {"plugins": [{"id": "web"}]}),
        ("chat", {"enable_search": True}),
        ("chat", {"tools": ["not a tool"]}),
        ("chat", {"tools": [{"type": ["list"]}]}),
    ],
)
def test_what_has_effects_or_looks_something_up_is_not(endpoint: str, body: dict[str, Any]) -> None:
    assert not is_repeatable(endpoint, {}, body)


def test_an_empty_object_turns_openais_search_on() -> None:
    assert not is_repeatable("chat", {}, {"web_search_options": {}})


def test_a_deferred_call_has_no_reply_to_keep() -> None:
    assert not is_repeatable("chat", {b"x-gatewatch-priority": b"Deferred"}, {"messages": []})
    assert is_repeatable("chat", {b"x-gatewatch-priority": b"batch"}, {"messages": []})
