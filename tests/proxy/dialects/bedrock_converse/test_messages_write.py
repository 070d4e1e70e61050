"""Messages of the Converse API reference (botocore's service model); what is refused: langchain-ai/langchainjs #5960,
NousResearch/hermes-agent #55092."""

from typing import Any

import pytest

from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import CacheMark, Declined, Image, Part, Reasoning, Source, Text, ToolCall, ToolResult
from proxy.dialects.bedrock_converse.families import family
from proxy.dialects.bedrock_converse.messages_write import MessagesWriter, call_id
from proxy.refusal import Refusal

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def written(*turns: Turn, model: str = CLAUDE) -> MessagesWriter:
    writer = MessagesWriter(family(model), Losses("aws"), images=True)
    writer.add(turns)
    return writer


def user(*parts: Part) -> Turn:
    return Turn(role="user", parts=list(parts))


def assistant(*parts: Part) -> Turn:
    return Turn(role="assistant", parts=list(parts))


def call(id: str, arguments: str = "{}", **more: Any) -> ToolCall:
    return ToolCall(id=id, name="weather", arguments=arguments, **more)


def test_instructions_are_hoisted_and_neighbours_joined() -> None:
    said = written(
        Turn(role="system", parts=[Text(text="Be kind.")]),
        user(Text(text="a")),
        Turn(role="developer", parts=[Text(text="Be brief."), Text(text=" ")]),
        user(Text(text="b")),
        assistant(Declined(text="No.")),
    )
    assert said.system == [{"text": "Be kind."}, {"text": "Be brief."}]
    assert said.messages == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "No."}]},
    ]


def test_instructions_alone_are_asked_by_the_user() -> None:
    said = written(Turn(role="system", parts=[Text(text="Tell a joke.")]))
    assert (said.system, said.messages) == ([], [{"role": "user", "content": [{"text": "Tell a joke."}]}])


def test_blank_text_is_left_out() -> None:
    said = written(user(Text(text="a")), assistant(Text(text=""), call("t1")), user(ToolResult(call_id="t1")))
    assert said.messages[1]["content"] == [{"toolUse": {"toolUseId": "t1", "name": "weather", "input": {}}}]
    assert said.messages[2]["content"] == [{"toolResult": {"toolUseId": "t1", "content": []}}]


def test_results_stand_first_with_their_pictures() -> None:
    png = Image(source=Source(data="aGk=", media_type="image/png"))
    said = written(
        assistant(call("t1", '{"city": "Rome"}'), call("t2")),
        user(
            Text(text="So?"),
            ToolResult(call_id="t1", parts=[Text(text="sunny"), png], cache=CacheMark()),
            ToolResult(call_id="t2", parts=[Text(text="broken")], is_error=True),
        ),
    )
    assert said.messages[0]["content"][0]["toolUse"]["input"] == {"city": "Rome"}
    image = {"image": {"format": "png", "source": {"bytes": "aGk="}}}
    assert said.messages[1]["content"] == [
        {"toolResult": {"toolUseId": "t1", "content": [{"text": "sunny"}, image]}},
        {"cachePoint": {"type": "default"}},
        {"toolResult": {"toolUseId": "t2", "content": [{"text": "broken"}], "status": "error"}},
        {"text": "So?"},
    ]
    assert list(said.tool_names) == ["weather"]


def test_arguments_are_always_an_object() -> None:
    said = written(assistant(call("a", "oops"), call("b", "[1]"), call("c", " "), call("d", "{}", free=True)))
    given = [block["toolUse"]["input"] for block in said.messages[0]["content"]]
    assert given == [{"input": "oops"}, {"input": "[1]"}, {}, {"input": "{}"}]


def test_its_own_thoughts_come_back_and_anothers_do_not() -> None:
    said = written(
        assistant(
            Reasoning(text="hm", signature="s", origin="bedrock-converse"),
            Reasoning(signature="cmVk", redacted=True, origin="bedrock-converse"),
            Reasoning(text="x", signature="s", origin="gemini"),
            Reasoning(text="unsigned"),
            Text(text="So"),
        )
    )
    assert said.messages[0]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": "cmVk"}},
        {"text": "So"},
    ]


def test_cache_points_stand_behind_what_they_mark() -> None:
    turns = [
        Turn(role="system", parts=[Text(text="s", cache=CacheMark(ttl="1h"))]),
        user(Text(text="a", cache=CacheMark(ttl="5m"))),
    ]
    said = written(*turns)
    assert said.system == [{"text": "s"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    assert said.messages[0]["content"] == [{"text": "a"}, {"cachePoint": {"type": "default"}}]
    unknown = written(*turns, model="meta.llama3-3-70b-instruct-v1:0")
    assert (unknown.system, unknown.messages[0]["content"]) == ([{"text": "s"}], [{"text": "a"}])


def test_ids_are_made_to_fit_and_stay_apart() -> None:
    assert call_id("toolu_01.a:b-c") == "toolu_01.a:b-c"
    assert call_id("call|1") == "call_1"
    long = [call_id("x" * 70 + end) for end in "ab"]
    assert long[0] != long[1]
    assert all(len(each) <= 64 for each in long)


@pytest.mark.parametrize(
    ("turn", "param"),
    [
        (Turn(role="user", name="ann", parts=[]), "name"),
        (Turn(role="system", parts=[Image(source=Source(data="", media_type="image/png"))]), "turns"),
    ],
)
def test_what_bedrock_cannot_be_told_is_named(turn: Turn, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        written(turn)
    assert refused.value.param == param


def test_the_assistants_own_name_is_left_out() -> None:
    said = written(Turn(role="assistant", name="bot", parts=[Text(text="b")]))
    assert said.messages == [{"role": "assistant", "content": [{"text": "b"}]}]
