"""What is said, in which blocks, and why it ends."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proxy.sandbox.messages_content import REASONS
from proxy.sandbox.signed_thinking import is_ours, signs
from tests.kit.raw_http import RawReply

Messages = Callable[..., Awaitable[RawReply]]


@pytest.mark.parametrize("finish", REASONS)
async def test_a_test_dictates_why_it_ends(messages: Messages, finish: str) -> None:
    headers = {"x-sandbox-finish": finish}
    assert (await messages(headers=headers)).json["stop_reason"] == REASONS[finish]
    assert (await messages(headers=headers, stream=True)).events[-2]["delta"]["stop_reason"] == REASONS[finish]


async def test_a_refusal_has_details(messages: Messages) -> None:
    assert (await messages(headers={"x-sandbox-finish": "refusal"})).json["stop_details"]["type"] == "refusal"
    assert (await messages()).json["stop_details"] is None


async def test_the_limit_ends_it(messages: Messages) -> None:
    reply = (await messages(max_tokens=3)).json
    assert (reply["stop_reason"], reply["usage"]["output_tokens"]) == ("max_tokens", 3)
    assert reply["content"] == [{"type": "text", "text": "This is the"}]


async def test_the_stop_sequence_that_comes_first_ends_it_and_is_named(messages: Messages) -> None:
    reply = (await messages(stop_sequences=["sandbox", " the", "nowhere"])).json
    assert (reply["stop_reason"], reply["stop_sequence"]) == ("stop_sequence", " the")
    assert reply["content"][0]["text"] == "This is"
    without = (await messages(stop_sequences=["nowhere"])).json
    assert (without["stop_reason"], without["stop_sequence"]) == ("end_turn", None)


async def test_a_test_dictates_the_stop_sequence(messages: Messages) -> None:
    reply = (await messages(headers={"x-sandbox-stop-sequence": '"END"'})).json
    assert (reply["stop_reason"], reply["stop_sequence"]) == ("stop_sequence", "END")


async def test_thinking_comes_first_and_is_signed(messages: Messages) -> None:
    calls = json.dumps([{"name": "f", "arguments": {"a": 1}}, {"name": "f"}])
    headers = {"x-sandbox-thinking": '"Hm."', "x-sandbox-text": '"Well."', "x-sandbox-calls": calls}
    thought, text, first, second = (await messages(headers=headers)).json["content"]
    assert (thought["thinking"], text["text"]) == ("Hm.", "Well.")
    assert signs(thought["signature"], "Hm.")
    assert (first["input"], second["input"]) == ({"a": 1}, {})
    assert first["id"] != second["id"]


async def test_redacted_thinking_is_data(messages: Messages) -> None:
    block = (await messages(headers={"x-sandbox-thinking": '"redacted"'})).json["content"][0]
    assert block.keys() == {"type", "data"}
    assert is_ours(block["data"])


async def test_who_asks_for_thinking_gets_some(messages: Messages) -> None:
    asked = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    thought = (await messages(**asked)).json["content"][0]
    assert thought["type"] == "thinking"
    assert signs(thought["signature"], thought["thinking"])
    hidden = (await messages(thinking=asked["thinking"] | {"display": "omitted"})).json["content"][0]
    assert (hidden["thinking"], hidden["signature"]) == ("", thought["signature"])


async def test_a_tool_that_must_be_called_is_called_with_what_fits(messages: Messages) -> None:
    tool: dict[str, Any] = {
        "name": "f",
        "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
    }
    reply = (await messages(tools=[tool], tool_choice={"type": "tool", "name": "f"})).json
    (block,) = reply["content"]
    assert (block["type"], block["name"], reply["stop_reason"]) == ("tool_use", "f", "tool_use")
    assert isinstance(block["input"]["n"], int)
    assert (await messages(tools=[tool])).json["content"][0]["type"] == "text"


async def test_a_structured_reply_fits_its_schema(messages: Messages) -> None:
    form = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
    reply = await messages(output_config={"format": {"type": "json_schema", "schema": form}})
    assert json.loads(reply.json["content"][0]["text"]).keys() == {"n"}


async def test_cited_parts_are_blocks_of_their_own(messages: Messages) -> None:
    cited = json.dumps([{"url": "u1", "title": "T", "quote": "green"}, {"url": "u2", "quote": "not in it"}])
    headers = {"x-sandbox-text": '"The grass is green."', "x-sandbox-citations": cited}
    blocks = (await messages(headers=headers)).json["content"]
    assert [block["text"] for block in blocks] == ["The grass is ", "green", "."]
    found = [[each["url"] for each in block.get("citations", [])] for block in blocks]
    assert found == [[], ["u1"], ["u2"]]
    assert blocks[1]["citations"][0]["cited_text"] == "green"
    events = (await messages(headers=headers, stream=True)).events
    deltas = [event["delta"]["citation"] for event in events if event.get("delta", {}).get("type") == "citations_delta"]
    assert deltas == [blocks[1]["citations"][0], blocks[2]["citations"][0]]
