"""Chunks as ai.google.dev/api/generate-content (`streamGenerateContent`) and …/docs/thought-signatures show them."""

from typing import Any

import msgspec
import pytest

from gatewatch.call import Tokens
from proxy.canonical.answer import TokenLogprob
from proxy.canonical.events import (
    ArgumentsAdded,
    Cited,
    Ended,
    Event,
    Finished,
    PartEnded,
    ReasoningAdded,
    ReasoningSigned,
    Started,
    TextAdded,
    ToolCalled,
    UsageSeen,
)
from proxy.canonical.parts import Citation
from proxy.dialects.gemini.stream_read import Reader
from proxy.dialects.provider_error import NotThisDialect, ProviderError


def chunk(*parts: dict[str, Any], finish: str | None = None, index: int | None = None, **more: Any) -> bytes:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}}
    if finish:
        candidate["finishReason"] = finish
    if index is not None:
        candidate["index"] = index
    candidate |= {name: more.pop(name) for name in ("groundingMetadata", "logprobsResult") if name in more}
    return msgspec.json.encode({"candidates": [candidate], "modelVersion": "m-1", "responseId": "r-1", **more})


def events(*chunks: bytes) -> list[Event]:
    reader = Reader()
    said = [event for each in chunks for event in reader.read(each)]
    assert said[0] == Started(id="r-1", model="m-1")
    return said[1:]


def test_text_is_passed_on_chunk_by_chunk_and_the_last_usage_counts() -> None:
    first = {"promptTokenCount": 4, "totalTokenCount": 4}
    last = {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6}
    said = events(chunk({"text": "Hel"}, usageMetadata=first), chunk({"text": "lo"}, finish="STOP", usageMetadata=last))
    assert [event for event in said if not isinstance(event, UsageSeen)] == [
        TextAdded(text="Hel"),
        TextAdded(text="lo"),
        Finished(reason="stop"),
    ]
    seen = [event.usage for event in said if isinstance(event, UsageSeen)]
    assert [usage.raw for usage in seen] == [first, last]
    assert seen[-1].tokens == Tokens(input_uncached=4, output=2)


def test_how_the_call_was_served_may_be_told_at_the_end() -> None:
    first, last = {"promptTokenCount": 4, "totalTokenCount": 4}, {"promptTokenCount": 4, "totalTokenCount": 4}
    said = events(
        chunk({"text": "Hel"}, usageMetadata=first),
        chunk({"text": "lo"}, finish="STOP", usageMetadata={**last, "trafficType": "ON_DEMAND_PRIORITY"}),
    )
    assert [event.service_tier for event in said if isinstance(event, UsageSeen)] == [None, "priority"]


def test_usage_that_is_no_object_is_kept_and_the_reply_goes_on() -> None:
    said = events(chunk({"text": "Hello"}, finish="STOP", usageMetadata="ten tokens"))
    (seen,) = [event.usage for event in said if isinstance(event, UsageSeen)]
    assert (seen.raw, seen.tokens) == ("ten tokens", None)


def test_parallel_calls_come_whole_one_after_the_other() -> None:
    said = events(
        chunk({"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}, "thoughtSignature": "s"}),
        chunk({"functionCall": {"id": "b", "name": "g", "args": {}}}, finish="STOP"),
    )
    assert said == [
        ToolCalled(id="a", name="f", tool=0, signature="s", origin="gemini"),
        ArgumentsAdded(text='{"x":1}', tool=0),
        PartEnded(tool=0),
        ToolCalled(id="b", name="g", tool=1),
        ArgumentsAdded(text="{}", tool=1),
        PartEnded(tool=1),
        Finished(reason="tool_calls"),
    ]


def test_calls_without_ids_get_their_own() -> None:
    said = events(chunk({"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}}, finish="STOP"))
    ids = [event.id for event in said if isinstance(event, ToolCalled)]
    assert len(set(ids)) == 2
    assert all(ids)


def test_thoughts_come_before_and_signatures_where_they_stand() -> None:
    said = events(
        chunk({"text": "Hm", "thought": True}),
        chunk({"text": ".", "thought": True, "thoughtSignature": "s"}),
        chunk({"text": "Yes."}),
        chunk({"text": "", "thoughtSignature": "t"}, finish="STOP"),
    )
    assert said == [
        ReasoningAdded(text="Hm"),
        ReasoningAdded(text="."),
        ReasoningSigned(signature="s", origin="gemini"),
        TextAdded(text="Yes."),
        ReasoningSigned(signature="t", origin="gemini", redacted=True),
        Finished(reason="stop"),
    ]


def test_several_candidates_run_side_by_side() -> None:
    reader = Reader()
    reader.read(chunk({"text": "a"}, index=0))
    reader.read(chunk({"text": "b"}, index=1))
    assert reader.read(chunk({"text": "c"}, index=1, finish="STOP")) == [
        TextAdded(text="c", choice=1),
        Finished(reason="stop", choice=1),
    ]
    assert reader.closed() == []
    reader.read(chunk(index=0, finish="MAX_TOKENS"))
    assert reader.closed() == [Ended()]


def test_a_close_is_the_end_only_where_a_reason_came() -> None:
    reader = Reader()
    assert reader.closed() == []
    reader.read(chunk({"text": "a"}))
    assert reader.closed() == []
    reader.read(chunk(finish="STOP"))
    assert reader.closed() == [Ended()]


def test_what_follows_the_end_is_skipped_but_for_the_usage() -> None:
    said = events(chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}, finish="STOP", usageMetadata={}))
    assert said[:2] == [TextAdded(text="a"), Finished(reason="stop")]
    assert [type(event) for event in said[2:]] == [UsageSeen]


def test_a_blocked_prompt_is_an_end() -> None:
    reader = Reader()
    data = b'{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}'
    said = reader.read(data)
    assert said[1] == Finished(reason="content_filter")
    assert reader.closed() == [Ended()]


def test_sources_are_cited_with_positions_while_bytes_are_characters() -> None:
    grounding = {
        "webSearchQueries": ["q"],
        "groundingChunks": [{"web": {"uri": "https://a.test"}}],
        "groundingSupports": [{"segment": {"startIndex": 0, "endIndex": 5}, "groundingChunkIndices": [0]}],
    }
    usage = {"promptTokenCount": 4, "totalTokenCount": 4}
    last = chunk(finish="STOP", groundingMetadata=grounding, usageMetadata=usage)
    said = events(chunk({"text": "Spain won"}), last)
    assert Cited(citation=Citation(url="https://a.test", start=0, end=5)) in said
    assert isinstance(said[-1], UsageSeen)
    assert said[-1].usage.searches == 1
    assert Cited(citation=Citation(url="https://a.test")) in events(chunk({"text": "España"}), last)


def test_citations_follow_their_text_before_its_signature_does() -> None:
    grounding = {"groundingChunks": [{"web": {"uri": "https://a.test"}}]}
    last = chunk({"text": "", "thoughtSignature": "c2ln"}, finish="STOP", groundingMetadata=grounding)
    assert events(chunk({"text": "Spain won"}), last)[1:] == [
        Cited(citation=Citation(url="https://a.test")),
        ReasoningSigned(signature="c2ln", origin="gemini", redacted=True),
        Finished(reason="stop"),
    ]


def test_log_probabilities_come_with_their_text() -> None:
    logprobs = {"chosenCandidates": [{"token": "a", "logProbability": -1.0}]}
    said = events(chunk({"text": "a"}, logprobsResult=logprobs))
    assert said == [TextAdded(text="a", logprobs=[TokenLogprob(token="a", logprob=-1.0, bytes=[97])])]


@pytest.mark.parametrize("form", [b'{"error":%s}', b'[{"error":%s}]'])
def test_an_error_in_the_stream_is_raised(form: bytes) -> None:
    reader = Reader()
    reader.read(chunk({"text": "a"}))
    error = b'{"code":429,"message":"Resource exhausted.","status":"RESOURCE_EXHAUSTED"}'
    with pytest.raises(ProviderError) as raised:
        reader.read(form % error)
    assert (raised.value.status, raised.value.code) == (429, "rate_limit_exceeded")


def test_what_is_not_known_is_skipped_and_what_is_broken_is_not() -> None:
    reader = Reader()
    assert reader.read(b'{"modelStatus":{"x":1},"candidates":[{"content":{"parts":[{"toolCall":{}}]}}]}') == [Started()]
    with pytest.raises(NotThisDialect):
        reader.read(b'{"candidates":')


@pytest.mark.parametrize("index", [-1, 128, 10**9])
def test_candidates_that_nobody_can_ask_for_are_not_kept(index: int) -> None:
    with pytest.raises(NotThisDialect):
        Reader().read(chunk({"text": "a"}, index=index))
