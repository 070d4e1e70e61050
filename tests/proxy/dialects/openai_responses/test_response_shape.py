"""The response object around the output (openai/types/responses/response.py)."""

from typing import Any

import msgspec
import pytest
from openai.types.responses import Response

from gatewatch.call import Tokens
from proxy.canonical.answer import Finish
from proxy.dialects.openai_responses.response_shape import ResponseShape, ending, usage_of
from tests.kit.strict_types import assert_fits

CALL_ID = "01939d0a-7e1c-7000-8000-000000000001"
FULL: dict[str, Any] = {
    "model": "fast",
    "instructions": "be brief",
    "input": "hi",
    "max_output_tokens": 100,
    "metadata": {"team": "x", "odd": 5},
    "parallel_tool_calls": False,
    "prompt_cache_key": "k",
    "reasoning": {"effort": "high", "summary": "auto"},
    "safety_identifier": "u",
    "temperature": 0.5,
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
    "tool_choice": {"type": "function", "name": "f"},
    "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}],
    "top_logprobs": 2,
    "top_p": 1,
    "store": True,
}


def test_what_the_caller_asked_for_is_repeated() -> None:
    shape = ResponseShape(FULL, CALL_ID)
    shape.name("claude", 1700000000, "default")
    said = msgspec.json.decode(shape.response("completed", [], Tokens(input_uncached=1, output=2)))
    assert_fits(said, Response)
    assert said["id"] == "resp_gw101939d0a7e1c70008000000000000001"
    assert (said["object"], said["status"], said["model"], said["created_at"]) == (
        "response",
        "completed",
        "claude",
        1700000000,
    )
    for name in ("instructions", "max_output_tokens", "parallel_tool_calls", "reasoning", "tool_choice", "top_p"):
        assert said[name] == FULL[name]
    assert said["metadata"] == {"team": "x"}
    assert said["tools"][0] == {"type": "function", "name": "f", "parameters": None, "strict": None}
    assert said["service_tier"] == "default"
    assert said["previous_response_id"] is None


def test_what_was_not_asked_for_has_openais_defaults() -> None:
    said = msgspec.json.decode(ResponseShape({"model": "fast", "input": "hi"}, CALL_ID).response("in_progress"))
    assert_fits(said, Response)
    assert (said["model"], said["temperature"], said["top_p"], said["tool_choice"], said["tools"]) == (
        "fast",
        1.0,
        1.0,
        "auto",
        [],
    )
    assert said["text"] == {"format": {"type": "text"}}
    assert said["usage"] is None
    assert said["completed_at"] is None


def test_what_the_caller_said_in_the_wrong_type_is_not_repeated() -> None:
    odd = {"model": 5, "instructions": [], "temperature": True, "reasoning": {"effort": "much"}, "metadata": []}
    assert_fits(msgspec.json.decode(ResponseShape(odd, CALL_ID).response("in_progress")), Response)


def test_an_incomplete_response_says_why() -> None:
    shape = ResponseShape({"model": "m"}, CALL_ID)
    said = msgspec.json.decode(shape.response("incomplete", [], Tokens(), "max_output_tokens"))
    assert_fits(said, Response)
    assert said["incomplete_details"] == {"reason": "max_output_tokens"}


@pytest.mark.parametrize(
    ("finish", "declined", "expected"),
    [
        ("stop", False, ("completed", None)),
        ("stop_sequence", False, ("completed", None)),
        ("tool_calls", False, ("completed", None)),
        ("length", False, ("incomplete", "max_output_tokens")),
        ("content_filter", False, ("incomplete", "content_filter")),
        ("refusal", False, ("incomplete", "content_filter")),
        ("refusal", True, ("completed", None)),
        ("pause", False, ("incomplete", None)),
    ],
)
def test_how_a_reply_ends(finish: Finish, declined: bool, expected: tuple[str, str | None]) -> None:
    assert ending(finish, declined) == expected


def test_usage_counts_the_cache_in_the_input_and_reasoning_in_the_output() -> None:
    tokens = Tokens(
        input_uncached=10,
        input_cache_read=5,
        input_cache_write_5m=3,
        input_cache_write_1h=2,
        output=7,
        output_reasoning=4,
    )
    assert usage_of(tokens) == {
        "input_tokens": 20,
        "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 5},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 27,
    }
