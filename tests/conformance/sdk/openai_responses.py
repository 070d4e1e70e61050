"""OpenAI's Python SDK, Responses: every provider, one verdict per case. See `cases.py`."""

import json
from typing import Any

import openai
from pydantic import BaseModel

from tests.conformance.sdk.cases import (
    CALLING,
    IN_WRITES,
    OUTPUTS,
    PICTURE,
    PIXEL,
    QUESTION,
    SCHEMA,
    THINKING,
    UNKNOWN,
    Driver,
    Run,
    saying,
)
from tests.conformance.sdk.openai_errors import clients, told

driver = Driver("openai-responses")
case = driver.case

ASKED: list[Any] = [{"role": "user", "content": QUESTION}]
TOOL: dict[str, Any] = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": SCHEMA,
    "strict": True,
}


class City(BaseModel):
    city: str


def asked(run: Run, headers: dict[str, str], **more: Any) -> Any:
    return {"model": run.provider.plain, "input": QUESTION, "extra_headers": headers, "max_output_tokens": 400} | more


def said(reply: Any) -> dict[str, Any]:
    return {"text": reply.output_text, "finish": reply.status, "usage": usage_of(reply.usage)}


def usage_of(usage: Any) -> Any:
    return usage and [usage.input_tokens, usage.output_tokens, usage.total_tokens]


def calls_of(reply: Any) -> dict[str, Any]:
    calls = [item for item in reply.output if item.type == "function_call"]
    return {
        "calls": [[call.name, json.loads(call.arguments)] for call in calls],
        "ids": len({call.call_id for call in calls}),
    }


def thought_of(reply: Any) -> str:
    return "".join(part.text for item in reply.output if item.type == "reasoning" for part in item.summary)


class Stream:
    """What the events of one stream add up to."""

    def __init__(self) -> None:
        self.text, self.deltas, self.last = "", 0, None
        self.numbers: list[int] = []

    def add(self, event: Any) -> None:
        self.numbers.append(event.sequence_number)
        if event.type == "response.output_text.delta":
            self.deltas += 1
            self.text += event.delta
        if event.type in ("response.completed", "response.incomplete"):
            self.last = event.response

    def said(self) -> dict[str, Any]:
        in_order = self.numbers == list(range(len(self.numbers)))
        return said(self.last) | {"deltas": self.text, "several": self.deltas > 3, "in_order": in_order}


@case
def text(run: Run) -> Any:
    raw = run.client.responses.with_raw_response.create(**asked(run, saying()))
    reply = raw.parse()
    return said(reply) | {"has_id": reply._request_id == raw.headers["x-gatewatch-call-id"]}


@case
async def text_async(run: Run) -> Any:
    return said(await run.client.responses.create(**asked(run, saying())))


@case
def stream(run: Run) -> Any:
    found = Stream()
    for event in run.client.responses.create(**asked(run, saying() | IN_WRITES, stream=True)):
        found.add(event)
    return found.said()


@case
async def stream_async(run: Run) -> Any:
    found = Stream()
    async for event in await run.client.responses.create(**asked(run, saying() | IN_WRITES, stream=True)):
        found.add(event)
    return found.said()


@case
def stream_helper(run: Run) -> Any:
    with run.client.responses.stream(**asked(run, saying())) as events:
        deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        return said(events.get_final_response()) | {"deltas": deltas}


@case
def tools(run: Run) -> Any:
    reply = run.client.responses.create(**asked(run, CALLING, tools=[TOOL], parallel_tool_calls=True))
    return calls_of(reply) | {"finish": reply.status}


@case
def tools_in_a_stream(run: Run) -> Any:
    with run.client.responses.stream(**asked(run, CALLING | IN_WRITES, tools=[TOOL])) as events:
        reply = events.get_final_response()
    return calls_of(reply) | {"finish": reply.status}


@case
async def tools_in_a_stream_async(run: Run) -> Any:
    async with run.client.responses.stream(**asked(run, CALLING | IN_WRITES, tools=[TOOL])) as events:
        reply = await events.get_final_response()
    return calls_of(reply) | {"finish": reply.status}


def answered(reply: Any) -> list[Any]:
    """The conversation so far, the results of its calls included."""
    results = [
        {
            "type": "function_call_output",
            "call_id": item.call_id,
            "output": OUTPUTS[json.loads(item.arguments)["city"]],
        }
        for item in reply.output
        if item.type == "function_call"
    ]
    return [*ASKED, *reply.output, *results]


@case
def tool_results(run: Run) -> Any:
    first = run.client.responses.create(**asked(run, CALLING, tools=[TOOL]))
    second = asked(run, saying(), tools=[TOOL], input=answered(first))
    return said_shortly(run.client.responses.create(**second)) | {"seen": run.seen()}


def said_shortly(reply: Any) -> dict[str, Any]:
    return {"text": reply.output_text, "finish": reply.status}


@case
def image(run: Run) -> Any:
    return _shown(run, f"data:image/png;base64,{PIXEL}")


@case
def image_by_url(run: Run) -> Any:
    return _shown(run, PICTURE)


def _shown(run: Run, url: str) -> Any:
    content = [{"type": "input_text", "text": QUESTION}, {"type": "input_image", "image_url": url, "detail": "auto"}]
    reply = run.client.responses.create(**asked(run, saying(), input=[{"role": "user", "content": content}]))
    return said_shortly(reply) | {"seen": run.seen()}


@case
def structured(run: Run) -> Any:
    parsed = run.client.responses.parse(**asked(run, {}, text_format=City)).output_parsed
    return {"parsed": sorted(parsed.model_dump()), "is_text": isinstance(parsed.city, str)}


@case
def structured_in_a_stream(run: Run) -> Any:
    with run.client.responses.stream(**asked(run, {}, text_format=City)) as events:
        parsed = events.get_final_response().output_parsed
    return {"parsed": sorted(parsed.model_dump()), "is_text": isinstance(parsed.city, str)}


# thinking


def thinking_asked(run: Run, headers: dict[str, str], **more: Any) -> Any:
    wanted = {"reasoning": {"effort": "medium", "summary": "auto"}, "max_output_tokens": 20_000}
    return asked(run, headers, model=run.provider.thinking, **(wanted | more))


STATELESS: dict[str, Any] = {"store": False, "include": ["reasoning.encrypted_content"]}


@case
def thinking(run: Run) -> Any:
    reply = run.client.responses.create(**thinking_asked(run, saying() | THINKING))
    return {"text": reply.output_text, "thought": thought_of(reply)}


@case
def thinking_in_a_stream(run: Run) -> Any:
    thought = ""
    with run.client.responses.stream(**thinking_asked(run, saying() | THINKING)) as events:
        for event in events:
            if event.type == "response.reasoning_summary_text.delta":
                thought += event.delta
        reply = events.get_final_response()
    return {"text": reply.output_text, "thought": thought_of(reply), "deltas": thought}


@case
def thinking_with_tools(run: Run) -> Any:
    first = run.client.responses.create(**thinking_asked(run, THINKING | CALLING, tools=[TOOL], **STATELESS))
    return _thought_on(run, first, **STATELESS)


@case
def thinking_with_tools_in_a_stream(run: Run) -> Any:
    wanted = thinking_asked(run, THINKING | CALLING | IN_WRITES, tools=[TOOL], **STATELESS)
    with run.client.responses.stream(**wanted) as events:
        first = events.get_final_response()
    return _thought_on(run, first, **STATELESS)


@case
def thinking_with_tools_stored(run: Run) -> Any:
    """As apps do that say nothing of the state: `store` is true by default."""
    first = run.client.responses.create(**thinking_asked(run, THINKING | CALLING, tools=[TOOL]))
    return _thought_on(run, first)


def _thought_on(run: Run, first: Any, **more: Any) -> Any:
    """The second turn: a provider that signs its thoughts wants them back as they were."""
    second = thinking_asked(run, saying(), tools=[TOOL], input=answered(first), **more)
    reply = run.client.responses.create(**second)
    return {"thought": thought_of(first), "text": reply.output_text} | calls_of(first) | {"seen": run.seen()}


# errors


@case
def unknown_parameter(run: Run) -> Any:
    return run.client.responses.create(**asked(run, {}, extra_body={UNKNOWN: 1}))


@case
def previous_response(run: Run) -> Any:
    """A conversation that the provider keeps."""
    first = run.client.responses.create(**asked(run, saying()))
    return said_shortly(run.client.responses.create(**asked(run, saying(), previous_response_id=first.id)))


@case
def wrong_key(run: Run) -> Any:
    return run.client.with_options(api_key="gwk_not_one").responses.create(**asked(run, {}))


@case
async def wrong_key_async(run: Run) -> Any:
    return await run.client.with_options(api_key="gwk_not_one").responses.create(**asked(run, {}))


@case
def unknown_model(run: Run) -> Any:
    return run.client.responses.create(**asked(run, {}, model="no-such-model"))


def _of_fault(fault: str) -> Any:
    def ask(run: Run) -> Any:
        return run.client.responses.create(**asked(run, {}, model=run.provider.faulty(fault)))

    return ask


for _fault in ("400", "404", "401", "403", "429", "500", "503", "529", "cut-stream", "html", "200-error"):
    driver.cases[f"fault-{_fault}"] = _of_fault(_fault)


def _of_broken_stream(fault: str) -> Any:
    def ask(run: Run) -> Any:
        found = Stream()
        try:
            for event in run.client.responses.create(
                **asked(run, saying() | IN_WRITES, model=run.provider.faulty(fault), stream=True)
            ):
                found.add(event)
        except openai.APIError as error:
            return told(error) | {"began": bool(found.text)}
        return {"began": bool(found.text), "whole": True}

    return ask


for _fault in ("cut-stream", "no-done", "error-event", "reset-body", "half-frame", "bad-json", "429"):
    driver.cases[f"stream-of-fault-{_fault}"] = _of_broken_stream(_fault)


@case
async def broken_stream_async(run: Run) -> Any:
    found = Stream()
    try:
        async for event in await run.client.responses.create(
            **asked(run, saying() | IN_WRITES, model=run.provider.faulty("cut-stream"), stream=True)
        ):
            found.add(event)
    except openai.APIError as error:
        return told(error) | {"began": bool(found.text)}
    return {"began": bool(found.text), "whole": True}


@case
def broken_stream_helper(run: Run) -> Any:
    faulty = asked(run, saying() | IN_WRITES, model=run.provider.faulty("error-event"))
    with run.client.responses.stream(**faulty) as events:
        return said(events.get_final_response())


if __name__ == "__main__":
    driver.main(openai.__version__, clients, told)
