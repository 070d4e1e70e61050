"""`ConverseStreamOutput` of the API reference (botocore's service model)."""

from typing import Any

import msgspec
import pytest

from gatewatch.call import Tokens
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
from proxy.dialects.bedrock_converse.stream_read import Reader
from proxy.dialects.provider_error import NotThisDialect, ProviderError
from proxy.eventstream import wrapped


def delta(block: int = 0, **said: Any) -> tuple[str, Any]:
    return "contentBlockDelta", {"contentBlockIndex": block, "delta": said}


def began(block: int, **said: Any) -> tuple[str, Any]:
    return "contentBlockStart", {"contentBlockIndex": block, "start": said}


def stopped(block: int = 0) -> tuple[str, Any]:
    return "contentBlockStop", {"contentBlockIndex": block}


def events(*messages: tuple[str, Any], reader: Reader | None = None) -> list[Event]:
    reading = reader or Reader()
    return [event for name, said in messages for event in reading.read(wrapped((name, msgspec.json.encode(said))))]


def test_text_its_end_and_what_it_used() -> None:
    reader = Reader()
    usage = {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7}
    said = events(
        ("messageStart", {"role": "assistant"}),
        delta(text="Hel"),
        delta(text="lo"),
        delta(text=""),
        stopped(),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 3}}),
        reader=reader,
    )
    assert said[:4] == [Started(), TextAdded(text="Hel"), TextAdded(text="lo"), Finished(reason="stop")]
    assert isinstance(said[4], UsageSeen)
    assert said[4].usage.raw == usage
    assert said[4].usage.tokens == Tokens(input_uncached=5, output=2)
    assert reader.closed() == [Ended()]


def test_how_the_call_was_served_is_told_at_the_end() -> None:
    said = events(("metadata", {"usage": {}, "serviceTier": {"type": "flex"}}))
    assert [event.service_tier for event in said if isinstance(event, UsageSeen)] == ["flex"]


def test_usage_that_is_no_object_is_kept_and_counts_nothing() -> None:
    (seen,) = [event.usage for event in events(("metadata", {"usage": 15})) if isinstance(event, UsageSeen)]
    assert (seen.raw, seen.tokens) == (15, None)


def test_calls_begin_go_on_and_end() -> None:
    said = events(
        delta(text="Let me see."),
        stopped(0),
        began(1, toolUse={"toolUseId": "t1", "name": "f"}),
        delta(1, toolUse={"input": ""}),
        delta(1, toolUse={"input": '{"a":'}),
        delta(1, toolUse={"input": "1}"}),
        stopped(1),
        began(2, toolUse={"toolUseId": "t2", "name": "g"}),
        stopped(2),
        ("messageStop", {"stopReason": "tool_use"}),
    )
    assert said == [
        TextAdded(text="Let me see."),
        ToolCalled(id="t1", name="f", tool=0),
        ArgumentsAdded(text='{"a":', tool=0),
        ArgumentsAdded(text="1}", tool=0),
        PartEnded(tool=0),
        ToolCalled(id="t2", name="g", tool=1),
        ArgumentsAdded(text="{}", tool=1),
        PartEnded(tool=1),
        Finished(reason="tool_calls"),
    ]


def test_thoughts_are_signed_sealed_or_just_end() -> None:
    said = events(
        delta(0, reasoningContent={"text": "hm"}),
        delta(0, reasoningContent={"signature": "s"}),
        stopped(0),
        delta(1, reasoningContent={"redactedContent": "cmVk"}),
        stopped(1),
        delta(2, reasoningContent={"text": "unsigned"}),
        stopped(2),
    )
    assert said == [
        ReasoningAdded(text="hm"),
        ReasoningSigned(signature="s", origin="bedrock-converse"),
        ReasoningSigned(signature="cmVk", origin="bedrock-converse", redacted=True),
        ReasoningAdded(text="unsigned"),
        PartEnded(),
    ]


def test_sources_are_cited() -> None:
    assert events(delta(citation={"title": "T"})) == [Cited(citation=Citation(title="T"))]


def test_the_stop_sequence_is_told_where_the_model_tells_it() -> None:
    stop = {"stopReason": "stop_sequence", "additionalModelResponseFields": {"stop_sequence": "END"}}
    assert events(("messageStop", stop)) == [Finished(reason="stop_sequence", stop_sequence="END")]


def test_a_close_is_the_end_only_where_a_reason_came() -> None:
    reader = Reader()
    events(delta(text="a"), stopped(), reader=reader)
    assert reader.closed() == []


def test_tools_of_aws_and_what_is_new_are_skipped() -> None:
    said = events(
        began(0, toolUse={"toolUseId": "x", "name": "web", "type": "server_tool_use"}),
        delta(0, toolUse={"input": "{}"}),
        stopped(0),
        began(1, image={"format": "png"}),
        delta(1, image={"source": {}}),
        ("somethingNew", {"x": 1}),
    )
    assert said == []


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("throttlingException", 429),
        ("serviceUnavailableException", 503),
        ("internalServerException", 500),
        ("validationException", 400),
        ("modelStreamErrorException", 424),
        ("InternalError", 500),
    ],
)
def test_an_exception_is_raised(name: str, status: int) -> None:
    with pytest.raises(ProviderError, match="no") as raised:
        events((name, {"message": "no"}))
    assert raised.value.status == status


@pytest.mark.parametrize("data", [b"", b"{", b"7", b'{"contentBlockDelta":{"delta":{"text":7}}}', b"\xff"])
def test_malformed_data_says_so(data: bytes) -> None:
    with pytest.raises(NotThisDialect):
        Reader().read(data)


def test_arguments_that_are_no_text_are_malformed() -> None:
    with pytest.raises(NotThisDialect):
        events(began(0, toolUse={"toolUseId": "t", "name": "f"}), delta(0, toolUse={"input": {"a": 1}}))
