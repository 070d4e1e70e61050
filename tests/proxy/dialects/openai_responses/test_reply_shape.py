"""What the response object says of its end, its failure and its cost (openai/types/responses/response.py)."""

from typing import Any

import msgspec
import pytest

from proxy.dialects.openai_responses.reply_shape import (
    Response,
    failure_of,
    finish_of,
    pieces_of,
    raise_if_failed,
    said,
    usage_of,
)
from proxy.dialects.provider_error import NotThisDialect, ProviderError

USAGE = {
    "input_tokens": 36,
    "input_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 0},
    "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 7},
    "total_tokens": 123,
}


def response(**fields: Any) -> Response:
    return msgspec.json.decode(msgspec.json.encode(fields), type=Response)


@pytest.mark.parametrize(
    ("fields", "called", "declined", "finish"),
    [
        ({"status": "completed"}, False, False, "stop"),
        ({"status": "completed"}, True, False, "tool_calls"),
        ({"status": "completed"}, False, True, "refusal"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, True, False, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, False, False, "content_filter"),
        ({"status": "incomplete"}, False, False, "length"),
    ],
)
def test_why_it_ended(fields: dict[str, Any], called: bool, declined: bool, finish: str) -> None:
    assert finish_of(response(**fields), called=called, declined=declined) == finish


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_what_has_not_ended_has_no_reason_to(status: str) -> None:
    with pytest.raises(NotThisDialect, match=status):
        finish_of(response(status=status), called=False, declined=False)


def test_a_failed_response_is_an_error() -> None:
    failed = response(status="failed", error={"code": "server_error", "message": "The model broke."})
    with pytest.raises(ProviderError, match="The model broke") as raised:
        raise_if_failed(failed)
    assert (raised.value.code, raised.value.status) == ("server_error", 500)
    with pytest.raises(ProviderError, match="cancelled"):
        raise_if_failed(response(status="cancelled"))
    raise_if_failed(response(status="completed"))
    assert "failed" in failure_of(response()).message


def test_usage_and_the_searches_beside_it() -> None:
    usage = usage_of(response(usage=USAGE))
    assert usage.raw == USAGE
    assert usage.tokens
    assert (usage.tokens.input_uncached, usage.tokens.input_cache_read) == (30, 6)
    assert (usage.tokens.output, usage.tokens.output_reasoning) == (87, 7)
    assert usage.searches == 0
    assert usage_of(response(tool_usage={"web_search": {"num_requests": 3}})).searches == 3
    calls = [
        {"type": "web_search_call", "action": {"type": "search", "query": "x"}},
        {"type": "web_search_call", "action": {"type": "open_page"}},
        {"type": "web_search_call"},
    ]
    assert usage_of(response(output=calls)).searches == 2


def test_searches_in_files_are_counted() -> None:
    calls = [{"type": "file_search_call", "queries": ["a", "b"]}, {"type": "file_search_call"}, {"type": "message"}]
    usage = usage_of(response(usage=USAGE, output=calls))
    assert (usage.file_searches, usage.unpriced_pieces) == (2, False)


@pytest.mark.parametrize(
    "fields",
    [
        {"output": [{"type": "code_interpreter_call", "container_id": "c"}]},
        {"output": [{"type": "message"}, {"type": "image_generation_call"}]},
        {"output": [{"type": "shell_call", "environment": {"type": "container_reference", "container_id": "c"}}]},
        {"output": [{"type": "a_tool_of_tomorrow_call"}]},
        {"tool_usage": {"image_gen": {"total_tokens": 4160}}},
    ],
)
def test_hosted_tools_cost_what_no_token_count_shows(fields: dict[str, Any]) -> None:
    """Containers are charged by the session, images by another model's tokens (platform.openai.com, Pricing)."""
    assert usage_of(response(usage=USAGE, **fields)).unpriced_pieces


@pytest.mark.parametrize(
    "fields",
    [
        {"output": [{"type": "function_call"}, {"type": "custom_tool_call"}, {"type": "web_search_call"}]},
        {"output": [{"type": "local_shell_call"}, {"type": "apply_patch_call"}, {"type": "computer_call"}]},
        {"output": [{"type": "mcp_call"}, {"type": "mcp_list_tools"}, {"type": "reasoning"}]},
        {"output": [{"type": "shell_call", "environment": {"type": "local"}}, {"type": "shell_call_output"}]},
        {"output": [{"type": "shell_call", "environment": None}]},
        {"tool_usage": {"image_gen": {"total_tokens": 0}, "web_search": {"num_requests": 0}}},
        {"tool_usage": {"image_gen": None}},
    ],
)
def test_what_the_caller_does_itself_and_what_costs_tokens_alone_is_priced(fields: dict[str, Any]) -> None:
    assert not usage_of(response(usage=USAGE, **fields)).unpriced_pieces


def test_odd_values_do_not_lose_a_reply() -> None:
    odd = response(id=5, model=None, created_at="yesterday", service_tier=[], incomplete_details=7, tool_usage=3)
    assert (said(odd.id), odd.created, said(odd.service_tier)) == (None, None, None)
    assert usage_of(odd).tokens is None
    assert response(created_at=1700000000.0).created == 1700000000


def test_pieces_of_nothing_are_none() -> None:
    assert pieces_of(msgspec.Raw(b"null")) == []
    assert [piece.text for piece in pieces_of(msgspec.Raw(b'[{"type":"summary_text","text":"a"}]'))] == ["a"]
