"""OpenAI's Python SDK, Chat Completions: every provider, one verdict per case. See `cases.py`."""

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
    Waited,
    saying,
)
from tests.conformance.sdk.openai_errors import clients, told

driver = Driver("openai-chat")
case = driver.case

ASKED: list[Any] = [{"role": "user", "content": QUESTION}]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": SCHEMA, "strict": True},
}
WITH_USAGE: Any = {"include_usage": True}


class City(BaseModel):
    city: str


def asked(run: Run, headers: dict[str, str], **more: Any) -> Any:
    common = {"model": run.provider.plain, "messages": ASKED, "max_completion_tokens": 400}
    return common | {"extra_headers": headers} | more


def said(reply: Any) -> dict[str, Any]:
    (choice,) = reply.choices
    return {"text": choice.message.content, "finish": choice.finish_reason, "usage": usage_of(reply.usage)}


def usage_of(usage: Any) -> Any:
    return usage and [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]


def calls_of(message: Any) -> dict[str, Any]:
    calls = message.tool_calls or []
    return {
        "calls": [[call.function.name, json.loads(call.function.arguments)] for call in calls],
        "ids": len({call.id for call in calls}),
    }


class Stream:
    """What the chunks of one stream add up to."""

    def __init__(self) -> None:
        self.text, self.finish, self.usage, self.deltas = "", None, None, 0

    def add(self, chunk: Any) -> None:
        self.usage = usage_of(chunk.usage) or self.usage
        for choice in chunk.choices:
            self.deltas += bool(choice.delta.content)
            self.text += choice.delta.content or ""
            self.finish = choice.finish_reason or self.finish

    def said(self) -> dict[str, Any]:
        return {"text": self.text, "finish": self.finish, "usage": self.usage, "several": self.deltas > 3}


@case
def text(run: Run) -> Any:
    raw = run.client.chat.completions.with_raw_response.create(**asked(run, saying()))
    reply = raw.parse()
    return said(reply) | {"has_id": reply._request_id == raw.headers["x-gatewatch-call-id"]}


@case
async def text_async(run: Run) -> Any:
    return said(await run.client.chat.completions.create(**asked(run, saying())))


@case
def stream(run: Run) -> Any:
    found = Stream()
    for chunk in run.client.chat.completions.create(
        **asked(run, saying() | IN_WRITES, stream=True, stream_options=WITH_USAGE)
    ):
        found.add(chunk)
    return found.said()


@case
async def stream_async(run: Run) -> Any:
    found = Stream()
    async for chunk in await run.client.chat.completions.create(
        **asked(run, saying() | IN_WRITES, stream=True, stream_options=WITH_USAGE)
    ):
        found.add(chunk)
    return found.said()


@case
def stream_helper(run: Run) -> Any:
    with run.client.chat.completions.stream(**asked(run, saying(), stream_options=WITH_USAGE)) as events:
        deltas = "".join(event.delta for event in events if event.type == "content.delta")
        return said(events.get_final_completion()) | {"deltas": deltas}


@case
def tools(run: Run) -> Any:
    reply = run.client.chat.completions.create(**asked(run, CALLING, tools=[TOOL], parallel_tool_calls=True))
    return calls_of(reply.choices[0].message) | {"finish": reply.choices[0].finish_reason}


@case
def tools_in_a_stream(run: Run) -> Any:
    with run.client.chat.completions.stream(**asked(run, CALLING | IN_WRITES, tools=[TOOL])) as events:
        (choice,) = events.get_final_completion().choices
    return calls_of(choice.message) | {"finish": choice.finish_reason}


@case
async def tools_in_a_stream_async(run: Run) -> Any:
    async with run.client.chat.completions.stream(**asked(run, CALLING | IN_WRITES, tools=[TOOL])) as events:
        (choice,) = (await events.get_final_completion()).choices
    return calls_of(choice.message) | {"finish": choice.finish_reason}


def answered(message: Any) -> list[Any]:
    """The conversation so far, the results of its calls included."""
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": OUTPUTS[json.loads(call.function.arguments)["city"]]}
        for call in message.tool_calls
    ]
    return [*ASKED, message, *results]


@case
def tool_results(run: Run) -> Any:
    message = run.client.chat.completions.create(**asked(run, CALLING, tools=[TOOL])).choices[0].message
    second = asked(run, saying(), tools=[TOOL], messages=answered(message))
    return said_shortly(run.client.chat.completions.create(**second)) | {"seen": run.seen()}


def said_shortly(reply: Any) -> dict[str, Any]:
    return {"text": reply.choices[0].message.content, "finish": reply.choices[0].finish_reason}


@case
def image(run: Run) -> Any:
    return _shown(run, f"data:image/png;base64,{PIXEL}")


@case
def image_by_url(run: Run) -> Any:
    return _shown(run, PICTURE)


def _shown(run: Run, url: str) -> Any:
    content = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": url}}]
    messages = [{"role": "user", "content": content}]
    reply = run.client.chat.completions.create(**asked(run, saying(), messages=messages))
    return said_shortly(reply) | {"seen": run.seen()}


@case
def structured(run: Run) -> Any:
    reply = run.client.chat.completions.parse(**asked(run, {}, response_format=City))
    parsed = reply.choices[0].message.parsed
    return {"parsed": sorted(parsed.model_dump()), "is_text": isinstance(parsed.city, str)}


@case
def structured_in_a_stream(run: Run) -> Any:
    with run.client.chat.completions.stream(**asked(run, {}, response_format=City)) as events:
        parsed = events.get_final_completion().choices[0].message.parsed
    return {"parsed": sorted(parsed.model_dump()), "is_text": isinstance(parsed.city, str)}


# thinking


def thinking_asked(run: Run, headers: dict[str, str], **more: Any) -> Any:
    more = {"reasoning_effort": "medium", "max_completion_tokens": 20_000} | more
    return asked(run, headers, model=run.provider.thinking, **more)


@case
def thinking(run: Run) -> Any:
    message = run.client.chat.completions.create(**thinking_asked(run, saying() | THINKING)).choices[0].message
    return {"text": message.content, "thought": message.reasoning_content}


@case
def thinking_in_a_stream(run: Run) -> Any:
    text, thought = "", ""
    for chunk in run.client.chat.completions.create(**thinking_asked(run, saying() | THINKING, stream=True)):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            thought += getattr(choice.delta, "reasoning_content", None) or ""
    return {"text": text, "thought": thought}


@case
def thinking_with_tools(run: Run) -> Any:
    first = thinking_asked(run, THINKING | CALLING, tools=[TOOL])
    message = run.client.chat.completions.create(**first).choices[0].message
    return _thought_on(run, message)


@case
def thinking_with_tools_in_a_stream(run: Run) -> Any:
    first = thinking_asked(run, THINKING | CALLING | IN_WRITES, tools=[TOOL])
    with run.client.chat.completions.stream(**first) as events:
        message = events.get_final_completion().choices[0].message
    return _thought_on(run, message)


def _thought_on(run: Run, message: Any) -> Any:
    """The second turn: a provider that signs its thoughts wants them back as they were."""
    second = thinking_asked(run, saying(), tools=[TOOL], messages=answered(message))
    text = run.client.chat.completions.create(**second).choices[0].message.content
    return {"thought": message.reasoning_content, "text": text, "seen": run.seen()} | calls_of(message)


# errors


@case
def unknown_parameter(run: Run) -> Any:
    return run.client.chat.completions.create(**asked(run, {}, extra_body={UNKNOWN: 1}))


@case
def previous_response(run: Run) -> Any:
    return run.client.chat.completions.create(**asked(run, {}, extra_body={"previous_response_id": "resp_1"}))


@case
def wrong_key(run: Run) -> Any:
    return run.client.with_options(api_key="gwk_not_one").chat.completions.create(**asked(run, {}))


@case
async def wrong_key_async(run: Run) -> Any:
    return await run.client.with_options(api_key="gwk_not_one").chat.completions.create(**asked(run, {}))


@case
def unknown_model(run: Run) -> Any:
    return run.client.chat.completions.create(**asked(run, {}, model="no-such-model"))


def _of_fault(fault: str) -> Any:
    def ask(run: Run) -> Any:
        return run.client.chat.completions.create(**asked(run, {}, model=run.provider.faulty(fault)))

    return ask


for _fault in ("400", "404", "401", "403", "429", "500", "503", "529", "cut-stream", "html", "200-error"):
    driver.cases[f"fault-{_fault}"] = _of_fault(_fault)


@case
def limit_waited_for(run: Run) -> Any:
    headers = saying() | run.script("429,ok")
    with Waited() as waited:
        reply = run.client.with_options(max_retries=1).chat.completions.create(**asked(run, headers))
    return {"text": reply.choices[0].message.content, "tries": run.tries, "waited": waited.a_second}


def _of_broken_stream(fault: str) -> Any:
    def ask(run: Run) -> Any:
        found = Stream()
        try:
            for chunk in run.client.chat.completions.create(
                **asked(run, saying() | IN_WRITES, model=run.provider.faulty(fault), stream=True)
            ):
                found.add(chunk)
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
        async for chunk in await run.client.chat.completions.create(
            **asked(run, saying() | IN_WRITES, model=run.provider.faulty("cut-stream"), stream=True)
        ):
            found.add(chunk)
    except openai.APIError as error:
        return told(error) | {"began": bool(found.text)}
    return {"began": bool(found.text), "whole": True}


@case
def broken_stream_helper(run: Run) -> Any:
    faulty = asked(run, saying() | IN_WRITES, model=run.provider.faulty("error-event"))
    with run.client.chat.completions.stream(**faulty) as events:
        return said(events.get_final_completion())


# beside chat


@case
def completion(run: Run) -> Any:
    wanted = {"model": run.provider.plain, "prompt": QUESTION, "max_tokens": 400, "extra_headers": saying()}
    reply = run.client.completions.create(**wanted)
    return {"text": reply.choices[0].text, "finish": reply.choices[0].finish_reason}


@case
def models(run: Run) -> Any:
    named = [model.id for model in run.client.models.list()]
    return {"has_house": "house" in named, "one": run.client.models.retrieve("house").id}


@case
async def models_async(run: Run) -> Any:
    return {"has_house": "house" in [model.id async for model in run.client.models.list()]}


@case
def model_that_does_not_exist(run: Run) -> Any:
    return run.client.models.retrieve("no-such-model")


if __name__ == "__main__":
    driver.main(openai.__version__, clients, told)
