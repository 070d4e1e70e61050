"""`ConverseResponse` of the API reference (botocore's service model, whose blobs are base64 in JSON)."""

from typing import Any

import msgspec
import pytest

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice
from proxy.canonical.parts import Citation, Reasoning, Text, ToolCall
from proxy.dialects.bedrock_converse.reply_read import read, read_count
from proxy.dialects.provider_error import NotThisDialect


def reply(*content: dict[str, Any], stop: str = "end_turn", **more: Any) -> Answer:
    said = {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": {"inputTokens": 8, "outputTokens": 3, "totalTokens": 11},
        "metrics": {"latencyMs": 551},
        **more,
    }
    return read(msgspec.json.encode(said))


def test_text_comes_with_what_it_used() -> None:
    said = reply({"text": "Hello."}, serviceTier={"type": "flex"})
    assert said.choices == [Choice(parts=[Text(text="Hello.")], finish="stop")]
    assert said.usage.tokens == Tokens(input_uncached=8, output=3)
    assert said.service_tier == "flex"


def test_calls_keep_their_arguments_as_written() -> None:
    said = read(
        b'{"output":{"message":{"role":"assistant","content":[{"toolUse":{"toolUseId":"t1","name":"f",'
        b'"input":{ "n": 1.50 }}},{"toolUse":{"toolUseId":"t2","name":"g","input":{}}}]}},'
        b'"stopReason":"tool_use","usage":{}}'
    )
    assert said.choices[0].finish == "tool_calls"
    assert said.choices[0].parts == [
        ToolCall(id="t1", name="f", arguments='{"n":1.50}'),
        ToolCall(id="t2", name="g", arguments="{}"),
    ]
    assert said.usage.tokens is None


def test_thoughts_come_signed_and_sealed() -> None:
    said = reply(
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"reasoningContent": {"reasoningText": {"text": "unsigned"}}},
        {"reasoningContent": {"redactedContent": "cmVk"}},
    )
    assert said.choices[0].parts == [
        Reasoning(text="hm", signature="s", origin="bedrock-converse"),
        Reasoning(text="unsigned"),
        Reasoning(signature="cmVk", redacted=True, origin="bedrock-converse"),
    ]


def test_cited_text_brings_its_sources() -> None:
    content = {"content": [{"text": "So "}, {"text": "it is."}], "citations": [{"title": "T"}]}
    said = reply({"citationsContent": content})
    assert said.choices[0].parts == [Text(text="So it is.", citations=[Citation(title="T")])]


def test_the_stop_sequence_is_told_where_the_model_tells_it() -> None:
    said = reply(stop="stop_sequence", additionalModelResponseFields={"stop_sequence": "END"})
    assert said.choices == [Choice(parts=[], finish="stop_sequence", stop_sequence="END")]


def test_pictures_and_tools_of_aws_are_skipped() -> None:
    hosted = {"toolUse": {"toolUseId": "x", "name": "web", "input": {}, "type": "server_tool_use"}}
    assert reply({"image": {"format": "png"}}, hosted, {"text": "a"}).choices[0].parts == [Text(text="a")]


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"[]", b'{"choices":[]}', b"\xff"])
def test_another_reply_is_none_of_this_dialect(body: bytes) -> None:
    with pytest.raises(NotThisDialect):
        read(body)
    with pytest.raises(NotThisDialect):
        read_count(body)


def test_the_count_is_read() -> None:
    assert read_count(b'{"inputTokens":31}') == 31
