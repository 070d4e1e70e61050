"""A whole reply as callers of Responses get it (openai/types/responses/response.py)."""

import msgspec
from openai.types.responses import Response

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice, TokenLogprob, Usage
from proxy.canonical.parts import Citation, Declined, Reasoning, Text, ToolCall
from proxy.dialects.openai_responses.reply_write import write_reply
from tests.kit.strict_types import assert_fits

CALL_ID = "01939d0a-7e1c-7000-8000-000000000001"
BODY = {"model": "fast", "input": "hi"}


def test_text_thoughts_and_calls_are_items_in_their_order() -> None:
    answer = Answer(
        model="claude",
        choices=[
            Choice(
                parts=[
                    Reasoning(text="hm", signature="sig", origin="anthropic-messages"),
                    Text(text="Hello ", citations=[Citation(url="https://x", title="X")]),
                    Text(text="you"),
                    ToolCall(id="c1", name="f", arguments='{"a":1}', signature="ts", origin="gemini"),
                    ToolCall(id="c2", name="g", arguments="x", free=True),
                    ToolCall(id="c3", name="h", arguments=""),
                ],
                finish="tool_calls",
                logprobs=[TokenLogprob(token="Hello", logprob=-0.1)],
            )
        ],
        usage=Usage(),
    )
    said = msgspec.json.decode(write_reply(answer, Tokens(input_uncached=3, output=4), BODY, CALL_ID))
    assert_fits(said, Response)
    assert said["status"] == "completed"
    kinds = ["reasoning", "message", "reasoning", "function_call", "custom_tool_call", "function_call"]
    assert [item["type"] for item in said["output"]] == kinds
    thoughts, message, signed, call, custom, bare = said["output"]
    assert thoughts["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert thoughts["encrypted_content"] == "gw1.anthropic-messages.sig"
    assert [part["text"] for part in message["content"]] == ["Hello ", "you"]
    assert message["content"][0]["annotations"][0]["url"] == "https://x"
    assert message["content"][0]["logprobs"][0]["token"] == "Hello"
    assert signed["encrypted_content"] == "gw1.call:gemini.ts"
    assert (call["call_id"], call["name"], call["arguments"]) == ("c1", "f", '{"a":1}')
    assert (custom["call_id"], custom["input"]) == ("c2", "x")
    assert bare["arguments"] == "{}"
    assert len({item["id"] for item in said["output"]}) == 6
    assert said["usage"]["total_tokens"] == 7


def test_the_clients_own_text_is_the_text() -> None:
    answer = Answer(choices=[Choice(parts=[Text(text="Hi "), Text(text="you")], finish="stop")], usage=Usage())
    response = Response.model_validate_json(write_reply(answer, Tokens(), BODY, CALL_ID))
    assert response.output_text == "Hi you"


def test_a_refusal_completes_the_reply_and_a_cut_does_not() -> None:
    declined = Answer(choices=[Choice(parts=[Declined(text="no")], finish="refusal")], usage=Usage())
    said = msgspec.json.decode(write_reply(declined, Tokens(), BODY, CALL_ID))
    assert_fits(said, Response)
    assert said["status"] == "completed"
    assert said["output"][0]["content"] == [{"type": "refusal", "refusal": "no"}]
    cut = Answer(choices=[Choice(parts=[Text(text="a")], finish="length")], usage=Usage())
    said = msgspec.json.decode(write_reply(cut, Tokens(), BODY, CALL_ID))
    assert (said["status"], said["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})


def test_a_reply_without_anything_has_no_output() -> None:
    said = msgspec.json.decode(write_reply(Answer(choices=[], usage=Usage()), Tokens(), BODY, CALL_ID))
    assert_fits(said, Response)
    assert said["output"] == []
