"""Counts by hand: four started characters are a token, a message adds 4, the prompt 3, an image 85."""

from typing import Any

from proxy.sandbox.bedrock_request import ConverseAsked
from proxy.sandbox.bedrock_tokens import Counted, count, usage

POINT: dict[str, Any] = {"cachePoint": {"type": "default"}}
LONG = {"text": "x" * 4 * 2000}


def counted(*messages: tuple[str, list[dict[str, Any]]], **body: Any) -> Counted:
    said = [{"role": role, "content": content} for role, content in messages]
    return count(ConverseAsked({"messages": said} | body, "anthropic.claude-x"))


def test_everything_counts() -> None:
    image = {"image": {"format": "png", "source": {"bytes": "eA=="}}}
    document = {"document": {"name": "Report", "source": {"text": "12345"}}}
    call = {"toolUse": {"toolUseId": "a", "name": "four", "input": {}}}
    result = {"toolResult": {"toolUseId": "a", "content": [{"text": "12345"}, {"json": {}}]}}
    tool = {"toolSpec": {"name": "four", "description": "1234", "inputSchema": {"json": {"type": "object"}}}}
    found = counted(
        ("user", [{"text": "12345"}, image, document]),
        ("assistant", [call]),
        ("user", [result]),
        system=[{"text": "123"}],
        toolConfig={"tools": [tool]},
    )
    assert found == Counted(3 + 4 * 3 + 2 + 85 + 2 + (1 + 1) + (2 + 1) + 1 + (1 + 1 + 5), 0, 0, 0)


def test_what_stands_before_a_point_is_written_and_read_once_it_was_answered() -> None:
    first = counted(("user", [LONG, POINT, {"text": "1234"}]))
    assert first == Counted(1, 0, 2007, 0)
    hour = {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert counted(("user", [LONG, hour, LONG, POINT])) == Counted(0, 0, 2000, 2007)
    again = counted(("user", [LONG, POINT]), ("assistant", [{"text": "1234"}]), ("user", [{"text": "1234"}]))
    assert again == Counted(10, 2007, 0, 0)


def test_a_short_prompt_is_not_cached() -> None:
    assert counted(("user", [{"text": "1234"}, POINT])) == Counted(8, 0, 0, 0)


def test_the_total_is_all_of_it_and_the_longer_kept_comes_first() -> None:
    assert usage(Counted(1, 2, 3, 4), 5) == {
        "inputTokens": 1,
        "outputTokens": 5,
        "totalTokens": 15,
        "cacheReadInputTokens": 2,
        "cacheWriteInputTokens": 7,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 4}, {"ttl": "5m", "inputTokens": 3}],
    }
    assert "cacheDetails" not in usage(Counted(1, 0, 0, 0), 5)
