"""Replies as ai.google.dev/api/generate-content, …/docs/function-calling and …/docs/thought-signatures show them."""

from typing import Any

import msgspec
import pytest

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice
from proxy.canonical.parts import Citation, Reasoning, Text, ToolCall
from proxy.dialects.gemini.reply_read import read
from proxy.dialects.provider_error import NotThisDialect, ProviderError

USAGE = {"promptTokenCount": 8, "candidatesTokenCount": 3, "totalTokenCount": 11, "serviceTier": "STANDARD"}


def reply(*parts: dict[str, Any], **more: Any) -> Answer:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "finishReason": "STOP", "index": 0, **more}
    return answer({"candidates": [candidate]})


def answer(said: dict[str, Any]) -> Answer:
    return read(msgspec.json.encode({"usageMetadata": USAGE, "modelVersion": "m-1", "responseId": "r-1", **said}))


def test_text_comes_with_what_it_used() -> None:
    said = reply({"text": "Hello."})
    assert said.choices == [Choice(parts=[Text(text="Hello.")], finish="stop")]
    assert (said.id, said.model, said.service_tier) == ("r-1", "m-1", "standard")
    assert said.usage.raw == USAGE
    assert said.usage.tokens == Tokens(input_uncached=8, output=3)


def test_calls_keep_their_ids_arguments_and_signatures() -> None:
    said = reply(
        {"functionCall": {"id": "f-1", "name": "weather", "args": {"city": "Rome"}}, "thoughtSignature": "sig"},
        {"functionCall": {"name": "clock"}},
    ).choices[0]
    assert said.finish == "tool_calls"
    first, second = said.parts
    assert first == ToolCall(id="f-1", name="weather", arguments='{"city":"Rome"}', signature="sig", origin="gemini")
    assert isinstance(second, ToolCall)
    assert second.id.startswith("call_")
    assert second == ToolCall(id=second.id, name="clock", arguments="{}")


def test_thoughts_and_signatures_stand_in_their_places() -> None:
    said = reply({"text": "Hm.", "thought": True}, {"text": "Yes."}, {"text": "", "thoughtSignature": "sig"})
    assert said.choices[0].parts == [
        Reasoning(text="Hm."),
        Text(text="Yes."),
        Reasoning(signature="sig", redacted=True, origin="gemini"),
    ]
    signed = reply({"text": "Hm.", "thought": True, "thoughtSignature": "s"}, {"text": "Yes.", "thoughtSignature": "t"})
    assert signed.choices[0].parts == [
        Reasoning(text="Hm.", signature="s", origin="gemini"),
        Text(text="Yes."),
        Reasoning(signature="t", redacted=True, origin="gemini"),
    ]


def test_pictures_and_code_are_skipped() -> None:
    parts: list[dict[str, Any]] = [
        {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
        {"executableCode": {}},
        {"text": "a"},
    ]
    assert reply(*parts).choices[0].parts == [Text(text="a")]


def test_choices_stand_by_their_index() -> None:
    candidates = [
        {"content": {"parts": [{"text": "b"}]}, "finishReason": "MAX_TOKENS", "index": 1},
        {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"},
    ]
    assert answer({"candidates": candidates}).choices == [
        Choice(parts=[Text(text="a")], finish="stop"),
        Choice(parts=[Text(text="b")], finish="length"),
    ]


def test_citations_count_characters_where_google_counts_bytes() -> None:
    grounding = {
        "webSearchQueries": ["q"],
        "groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 8}, "groundingChunkIndices": [0]}],
    }
    said = reply({"text": "né à Rome"}, groundingMetadata=grounding)
    cited = Citation(url="https://a.test", title="A", start=2, end=6)
    assert said.choices[0].parts == [Text(text="né à Rome", citations=[cited])]
    assert said.usage.searches == 1


def test_a_blocked_prompt_has_no_parts() -> None:
    said = answer({"promptFeedback": {"blockReason": "SAFETY"}})
    assert said.choices == [Choice(parts=[], finish="content_filter")]


def test_a_blocked_reply_has_no_content() -> None:
    assert answer({"candidates": [{"finishReason": "SAFETY"}]}).choices == [Choice(parts=[], finish="content_filter")]


def test_usage_that_is_not_sound_is_kept_and_not_believed() -> None:
    said = answer({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 8}})
    assert said.usage.raw == {"promptTokenCount": 8}
    broken = answer({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"totalTokenCount": 8}})
    assert broken.usage.tokens is None


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(ProviderError, match="overloaded") as raised:
        read(b'[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]')
    assert raised.value.status == 503


@pytest.mark.parametrize("body", [b"", b"{}", b'{"choices":[]}', b"<html>", b"[]"])
def test_another_reply_is_none_of_this_dialect(body: bytes) -> None:
    with pytest.raises(NotThisDialect):
        read(body)
