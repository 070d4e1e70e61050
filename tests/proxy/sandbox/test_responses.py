"""Good responses; the oracle is the official SDK: what it makes of them, its types to the letter. Figures by hand."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError
from openai.types.responses import Response
from pydantic import BaseModel

from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.strict_types import assert_fits

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"enum": ["Ulm"]}}},
}
SHOUT: Any = {"type": "custom", "name": "shout"}


@pytest.fixture
async def openai(sandbox: Sandbox) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{sandbox.url}/v1", api_key="test", max_retries=0) as client:
        yield client


def demand(**values: Any) -> dict[str, str]:
    return {f"x-sandbox-{name.replace('_', '-')}": json.dumps(value) for name, value in values.items()}


async def post(sandbox: Sandbox, path: str = "/v1/responses", headers: Any = None, **asked: Any) -> RawReply:
    body = json.dumps({"model": "gpt-4o", "input": "hi"} | asked).encode()
    return await ask(sandbox.port, request("POST", path, body, headers))


ASKED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "prose": ({}, {}),
    "thoughts": ({"model": "gpt-5", "include": ["reasoning.encrypted_content"], "reasoning": {"summary": "auto"}}, {}),
    "hidden-thoughts": ({"model": "o4-mini"}, {}),
    "a-call": ({"tools": [WEATHER, SHOUT], "tool_choice": "required", "instructions": "Call."}, {}),
    "any-json": ({"text": {"format": {"type": "json_object"}, "verbosity": "low"}}, {}),
    "a-schema": (
        {"text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object", "properties": {}}}}},
        {},
    ),
    "too-short": ({"max_output_tokens": 16, "metadata": {"a": "b"}, "user": "ada", "truncation": "auto"}, {}),
    "thought-too-long": ({"model": "gpt-5", "max_output_tokens": 20}, {}),
    "all-of-it": (
        {"tools": [WEATHER, SHOUT], "include": ["message.output_text.logprobs"], "top_logprobs": 2, "store": False},
        demand(
            thinking="One.\n\nTwo.",
            text="It is in Ulm.",
            calls=[{"name": "get_weather", "arguments": {"city": "Ulm"}}, {"name": "shout", "arguments": "HEY"}],
            citations=[{"url": "https://a.test", "title": "A", "quote": "Ulm"}],
        ),
    ),
    "a-refusal": ({}, {"x-sandbox-finish": "refusal"}),
    "a-filter": ({}, {"x-sandbox-finish": "content_filter"}),
}


@pytest.mark.parametrize("name", ASKED)
async def test_streamed_and_plain_replies_say_the_same_to_the_letter_of_the_types(sandbox: Sandbox, name: str) -> None:
    asked, headers = ASKED[name]
    plain = await post(sandbox, headers=headers, **asked)
    assert plain.status == 200, plain.body
    assert_fits(plain.json, Response)
    stream = await post(sandbox, headers=headers, stream=True, **asked)
    last = json.loads(stream.frames[-1].split(b"data: ", 1)[1])
    assert last["type"] == f"response.{plain.json['status']}"
    assert last["response"] == plain.json


async def test_thoughts_text_and_parallel_calls_come_in_this_order(openai: AsyncOpenAI) -> None:
    asked, headers = ASKED["all-of-it"]
    reply = await openai.responses.create(model="gpt-4o", input="hi", extra_headers=headers, **asked)
    thought, message, call, custom = reply.output
    assert thought.type == "reasoning"
    assert [part.text for part in thought.summary] == ["One.", "Two."]
    assert message.type == "message"
    (part,) = message.content
    assert part.type == "output_text"
    assert [(each.type, each.start_index, each.end_index) for each in part.annotations] == [("url_citation", 9, 12)]  # type: ignore[union-attr]
    assert [each.token for each in part.logprobs or ()] == ["It i", "s in", " Ulm", "."]
    assert call.type == "function_call"
    assert (call.name, call.arguments) == ("get_weather", '{"city":"Ulm"}')
    assert custom.type == "custom_tool_call"
    assert (custom.name, custom.input) == ("shout", "HEY")
    assert reply.usage
    assert reply.usage.output_tokens_details.reasoning_tokens == 3  # ten characters
    assert reply.usage.output_tokens == 3 + 4 + (4 + 3) + (1 + 2)


async def test_the_sdk_puts_the_stream_together(openai: AsyncOpenAI) -> None:
    asked, headers = ASKED["all-of-it"]
    async with openai.responses.stream(model="gpt-4o", input="hi", extra_headers=headers, **asked) as stream:
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert kinds[:3] == ["response.created", "response.in_progress", "response.output_item.added"]
    assert kinds[-1] == "response.completed"
    assert final.output_text == "It is in Ulm."


async def test_a_reply_can_be_sent_back_with_the_outputs_of_its_calls(openai: AsyncOpenAI) -> None:
    reply = await openai.responses.create(
        model="gpt-5",
        input="hi",
        store=False,
        tools=[WEATHER],
        include=["reasoning.encrypted_content"],
        extra_headers=demand(calls=[{"name": "get_weather", "arguments": {}}]),
    )
    said = [item.to_dict() for item in reply.output]
    answer: Any = {"type": "function_call_output", "call_id": said[-1]["call_id"], "output": "rain"}
    conversation: Any = [{"role": "user", "content": "hi"}, *said, answer]
    again = await openai.responses.create(model="gpt-5", input=conversation, store=False)
    assert again.output_text
    without = [{**said[0], "encrypted_content": None}, *said[1:], answer]
    with pytest.raises(Exception, match="Items are not persisted when `store` is set to false"):
        await openai.responses.create(model="gpt-5", input=without)  # type: ignore[arg-type]
    assert await openai.responses.create(model="gpt-5", input=[answer], previous_response_id=await _stored(openai))


async def _stored(openai: AsyncOpenAI) -> str:
    return (await openai.responses.create(model="gpt-5", input="hi")).id


async def test_a_structured_reply_fits_its_schema(openai: AsyncOpenAI) -> None:
    class Recipe(BaseModel):
        title: str
        steps: list[str]

    reply = await openai.responses.parse(model="gpt-4o", input="hi", text_format=Recipe)
    assert isinstance(reply.output_parsed, Recipe)


async def test_a_limit_ends_the_response(openai: AsyncOpenAI) -> None:
    reply = await openai.responses.create(model="gpt-4o", input="hi", max_output_tokens=16)
    assert (reply.status, reply.incomplete_details and reply.incomplete_details.reason) == (
        "incomplete",
        "max_output_tokens",
    )
    assert reply.usage
    assert reply.usage.output_tokens == 16
    assert reply.output[0].to_dict()["status"] == "incomplete"


async def test_a_refusal_is_a_part_of_its_own(openai: AsyncOpenAI) -> None:
    reply = await openai.responses.create(model="gpt-4o", input="hi", extra_headers={"x-sandbox-finish": "refusal"})
    (message,) = reply.output
    assert message.type == "message"
    assert (message.content[0].type, reply.status, reply.output_text) == ("refusal", "completed", "")


async def test_nothing_pauses_here(sandbox: Sandbox) -> None:
    assert (await post(sandbox, headers={"x-sandbox-finish": "pause"})).status == 400


async def test_usage_can_be_dictated(sandbox: Sandbox) -> None:
    demanded = {"input_tokens": 7, "output_tokens": 8, "total_tokens": 15}
    reply = await post(sandbox, headers={"x-sandbox-usage": json.dumps(demanded)})
    assert reply.json["usage"] == demanded
    assert (await post(sandbox, model="fault-no-usage")).json["usage"] is None


async def test_tokens_are_counted_without_a_reply(openai: AsyncOpenAI, sandbox: Sandbox) -> None:
    counted = await openai.responses.input_tokens.count(model="gpt-4o", input="hi", tools=[WEATHER])
    reply = await openai.responses.create(model="gpt-4o", input="hi", tools=[WEATHER])
    assert reply.usage
    assert counted.input_tokens == reply.usage.input_tokens
    body = (await post(sandbox, "/v1/responses/input_tokens")).json
    assert body == {"object": "response.input_tokens", "input_tokens": 8}


@pytest.mark.parametrize("name", ["messages", "max_tokens", "n", "stop", "top_k"])
async def test_a_parameter_of_another_dialect_is_unknown(openai: AsyncOpenAI, name: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        await openai.responses.create(model="gpt-4o", input="hi", extra_body={name: 1})
    assert (caught.value.code, caught.value.param) == ("unknown_parameter", name)
    assert caught.value.body["message"] == f"Unknown parameter: '{name}'."  # type: ignore[index]
    lenient = await openai.responses.create(model="lenient-gpt", input="hi", extra_body={name: 1})
    assert lenient.status == "completed"


async def test_azure_answers_too(sandbox: Sandbox) -> None:
    reply = await post(sandbox, "/openai/v1/responses", {"Authorization": "", "api-key": "test"})
    assert (reply.status, reply.json["object"]) == (200, "response")
