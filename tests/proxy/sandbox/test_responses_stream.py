"""Every event against the types of `openai` 3.52, and the order that its documentation gives."""

import json
from itertools import count
from typing import Any, get_args

import pytest
from openai.types import responses as types

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.strict_types import assert_fits

_EVENTS = {
    get_args(kind.model_fields["type"].annotation)[0]: kind for kind in get_args(get_args(types.ResponseStreamEvent)[0])
}

DEMANDS = {
    "x-sandbox-thinking": json.dumps("One.\n\nTwo."),
    "x-sandbox-text": json.dumps("It is in Ulm."),
    "x-sandbox-calls": json.dumps([{"name": "f", "arguments": {"a": 1}}, {"name": "shout", "arguments": "HEY"}]),
    "x-sandbox-citations": json.dumps([{"url": "https://a.test", "quote": "Ulm"}]),
}
TOOLS = [{"type": "custom", "name": "shout"}]


async def streamed(sandbox: Sandbox, headers: dict[str, str], **asked: Any) -> tuple[RawReply, list[dict[str, Any]]]:
    body = json.dumps({"model": "gpt-4o", "input": "hi", "stream": True} | asked).encode()
    reply = await ask(sandbox.port, request("POST", "/v1/responses", body, headers))
    events = []
    for frame in reply.frames:
        name, data = frame.decode().split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return reply, events


async def test_every_event_fits_its_type_and_is_numbered(sandbox: Sandbox) -> None:
    logprobs = {"include": ["message.output_text.logprobs", "reasoning.encrypted_content"], "top_logprobs": 1}
    _, events = await streamed(sandbox, DEMANDS, tools=TOOLS, **logprobs)
    for number, event in zip(count(), events, strict=False):
        assert event["sequence_number"] == number
        assert_fits(event, _EVENTS[event["type"]])


async def test_the_order_is_the_documented_one(sandbox: Sandbox) -> None:
    _, events = await streamed(sandbox, DEMANDS, tools=TOOLS)
    kinds = [event["type"].removeprefix("response.") for event in events]
    once = [kind for before, kind in zip(["", *kinds], kinds, strict=False) if kind != before]
    summary = ["reasoning_summary_part.added", "reasoning_summary_text.delta"]
    summary += ["reasoning_summary_text.done", "reasoning_summary_part.done"]
    assert once == [
        "created",
        "in_progress",
        "output_item.added",
        *summary,
        *summary,
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
        "completed",
    ]


async def test_deltas_make_what_is_done(sandbox: Sandbox) -> None:
    _, events = await streamed(sandbox, DEMANDS, tools=TOOLS)
    deltas: dict[tuple[int, int], str] = {}
    done: dict[int, dict[str, Any]] = {}
    for event in events:
        if event["type"].endswith(".delta"):
            place = (event["output_index"], event.get("summary_index", event.get("content_index", 0)))
            deltas[place] = deltas.get(place, "") + event["delta"]
        elif event["type"] == "response.output_item.done":
            done[event["output_index"]] = event["item"]
    assert [deltas[0, at] for at in (0, 1)] == [part["text"] for part in done[0]["summary"]]
    assert deltas[1, 0] == done[1]["content"][0]["text"]
    assert deltas[2, 0] == done[2]["arguments"]
    assert deltas[3, 0] == done[3]["input"]
    assert events[-1]["response"]["output"] == [done[at] for at in range(4)]


async def test_a_refusal_and_an_incomplete_end(sandbox: Sandbox) -> None:
    _, refusal = await streamed(sandbox, {"x-sandbox-finish": "refusal"})
    _, short = await streamed(sandbox, {}, max_output_tokens=16)
    for event in refusal + short:
        assert_fits(event, _EVENTS[event["type"]])
    assert {"response.refusal.delta", "response.refusal.done"} <= {event["type"] for event in refusal}
    assert short[-1]["type"] == "response.incomplete"


async def test_deltas_are_obfuscated_only_where_it_is_asked_for(sandbox: Sandbox) -> None:
    _, plain = await streamed(sandbox, {})
    assert not any("obfuscation" in event for event in plain)
    _, hidden = await streamed(sandbox, {}, stream_options={"include_obfuscation": True})
    deltas = [event for event in hidden if event["type"].endswith(".delta")]
    assert all(event["obfuscation"] for event in deltas)


@pytest.mark.parametrize("fault", ["no-done", "cut-stream", "half-frame", "crlf", "tiny-events"])
async def test_faults_befall_these_streams_too(sandbox: Sandbox, fault: str) -> None:
    body = json.dumps({"model": f"fault-{fault}", "input": "hi", "stream": True}).encode()
    reply = await ask(sandbox.port, request("POST", "/v1/responses", body, {"x-sandbox-chunks": "40"}))
    ended = b"response.completed" in reply.body
    assert ended is (fault in ("crlf", "tiny-events"))
    assert b"output_text.delta" in reply.body
