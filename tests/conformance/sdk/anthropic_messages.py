"""Anthropic's Python SDK: every provider, one verdict per case. See `cases.py`."""

from typing import Any

import anthropic
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
    AsyncHook,
    Driver,
    Hook,
    Run,
    Waited,
    saying,
)

driver = Driver("anthropic-messages")
case = driver.case

ASKED: list[Any] = [{"role": "user", "content": QUESTION}]
TOOL: dict[str, Any] = {"name": "get_weather", "description": "The weather of a city.", "input_schema": SCHEMA}


class City(BaseModel):
    city: str


def clients(
    place: dict[str, Any], hook: Hook, async_hook: AsyncHook
) -> tuple[anthropic.Anthropic, anthropic.AsyncAnthropic]:
    """Neither retries unless a case lets it. Which header holds the key is the generation's own."""
    hooks: Any = {"request": [hook]}
    async_hooks: Any = {"request": [async_hook]}
    known: Any = {"base_url": place["url"], "api_key": place["key"], "max_retries": 0, "timeout": 20}
    return (
        anthropic.Anthropic(**known, http_client=anthropic.DefaultHttpxClient(event_hooks=hooks)),
        anthropic.AsyncAnthropic(**known, http_client=anthropic.DefaultAsyncHttpxClient(event_hooks=async_hooks)),
    )


def told(error: BaseException) -> dict[str, Any]:
    """What an app can tell from an exception."""
    found: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, anthropic.APIStatusError):
        body: Any = error.body
        found |= {"type": body["error"]["type"], "code": body["error"]["details"]["error_code"]}
        headers = error.response.headers
        found |= {"status": error.status_code, "has_id": error.request_id == headers.get("x-gatewatch-call-id", "")}
        found |= {name: headers[name] for name in ("retry-after", "x-should-retry") if name in headers}
    if not isinstance(error, anthropic.AnthropicError):
        found["message"] = str(error)[:200]
    return found


def asked(run: Run, headers: dict[str, str], **more: Any) -> Any:
    return {"model": run.provider.plain, "messages": ASKED, "extra_headers": headers, "max_tokens": 400} | more


def text_of(reply: Any) -> str:
    return "".join(block.text for block in reply.content if block.type == "text")


def thought_of(reply: Any) -> str:
    return "".join(block.thinking for block in reply.content if block.type == "thinking")


def said_shortly(reply: Any) -> dict[str, Any]:
    return {"text": text_of(reply), "finish": reply.stop_reason}


def said(reply: Any) -> dict[str, Any]:
    return said_shortly(reply) | {"usage": [reply.usage.input_tokens, reply.usage.output_tokens]}


def calls_of(reply: Any) -> dict[str, Any]:
    calls = [block for block in reply.content if block.type == "tool_use"]
    return {"calls": [[call.name, call.input] for call in calls], "ids": len({call.id for call in calls})}


class Stream:
    """What the raw events of one stream add up to."""

    def __init__(self) -> None:
        self.text, self.finish, self.deltas, self.ended = "", None, 0, False
        self.usage: list[int] = []

    def add(self, event: Any) -> None:
        if event.type == "message_start":
            self.usage = [event.message.usage.input_tokens, event.message.usage.output_tokens]
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            self.deltas += 1
            self.text += event.delta.text
        elif event.type == "message_delta":
            self.finish = event.delta.stop_reason
            seen = event.usage.input_tokens
            self.usage = [self.usage[0] if seen is None else seen, event.usage.output_tokens]
        elif event.type == "message_stop":
            self.ended = True

    def said(self) -> dict[str, Any]:
        found = {"text": self.text, "finish": self.finish, "usage": self.usage}
        return found | {"several": self.deltas > 3, "ended": self.ended}


@case
def text(run: Run) -> Any:
    raw = run.client.messages.with_raw_response.create(**asked(run, saying()))
    reply = raw.parse()
    return said(reply) | {"has_id": reply._request_id == raw.headers["x-gatewatch-call-id"]}


@case
async def text_async(run: Run) -> Any:
    return said(await run.client.messages.create(**asked(run, saying())))


@case
def stream(run: Run) -> Any:
    found = Stream()
    for event in run.client.messages.create(**asked(run, saying() | IN_WRITES, stream=True)):
        found.add(event)
    return found.said()


@case
async def stream_async(run: Run) -> Any:
    found = Stream()
    async for event in await run.client.messages.create(**asked(run, saying() | IN_WRITES, stream=True)):
        found.add(event)
    return found.said()


@case
def stream_helper(run: Run) -> Any:
    with run.client.messages.stream(**asked(run, saying())) as events:
        deltas = "".join(events.text_stream)
        has_id = events.response.headers["x-gatewatch-call-id"] == events.request_id
        return said(events.get_final_message()) | {"deltas": deltas, "has_id": has_id}


@case
def tools(run: Run) -> Any:
    reply = run.client.messages.create(**asked(run, CALLING, tools=[TOOL]))
    return calls_of(reply) | {"finish": reply.stop_reason}


@case
def tools_in_a_stream(run: Run) -> Any:
    with run.client.messages.stream(**asked(run, CALLING | IN_WRITES, tools=[TOOL])) as events:
        reply = events.get_final_message()
    return calls_of(reply) | {"finish": reply.stop_reason}


@case
async def tools_in_a_stream_async(run: Run) -> Any:
    async with run.client.messages.stream(**asked(run, CALLING | IN_WRITES, tools=[TOOL])) as events:
        reply = await events.get_final_message()
    return calls_of(reply) | {"finish": reply.stop_reason}


def answered(reply: Any) -> list[Any]:
    """The conversation so far, the results of its calls included."""
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": OUTPUTS[block.input["city"]]}
        for block in reply.content
        if block.type == "tool_use"
    ]
    return [*ASKED, {"role": reply.role, "content": reply.content}, {"role": "user", "content": results}]


@case
def tool_results(run: Run) -> Any:
    first = run.client.messages.create(**asked(run, CALLING, tools=[TOOL]))
    second = asked(run, saying(), tools=[TOOL], messages=answered(first))
    return said_shortly(run.client.messages.create(**second)) | {"seen": run.seen()}


@case
def image(run: Run) -> Any:
    return _shown(run, {"type": "base64", "media_type": "image/png", "data": PIXEL})


@case
def image_by_url(run: Run) -> Any:
    return _shown(run, {"type": "url", "url": PICTURE})


def _shown(run: Run, source: dict[str, str]) -> Any:
    content = [{"type": "text", "text": QUESTION}, {"type": "image", "source": source}]
    messages = [{"role": "user", "content": content}]
    reply = run.client.messages.create(**asked(run, saying(), messages=messages))
    return said_shortly(reply) | {"seen": run.seen()}


@case
def structured(run: Run) -> Any:
    parsed = run.client.messages.parse(**asked(run, {}, output_format=City)).parsed_output
    return {"parsed": sorted(parsed.model_dump()), "is_text": isinstance(parsed.city, str)}


@case
def structured_in_a_stream(run: Run) -> Any:
    with run.client.messages.stream(**asked(run, {}, output_format=City)) as events:
        parsed: Any = events.get_final_message().parsed_output
    return {"parsed": sorted(parsed.model_dump()), "is_text": isinstance(parsed.city, str)}


# thinking


def thinking_asked(run: Run, headers: dict[str, str], **more: Any) -> Any:
    wanted = {"thinking": {"type": "enabled", "budget_tokens": 8192}, "max_tokens": 20_000}
    return asked(run, headers, model=run.provider.thinking, **(wanted | more))


@case
def thinking(run: Run) -> Any:
    reply = run.client.messages.create(**thinking_asked(run, saying() | THINKING))
    return {"text": text_of(reply), "thought": thought_of(reply)}


@case
def thinking_in_a_stream(run: Run) -> Any:
    thought = ""
    with run.client.messages.stream(**thinking_asked(run, saying() | THINKING)) as events:
        for event in events:
            if event.type == "thinking":
                thought += event.thinking
        reply = events.get_final_message()
    return {"text": text_of(reply), "thought": thought_of(reply), "deltas": thought}


@case
def thinking_with_tools(run: Run) -> Any:
    first = run.client.messages.create(**thinking_asked(run, THINKING | CALLING, tools=[TOOL]))
    return _thought_on(run, first)


@case
def thinking_with_tools_in_a_stream(run: Run) -> Any:
    with run.client.messages.stream(**thinking_asked(run, THINKING | CALLING | IN_WRITES, tools=[TOOL])) as events:
        first = events.get_final_message()
    return _thought_on(run, first)


def _thought_on(run: Run, first: Any) -> Any:
    """The second turn: a provider that signs its thoughts wants them back as they were."""
    second = thinking_asked(run, saying(), tools=[TOOL], messages=answered(first))
    reply = run.client.messages.create(**second)
    return {"thought": thought_of(first), "text": text_of(reply)} | calls_of(first) | {"seen": run.seen()}


# errors


@case
def unknown_parameter(run: Run) -> Any:
    return _naming(run, UNKNOWN, 1)


@case
def previous_response(run: Run) -> Any:
    return _naming(run, "previous_response_id", "resp_1")


def _naming(run: Run, name: str, value: object) -> Any:
    """This dialect's errors have no field for the parameter: it stands in the text."""
    try:
        return run.client.messages.create(**asked(run, {}, extra_body={name: value}))
    except anthropic.BadRequestError as error:
        return told(error) | {"names_it": name in error.message}


@case
def wrong_key(run: Run) -> Any:
    return run.client.with_options(api_key="gwk_not_one").messages.create(**asked(run, {}))


@case
async def wrong_key_async(run: Run) -> Any:
    return await run.client.with_options(api_key="gwk_not_one").messages.create(**asked(run, {}))


@case
def unknown_model(run: Run) -> Any:
    return run.client.messages.create(**asked(run, {}, model="no-such-model"))


def _of_fault(fault: str) -> Any:
    def ask(run: Run) -> Any:
        return run.client.messages.create(**asked(run, {}, model=run.provider.faulty(fault)))

    return ask


for _fault in ("400", "404", "401", "403", "429", "500", "503", "529", "cut-stream", "html", "200-error"):
    driver.cases[f"fault-{_fault}"] = _of_fault(_fault)


@case
def limit_waited_for(run: Run) -> Any:
    headers = saying() | run.script("429,ok")
    with Waited() as waited:
        reply = run.client.with_options(max_retries=1).messages.create(**asked(run, headers))
    return {"text": text_of(reply), "tries": run.tries, "waited": waited.a_second}


def _of_broken_stream(fault: str) -> Any:
    def ask(run: Run) -> Any:
        found = Stream()
        try:
            for event in run.client.messages.create(
                **asked(run, saying() | IN_WRITES, model=run.provider.faulty(fault), stream=True)
            ):
                found.add(event)
        except anthropic.APIError as error:
            return told(error) | {"began": bool(found.text)}
        return {"began": bool(found.text), "whole": True}

    return ask


for _fault in ("cut-stream", "no-done", "error-event", "reset-body", "half-frame", "bad-json", "429"):
    driver.cases[f"stream-of-fault-{_fault}"] = _of_broken_stream(_fault)


@case
async def broken_stream_async(run: Run) -> Any:
    found = Stream()
    try:
        async for event in await run.client.messages.create(
            **asked(run, saying() | IN_WRITES, model=run.provider.faulty("cut-stream"), stream=True)
        ):
            found.add(event)
    except anthropic.APIError as error:
        return told(error) | {"began": bool(found.text)}
    return {"began": bool(found.text), "whole": True}


@case
def broken_stream_helper(run: Run) -> Any:
    faulty = asked(run, saying() | IN_WRITES, model=run.provider.faulty("error-event"))
    with run.client.messages.stream(**faulty) as events:
        return said(events.get_final_message())


# beside messages


@case
def count(run: Run) -> Any:
    raw = run.client.messages.with_raw_response.count_tokens(model=run.provider.plain, messages=ASKED)
    return {"tokens": raw.parse().input_tokens, "estimated": raw.headers.get("x-gatewatch-estimated")}


@case
async def count_async(run: Run) -> Any:
    return {"tokens": (await run.client.messages.count_tokens(model=run.provider.plain, messages=ASKED)).input_tokens}


@case
def models(run: Run) -> Any:
    page = run.client.models.list(limit=50)
    listed = list(page)  # pages follow of themselves
    return {
        "has_house": "house" in [model.id for model in listed],
        "one": run.client.models.retrieve("house").id,
        "named": all(model.display_name and model.type == "model" for model in listed),
        "pages": page.has_more and len(page.data) == 50 < len(listed),
    }


@case
async def models_async(run: Run) -> Any:
    return {"has_house": "house" in [model.id async for model in run.client.models.list(limit=1000)]}


@case
def model_that_does_not_exist(run: Run) -> Any:
    return run.client.models.retrieve("no-such-model")


if __name__ == "__main__":
    driver.main(anthropic.__version__, clients, told)
