"""Good replies of Converse; the oracle is botocore: its parser, its checksums, and the service model to the letter."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from proxy.sandbox.server import Sandbox
from tests.proxy.sandbox.aws import CLAUDE, HELLO, assert_events_fit, assert_reply_fits, bedrock, messages, post

WEATHER: dict[str, Any] = {
    "toolSpec": {
        "name": "get_weather",
        "description": "The weather",
        "inputSchema": {"json": {"type": "object", "properties": {"city": {"enum": ["Ulm"]}}, "required": ["city"]}},
    }
}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def demand(**values: Any) -> dict[str, str]:
    return {f"x-sandbox-{name.replace('_', '-')}": json.dumps(value) for name, value in values.items()}


def put_together(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The reply that the events of a stream make."""
    content: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    for event in events:
        ((name, said),) = event.items()
        if name == "messageStart":
            whole["role"] = said["role"]
        elif name == "contentBlockStart":
            content[said["contentBlockIndex"]] = {"toolUse": said["start"]["toolUse"] | {"input": ""}}
        elif name == "contentBlockDelta":
            add(content.setdefault(said["contentBlockIndex"], {}), said["delta"])
        elif name in ("messageStop", "metadata"):
            whole |= {key: value for key, value in said.items() if key != "p"}
    for block in content.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    return whole | {"content": [content[index] for index in sorted(content)]}


def add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    ((name, said),) = delta.items()
    if name == "toolUse":
        block["toolUse"]["input"] += said["input"]
    elif name == "text":
        block["text"] = block.get("text", "") + said
    elif name == "reasoningContent":
        if "redactedContent" in said:
            block["reasoningContent"] = said
            return
        words = block.setdefault("reasoningContent", {"reasoningText": {"text": ""}})["reasoningText"]
        words["text"] += said.get("text", "")
        if "signature" in said:
            words["signature"] = said["signature"]
    elif name == "citation":
        cited = block.setdefault("citationsContent", {"content": [{"text": block.pop("text")}], "citations": []})
        cited["citations"].append(said)


VARIETY: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "prose": ({}, {}),
    "a limit": ({}, {"inferenceConfig": {"maxTokens": 4}}),
    "a stop text": ({}, {"inferenceConfig": {"stopSequences": [" sand"]}}),
    "thoughts": ({}, {"additionalModelRequestFields": THINKING}),
    "hidden thoughts": (demand(thinking="redacted"), {}),
    "parallel calls": (
        demand(
            thinking="Hmm.\nWell.",
            text="Let me see.",
            calls=[{"name": "get_weather", "arguments": {"city": "Ulm"}}, {"name": "get_time"}],
        ),
        {"toolConfig": {"tools": [WEATHER]}},
    ),
    "a forced call": ({}, {"toolConfig": {"tools": [WEATHER], "toolChoice": {"any": {}}}}),
    "sources": (
        demand(text="Ulm is old. So am I.", citations=[{"url": "https://a.example/x", "quote": "Ulm is old."}]),
        {},
    ),
    "a tier": ({}, {"serviceTier": {"type": "flex"}}),
    "a stop text that is told": (
        demand(stop_sequence="###"),
        {"additionalModelResponseFieldPaths": ["/stop_sequence"]},
    ),
}


@pytest.mark.parametrize("case", VARIETY)
async def test_whole_and_streamed_replies_say_the_same_and_fit_the_service_model(sandbox: Sandbox, case: str) -> None:
    headers, asked = VARIETY[case]
    async with bedrock(sandbox) as client:
        reply = await client.converse(headers, **asked)
        events = await client.stream(headers, **asked)
    whole = {key: value for key, value in reply.items() if key not in ("output", "ResponseMetadata")}
    assert put_together(events) == whole | reply["output"]["message"]
    assert_reply_fits((await post(sandbox, headers=headers, **asked)).json)
    assert_events_fit((await post(sandbox, "converse-stream", headers=headers, **asked)).body)


async def test_the_same_request_gets_the_same_bytes(sandbox: Sandbox) -> None:
    for operation in ("converse", "converse-stream"):
        assert (await post(sandbox, operation)).body == (await post(sandbox, operation)).body


async def test_a_text_block_begins_without_a_word_and_a_call_with_its_name(sandbox: Sandbox) -> None:
    asked = demand(text="Well.", calls=[{"name": "get_weather", "arguments": {}}])
    reply = await post(sandbox, "converse-stream", headers=asked, toolConfig={"tools": [WEATHER]})
    assert reply.headers["content-type"] == "application/vnd.amazon.eventstream"
    said = messages(reply.body)
    assert [headers[":event-type"] for headers, _ in said] == [
        "messageStart",
        *("contentBlockDelta", "contentBlockDelta", "contentBlockStop"),
        *("contentBlockStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop"),
        *("messageStop", "metadata"),
    ]
    assert all(payload.pop("p") for _, payload in said)


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "guardrail_intervened"),
        ("refusal", "content_filtered"),
    ],
)
async def test_the_end_can_be_dictated(sandbox: Sandbox, finish: str, reason: str) -> None:
    reply = await post(sandbox, headers={"x-sandbox-finish": finish})
    assert reply.json["stopReason"] == reason
    assert (await post(sandbox, headers={"x-sandbox-finish": "pause"})).status == 400


async def test_what_was_demanded_of_usage_is_said(sandbox: Sandbox) -> None:
    dictated = {"x-sandbox-usage": '{"inputTokens":1,"outputTokens":2,"totalTokens":3}'}
    assert (await post(sandbox, headers=dictated)).json["usage"] == {
        "inputTokens": 1,
        "outputTokens": 2,
        "totalTokens": 3,
    }
    without = await post(sandbox, headers={"x-sandbox-fault": "no-usage"})
    assert "usage" not in without.json


async def test_a_turn_of_calls_and_thoughts_is_carried_on(sandbox: Sandbox) -> None:
    tools = {"tools": [WEATHER]}
    async with bedrock(sandbox) as client:
        calls = demand(calls=[{"name": "get_weather", "arguments": {"city": "Ulm"}}])
        fields = {"additionalModelRequestFields": THINKING, "toolConfig": tools}
        first = await client.converse(calls, **fields)
        answer = first["output"]["message"]
        (call,) = [block["toolUse"] for block in answer["content"] if "toolUse" in block]
        result = {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"json": {"sky": "blue"}}]}}
        turns = [*HELLO, answer, {"role": "user", "content": [result]}]
        reply = await client.converse(messages=turns, **fields)
        assert reply["output"]["message"]["content"][-1]["text"].startswith("This is the sandbox.")
        answer["content"][0]["reasoningContent"]["reasoningText"]["text"] += "!"
        with pytest.raises(ClientError, match="Invalid `signature` in `thinking` block"):
            await client.converse(messages=turns, **fields)


async def test_a_structured_reply_fits_its_schema(sandbox: Sandbox) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    form = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema), "name": "book"}}}
    async with bedrock(sandbox) as client:
        reply = await client.converse(outputConfig={"textFormat": form})
    assert isinstance(json.loads(reply["output"]["message"]["content"][0]["text"])["title"], str)


async def test_a_prompt_is_counted_as_it_is_charged(sandbox: Sandbox) -> None:
    async with bedrock(sandbox) as client:
        reply = await client.converse(system=[{"text": "Be brief."}])
        assert await client.count(system=[{"text": "Be brief."}]) == reply["usage"]["inputTokens"] == 3 + 3 + 4 + 1
    other = await post(sandbox, "count-tokens", "amazon.nova-lite-v1%3A0", body=b'{"input":{"converse":{}}}')
    assert (other.status, other.json["message"]) == (400, "The provided model doesn't support counting tokens.")


async def test_errors_are_known_by_their_names(sandbox: Sandbox) -> None:
    async with bedrock(sandbox) as client:
        for model, name, status in (
            ("fault-400", "ValidationException", 400),
            ("fault-402", "AccessDeniedException", 403),
            ("fault-404", "ValidationException", 400),
            ("fault-422", "ModelErrorException", 424),
            ("fault-429", "ThrottlingException", 429),
            ("fault-429-quota", "ServiceQuotaExceededException", 400),
            ("fault-500", "InternalServerException", 500),
            ("fault-503", "ServiceUnavailableException", 503),
            ("fault-504", "ModelTimeoutException", 408),
            ("fault-529", "ModelNotReadyException", 429),
        ):
            with pytest.raises(ClientError) as caught:
                await client.converse(modelId=model)
            assert caught.value.response["Error"]["Code"] == name
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
            assert caught.value.response["ResponseMetadata"]["RequestId"]


async def test_an_error_in_a_stream_is_an_exception_among_its_events(sandbox: Sandbox) -> None:
    reply = await post(sandbox, "converse-stream", headers={"x-sandbox-fault": "error-event"})
    assert_events_fit(reply.body)
    assert messages(reply.body)[-1][0][":exception-type"] == "throttlingException"
    async with bedrock(sandbox) as client:
        with pytest.raises(EventStreamError, match=r"throttlingException.*Too many requests"):
            await client.stream(modelId="fault-error-event")


async def test_an_arn_is_a_model_too(sandbox: Sandbox) -> None:
    arn = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{CLAUDE}"
    async with bedrock(sandbox) as client:
        assert (await client.converse(modelId=arn))["stopReason"] == "end_turn"
    nothing = await post(sandbox, model="who%3F")
    assert nothing.status == 400
    assert "at 'modelId' failed to satisfy constraint" in nothing.json["message"]
