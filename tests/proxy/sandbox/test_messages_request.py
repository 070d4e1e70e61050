"""types/message_create_params.py of `anthropic` 2.12: what a request may say, and what follows from it."""

from typing import Any

import msgspec
import pytest
import typing_extensions
from anthropic.types import message_count_tokens_params, message_create_params, tool_union_param

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.messages_request import CountAsked, MessagesAsked

IN_HEADERS = {"user_profile_id", "workspace_id"}
OF_OLDER_MODELS = {"temperature", "top_p", "top_k"}
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}
OTHER = TOOL | {"name": "g", "type": "custom"}


def read(**fields: Any) -> MessagesAsked:
    body = {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]} | fields
    return msgspec.convert(body, MessagesAsked)


def test_the_parameters_are_those_of_the_sdk() -> None:
    known = set(typing_extensions.get_type_hints(message_create_params.MessageCreateParamsStreaming))
    assert set(MessagesAsked.__struct_fields__) == known - IN_HEADERS | OF_OLDER_MODELS
    counted = set(typing_extensions.get_type_hints(message_count_tokens_params.MessageCountTokensParams))
    assert set(CountAsked.__struct_fields__) == counted - IN_HEADERS


@pytest.mark.parametrize("kind", typing_extensions.get_args(tool_union_param.ToolUnionParam))
def test_every_tool_of_the_sdk_is_taken(kind: Any) -> None:
    hints = typing_extensions.get_type_hints(kind)
    if "input_schema" in hints:
        assert read(tools=[TOOL]).offered[0].custom
    else:
        named = {name: typing_extensions.get_args(hints[name])[0] for name in ("type", "name") if name in hints}
        assert not read(tools=[named]).offered[0].custom


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"type": "auto"}, []),
        ({"type": "none"}, []),
        ({"type": "any", "disable_parallel_tool_use": True}, ["f", "g"]),
        ({"type": "tool", "name": "g"}, ["g"]),
    ],
)
def test_a_choice_says_which_tools_must_be_called(choice: dict[str, Any], names: list[str]) -> None:
    asked = read(tools=[TOOL, OTHER], tool_choice=choice)
    assert [tool.name for tool in asked.must_call] == names


@pytest.mark.parametrize(
    ("fields", "thinks", "shown"),
    [
        ({}, False, True),
        ({"thinking": {"type": "disabled"}}, False, True),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, True, True),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}}, True, False),
        ({"model": "claude-opus-4-8", "thinking": {"type": "adaptive"}}, True, False),
        ({"model": "claude-opus-4-8", "thinking": {"type": "adaptive", "display": "summarized"}}, True, True),
    ],
)
def test_thinking_is_asked_for_and_shown_or_not(fields: dict[str, Any], thinks: bool, shown: bool) -> None:
    asked = read(**fields)
    assert (asked.thinks, asked.shows_thinking) == (thinks, shown)


def test_limits_and_attribution_are_no_part_of_what_the_reply_follows_from() -> None:
    assert read().basis() == read(max_tokens=1, stream=True, metadata={"user_id": "u"}).basis()
    assert read().basis() != read(system="Be brief.").basis()


def test_a_tool_of_ones_own_has_no_fields_of_the_vendors() -> None:
    with pytest.raises(ApiError, match=r"tools\.0\.custom\.max_uses: Extra inputs are not permitted"):
        read(tools=[TOOL | {"max_uses": 1}])
