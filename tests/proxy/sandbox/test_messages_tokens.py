"""Counted by hand: four bytes are a token, a message adds 4, the prompt 3, an image 85."""

from typing import Any

import msgspec
import pytest

from proxy.sandbox.messages_request import CountAsked
from proxy.sandbox.messages_tokens import Counted, count

MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
HI = {"role": "user", "content": "hi"}
ANSWER = {"role": "assistant", "content": "Yes."}


def counted(**fields: Any) -> Counted:
    return count(msgspec.convert({"model": "m", "messages": [HI]} | fields, CountAsked))


def words(tokens: int, mark: dict[str, str] | None = None) -> dict[str, Any]:
    return {"type": "text", "text": "abcd" * tokens} | ({"cache_control": mark} if mark else {})


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({}, 8),
        ({"system": "abcdefgh"}, 10),
        ({"system": [words(2), words(3)]}, 13),
        ({"messages": [HI, ANSWER, HI]}, 3 + 5 + 5 + 5),
        ({"messages": [user({"type": "image", "source": {"type": "file", "file_id": "f"}})]}, 3 + 4 + 85),
        ({"tools": [{"name": "f", "description": "abcd", "input_schema": {"type": "object"}}]}, 8 + 1 + 1 + 5),
        (
            {
                "messages": [
                    HI,
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
                    user({"type": "tool_result", "tool_use_id": "a", "content": "abcd"}),
                ]
            },
            3 + 5 + (4 + 1 + 1) + (4 + 1),
        ),
        (
            {
                "messages": [
                    user({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}})
                ]
            },
            3 + 4 + 1,
        ),
    ],
)
def test_a_prompt_is_counted(fields: dict[str, Any], tokens: int) -> None:
    assert counted(**fields) == Counted(tokens, 0, 0, 0)


def test_a_marked_beginning_is_written_at_first() -> None:
    assert counted(system=[words(2000, MARK)]) == Counted(5, 0, 2003, 0)


def test_it_is_read_when_the_assistant_has_answered() -> None:
    assert counted(system=[words(2000, MARK)], messages=[HI, ANSWER, HI]) == Counted(15, 2003, 0, 0)


def test_what_came_since_is_written_behind_what_is_read() -> None:
    turns = [user(words(100, MARK)), ANSWER, user(words(200, MARK))]
    found = counted(system=[words(2000)], messages=turns)
    assert found == Counted(0, 3 + 2000 + 104, 5 + 204, 0)


def test_hours_and_minutes_are_told_apart() -> None:
    found = counted(system=[words(2000, HOUR)], messages=[user(words(100, MARK))])
    assert found == Counted(0, 0, 104, 2003)


def test_short_beginnings_are_not_cached() -> None:
    assert counted(system=[words(1000, MARK)]) == Counted(1008, 0, 0, 0)


def test_the_mark_of_the_request_is_at_its_end() -> None:
    assert counted(system=[words(2000)], cache_control=MARK) == Counted(0, 0, 2008, 0)
