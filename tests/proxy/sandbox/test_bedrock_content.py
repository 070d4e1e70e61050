from typing import Any

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.bedrock_content import Content, content
from proxy.sandbox.bedrock_request import ConverseAsked
from proxy.sandbox.demands import Call, Citation, Demands
from proxy.sandbox.signed_thinking import is_ours, signs

KEY = bytes(64)
CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def said(demands: Demands, model: str = CLAUDE, **body: Any) -> Content:
    return content(ConverseAsked(body, model), KEY, demands)


def test_thoughts_come_before_text_before_calls() -> None:
    found = said(Demands(thinking="Hmm.", text="Well.", calls=(Call("f", {"a": 1}),)))
    thought, text, call = [piece.block for piece in found.pieces]
    words = thought["reasoningContent"]["reasoningText"]
    assert words["text"] == "Hmm."
    assert signs(words["signature"], "Hmm.")
    assert text == {"text": "Well."}
    assert call["toolUse"].items() >= {"name": "f", "input": {"a": 1}}.items()
    assert found.stop_reason == "tool_use"


def test_only_claude_signs() -> None:
    (thought, _) = said(Demands(thinking="Hmm."), "openai.gpt-oss-120b-1:0").pieces
    assert thought.block == {"reasoningContent": {"reasoningText": {"text": "Hmm."}}}


def test_what_nobody_may_read_is_sealed() -> None:
    (thought, _) = said(Demands(thinking="redacted")).pieces
    assert is_ours(thought.block["reasoningContent"]["redactedContent"])


def test_text_is_parted_where_its_sources_end() -> None:
    cited = (Citation("https://a.example/x", "A", "One."), Citation("https://b.example", "B", "Three."))
    first, middle, last = said(Demands(text="One. Two. Three.", citations=cited)).pieces
    assert first.block["citationsContent"]["content"] == [{"text": "One."}]
    assert first.block["citationsContent"]["citations"] == [
        {
            "title": "A",
            "sourceContent": [{"text": "One."}],
            "location": {"web": {"url": "https://a.example/x", "domain": "a.example"}},
        }
    ]
    assert middle.block == {"text": " Two. "}
    assert [next(iter(delta)) for delta in last.deltas] == ["text", "text", "citation"]


def test_the_stop_text_that_ended_it_is_known() -> None:
    found = said(Demands(text="one two three"), inferenceConfig={"stopSequences": ["three", " two"]})
    assert (found.stop_reason, found.stop_sequence) == ("stop_sequence", " two")
    assert found.pieces[0].block == {"text": "one"}


def test_a_call_that_the_limit_cut_has_no_arguments_in_a_whole_reply() -> None:
    found = said(Demands(calls=(Call("f", {"city": "Ulm"}),)), inferenceConfig={"maxTokens": 1})
    assert found.stop_reason == "max_tokens"
    assert found.pieces[0].block["toolUse"]["input"] == {}
    assert found.pieces[0].deltas == [{"toolUse": {"input": ""}}, {"toolUse": {"input": '{"ci'}}]


def test_there_is_no_pause() -> None:
    with pytest.raises(ApiError, match="Converse knows no end 'pause'"):
        said(Demands(finish="pause"))
