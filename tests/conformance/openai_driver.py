"""What OpenAI's Python SDK makes of a gateway: one verdict per case, as JSON.

Runs under whichever `openai` the interpreter has, 1.x or 3.x, and needs nothing else:

    echo '{"base_url": …, "key": …, "limited_key": …}' | python openai_driver.py

A verdict is what the case returns, or `{"error": CLASS, …}` with what an app can tell from the exception, and `tries`
where the SDK sent the request more than once. The gateway's provider `sandbox` is a sandbox.
"""

import asyncio
import inspect
import json
import sys
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import openai
from pydantic import BaseModel

HELLO: Any = [{"role": "user", "content": "hi"}]
SHORT: Any = {"model": "chat", "messages": HELLO, "max_tokens": 4}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


class Place(NamedTuple):
    """Where to call, as whom."""

    base_url: str
    key: str
    limited_key: str
    """May use the model `chat` only."""


SIZED: Any = {"x-sandbox-bytes": "2000000"}
"""Above the gateway's caps in these tests: 1 MiB for a reply and for a line of a stream."""


class Recipe(BaseModel):
    title: str
    minutes: int


CASES: dict[str, Callable[..., Any]] = {}
"""Name → a function of a client, sync or async; of a second client with the limited key if it takes two."""


def case(function: Callable[..., Any]) -> Callable[..., Any]:
    CASES[function.__name__] = function
    return function


def verdicts(place: Place, names: "list[str] | None" = None) -> "dict[str, Any]":
    """Run these cases, or all of them."""
    return {name: verdict(CASES[name], place) for name in names or CASES}


def verdict(function: Callable[..., Any], place: Place) -> Any:
    tries: list[object] = []
    try:
        if inspect.iscoroutinefunction(function):
            found = asyncio.run(_run_async(function, place, tries))
        else:
            found = _run(function, place, tries)
    except Exception as error:  # noqa: BLE001 - the verdict is which one it is
        found = told(error)
    return {**found, "tries": len(tries)} if len(tries) > 1 else found


def _run(function: Callable[..., Any], place: Place, tries: "list[object]") -> Any:
    hooks: Any = {"request": [tries.append]}
    with openai.OpenAI(
        base_url=place.base_url,
        api_key=place.key,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(event_hooks=hooks),
    ) as client:
        limited = [client.with_options(api_key=place.limited_key)] if _wants_two(function) else []
        return function(client, *limited)


async def _run_async(function: Callable[..., Any], place: Place, tries: "list[object]") -> Any:
    async def note(request: object) -> None:
        tries.append(request)

    hooks: Any = {"request": [note]}
    async with openai.AsyncOpenAI(
        base_url=place.base_url,
        api_key=place.key,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(event_hooks=hooks),
    ) as client:
        return await function(client)


def _wants_two(function: Callable[..., Any]) -> bool:
    return len(inspect.signature(function).parameters) == 2


def told(error: BaseException) -> "dict[str, Any]":
    """What an app can tell from an exception of the SDK."""
    found: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, openai.APIStatusError):
        found["status"] = error.status_code
        for name in ("x-should-retry", "retry-after"):
            if (value := error.response.headers.get(name)) is not None:
                found[name] = value
        found["has_id"] = error.request_id is not None and error.request_id == error.response.headers.get(
            "x-gatewatch-call-id"
        )
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
        found |= {"code": error.code, "type": error.type, "param": error.param}
    if not isinstance(error, openai.OpenAIError):
        found["message"] = str(error)[:200]
    return found


def usage_of(usage: Any) -> "list[int] | None":
    return usage and [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]


# what goes well


@case
def chat(client: openai.OpenAI) -> Any:
    reply = client.chat.completions.create(**SHORT)
    (choice,) = reply.choices
    return {
        "text": choice.message.content,
        "finish_reason": choice.finish_reason,
        "model": reply.model,
        "usage": usage_of(reply.usage),
    }


@case
async def chat_async(client: openai.AsyncOpenAI) -> Any:
    reply = await client.chat.completions.create(**SHORT)
    return {"text": reply.choices[0].message.content, "usage": usage_of(reply.usage)}


@case
def provider_and_model(client: openai.OpenAI) -> Any:
    reply = client.chat.completions.create(**{**SHORT, "model": "sandbox/any-model"})
    return {"text": reply.choices[0].message.content, "model": reply.model}


@case
def stream(client: openai.OpenAI) -> Any:
    return _told_of_stream(list(client.chat.completions.create(**SHORT, stream=True)))


@case
def stream_with_usage(client: openai.OpenAI) -> Any:
    options: Any = {"include_usage": True}
    return _told_of_stream(list(client.chat.completions.create(**SHORT, stream=True, stream_options=options)))


@case
async def stream_async(client: openai.AsyncOpenAI) -> Any:
    return _told_of_stream([chunk async for chunk in await client.chat.completions.create(**SHORT, stream=True)])


@case
def stream_in_many_writes(client: openai.OpenAI) -> Any:
    headers = {"x-sandbox-chunk-gap-ms": "0", "x-sandbox-chunks": "200"}
    chunks = list(client.chat.completions.create(model="chat", messages=HELLO, stream=True, extra_headers=headers))
    return {"chunks": len(chunks), "finish_reason": _told_of_stream(chunks)["finish_reason"]}


@case
def stream_with_carriage_returns(client: openai.OpenAI) -> Any:
    return _told_of_stream(
        list(client.chat.completions.create(**{**SHORT, "model": "sandbox/fault-crlf"}, stream=True))
    )


@case
def stream_left_early(client: openai.OpenAI) -> Any:
    headers = {"x-sandbox-chunk-gap-ms": "20", "x-sandbox-chunks": "500"}
    with client.chat.completions.create(model="chat", messages=HELLO, stream=True, extra_headers=headers) as chunks:
        first = next(iter(chunks))
    after = client.chat.completions.create(**SHORT)
    return {"role": first.choices[0].delta.role, "after": after.choices[0].message.content}


def _told_of_stream(chunks: "list[Any]") -> "dict[str, Any]":
    text, reason, usage = "", None, None
    for chunk in chunks:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
    return {"text": text, "finish_reason": reason, "usage": usage_of(usage)}


@case
def tool_call(client: openai.OpenAI) -> Any:
    reply = client.chat.completions.create(model="chat", messages=HELLO, tools=[WEATHER], tool_choice="required")
    calls: Any = reply.choices[0].message.tool_calls
    (call,) = calls
    return {"name": call.function.name, "arguments": sorted(json.loads(call.function.arguments))}


@case
def tool_call_in_a_stream(client: openai.OpenAI) -> Any:
    name, arguments = "", ""
    asked: Any = {"tools": [WEATHER], "tool_choice": "required", "stream": True}
    for chunk in client.chat.completions.create(model="chat", messages=HELLO, **asked):
        for call in chunk.choices[0].delta.tool_calls or ():
            name += call.function.name or ""
            arguments += call.function.arguments or ""
    return {"name": name, "arguments": sorted(json.loads(arguments))}


@case
def structured_reply(client: openai.OpenAI) -> Any:
    reply = client.chat.completions.parse(model="chat", messages=HELLO, response_format=Recipe)
    return {"parsed": type(reply.choices[0].message.parsed).__name__}


@case
def completion(client: openai.OpenAI) -> Any:
    reply = client.completions.create(model="chat", prompt="Hello", max_tokens=5)
    return {"text": reply.choices[0].text, "usage": usage_of(reply.usage)}


@case
def completion_in_a_stream(client: openai.OpenAI) -> Any:
    chunks = client.completions.create(model="chat", prompt="Hello", max_tokens=5, stream=True)
    return {"text": "".join(choice.text for chunk in chunks for choice in chunk.choices)}


@case
def embeddings(client: openai.OpenAI) -> Any:
    asked: Any = {"model": "chat", "input": ["one", "two"], "dimensions": 8}
    packed = client.embeddings.create(**asked)
    numbers = client.embeddings.create(**asked, encoding_format="float")
    return {
        "lengths": [len(row.embedding) for row in packed.data],
        "same": [row.embedding for row in packed.data] == [row.embedding for row in numbers.data],
        "usage": [packed.usage.prompt_tokens, packed.usage.total_tokens],
    }


@case
async def embeddings_async(client: openai.AsyncOpenAI) -> Any:
    reply = await client.embeddings.create(model="chat", input="one", dimensions=8)
    return {"lengths": [len(row.embedding) for row in reply.data]}


@case
def models(client: openai.OpenAI, limited: openai.OpenAI) -> Any:
    named = [model.id for model in client.models.list()]
    return {
        "has_chat": "chat" in named,
        "sorted_out_for_a_limited_key": [model.id for model in limited.models.list()],
        "one": client.models.retrieve("chat").id,
    }


@case
async def models_async(client: openai.AsyncOpenAI) -> Any:
    return {"has_chat": "chat" in [model.id async for model in client.models.list()]}


@case
def raw_headers(client: openai.OpenAI) -> Any:
    raw = client.chat.completions.with_raw_response.create(**SHORT)
    headers = raw.headers
    return {
        "ids_are_one": headers["x-request-id"] == headers["x-gatewatch-call-id"] == raw.parse()._request_id,
        "id_version": uuid.UUID(headers["x-gatewatch-call-id"]).version,
        "provider": headers["x-gatewatch-provider"],
        "model": headers["x-gatewatch-model"],
        "attempts": headers["x-gatewatch-attempts"],
        "has_cost": "x-gatewatch-cost-usd" in headers,
        "overhead_is_a_number": float(headers["x-gatewatch-overhead-ms"]) >= 0,
        "upstreams_own": sorted(name for name in headers if name.startswith(("openai-", "x-ratelimit-", "set-cookie"))),
        "content_type": headers["content-type"],
    }


@case
async def raw_headers_of_a_stream_async(client: openai.AsyncOpenAI) -> Any:
    async with client.chat.completions.with_streaming_response.create(**SHORT, stream=True) as raw:
        lines = [line async for line in raw.iter_lines()]
        call_id = raw.headers["x-gatewatch-call-id"]
    comments = [line for line in lines if line.startswith(":")]
    return {
        "content_type": raw.headers["content-type"],
        "ids_are_one": raw.headers["x-request-id"] == call_id,
        "comment_names_the_call": [line.startswith(f": gatewatch call_id={call_id} cost_usd=") for line in comments],
        "last": [line for line in lines if line][-1],
    }


# what the gateway refuses


@case
def wrong_key(client: openai.OpenAI) -> Any:
    return client.with_options(api_key="sk-not-a-key-of-this-gateway").chat.completions.create(**SHORT)


@case
async def wrong_key_async(client: openai.AsyncOpenAI) -> Any:
    return await client.with_options(api_key="sk-not-a-key-of-this-gateway").chat.completions.create(**SHORT)


@case
def wrong_key_in_a_stream(client: openai.OpenAI) -> Any:
    return client.with_options(api_key="gwk_nothing").chat.completions.create(**SHORT, stream=True)


@case
def model_that_is_not_allowed(client: openai.OpenAI, limited: openai.OpenAI) -> Any:
    del client
    return limited.chat.completions.create(**{**SHORT, "model": "impatient"})


@case
def unknown_model(client: openai.OpenAI) -> Any:
    return client.chat.completions.create(**{**SHORT, "model": "no-such-model"})


@case
def unknown_model_looked_up(client: openai.OpenAI) -> Any:
    return client.models.retrieve("no-such-model")


@case
def empty_model(client: openai.OpenAI) -> Any:
    return client.chat.completions.create(**{**SHORT, "model": ""})


@case
def unknown_path(client: openai.OpenAI) -> Any:
    return client.post("/no/such/path", body={"model": "chat"}, cast_to=object)


@case
def body_too_large(client: openai.OpenAI) -> Any:
    return client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "x" * 200_000}])


@case
def route_to_nowhere(client: openai.OpenAI) -> Any:
    return client.chat.completions.create(**{**SHORT, "model": "nowhere"})


@case
def first_byte_too_late(client: openai.OpenAI) -> Any:
    return client.chat.completions.create(**{**SHORT, "model": "impatient"})


# what providers get wrong: one case per fault of the sandbox


def _of_fault(fault: str) -> Callable[[openai.OpenAI], Any]:
    def ask(client: openai.OpenAI) -> Any:
        reply = client.chat.completions.create(**{**SHORT, "model": f"sandbox/{fault}"}, extra_headers=SIZED)
        return {"text": reply.choices[0].message.content, "usage": usage_of(reply.usage)}

    return ask


def _of_faulty_stream(model: str) -> Callable[[openai.OpenAI], Any]:
    def ask(client: openai.OpenAI) -> Any:
        text = ""
        asked: Any = {"model": model, "messages": HELLO, "stream": True, "extra_headers": SIZED}
        try:
            for chunk in client.chat.completions.create(**asked):
                text += "".join(choice.delta.content or "" for choice in chunk.choices)
        except Exception as error:  # noqa: BLE001 - the verdict is which one it is, and what had come before it
            return {**told(error), "began": text[:4]}
        return {"began": text[:4], "whole": True}

    return ask


for _fault in (
    *("400", "401", "402", "403", "404", "409", "413", "422", "429", "429-date", "429-quota", "429-reset", "500"),
    *("502-html", "503", "504", "529", "redirect", "html", "200-error", "empty", "truncated-json", "short-body"),
    *("close", "reset", "reset-body", "no-usage", "bad-usage", "other-model", "close-after", "huge", "huge-chunked"),
    *("gzip", "gzip-bomb"),
):
    CASES[f"fault-{_fault}"] = _of_fault(f"fault-{_fault}")

for _fault in (
    *("401", "404", "429", "500", "html", "200-error", "empty", "truncated-json", "short-body", "close", "reset"),
    *("reset-body", "cut-stream", "no-done", "half-frame", "bad-json", "error-event", "long-line", "huge", "gzip"),
):
    CASES[f"stream-of-fault-{_fault}"] = _of_faulty_stream(f"sandbox/fault-{_fault}")
CASES["stream-of-fault-stall"] = _of_faulty_stream("stalling")


@case
async def broken_stream_async(client: openai.AsyncOpenAI) -> Any:
    text = ""
    asked: Any = {"model": "sandbox/fault-cut-stream", "messages": HELLO, "stream": True}
    try:
        async for chunk in await client.chat.completions.create(**asked):
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
    except Exception as error:  # noqa: BLE001
        return {**told(error), "began": text[:4]}
    return {"began": text[:4], "whole": True}


# retries and patience


def _script(script: str) -> Any:
    return {**SHORT, "extra_headers": {"x-sandbox-script": script, "x-sandbox-session": uuid.uuid4().hex}}


@case
def waits_that_make_no_sense(client: openai.OpenAI) -> Any:
    waits = {}
    for wait in ("1000000000", "1e9", "-5", "soon", "0", "Wed, 21 Oct 2015 07:28:00 GMT"):
        try:
            client.chat.completions.create(
                **{**SHORT, "model": "sandbox/fault-429"}, extra_headers={"x-sandbox-retry-after": wait}
            )
        except openai.RateLimitError as error:
            waits[wait] = error.response.headers.get("retry-after")
    return {"asked": len(waits), "passed_on": sorted({wait for wait in waits.values() if not sensible(wait)})}


def sensible(wait: "str | None") -> bool:
    """Nothing, or whole seconds from one to a day."""
    return wait is None or (wait.isdecimal() and 1 <= int(wait) <= 86_400)


@case
def mended_by_a_retry_of_the_sdk(client: openai.OpenAI) -> Any:
    reply = client.with_options(max_retries=2).chat.completions.create(**_script("500,ok"))
    return {"text": reply.choices[0].message.content}


@case
async def mended_by_a_retry_of_the_sdk_async(client: openai.AsyncOpenAI) -> Any:
    reply = await client.with_options(max_retries=2).chat.completions.create(**_script("500,ok"))
    return {"text": reply.choices[0].message.content}


@case
def waited_for_as_the_provider_asked(client: openai.OpenAI) -> Any:
    reply = client.with_options(max_retries=1).chat.completions.create(**_script("429,ok"))
    return {"text": reply.choices[0].message.content}


@case
def not_worth_a_retry(client: openai.OpenAI) -> Any:
    return client.with_options(max_retries=2).chat.completions.create(**_script("401,ok"))


@case
def not_worth_a_retry_after_a_failover(client: openai.OpenAI) -> Any:
    return client.with_options(max_retries=2).chat.completions.create(**{**SHORT, "model": "twice"})


@case
def failover(client: openai.OpenAI) -> Any:
    raw = client.chat.completions.with_raw_response.create(**{**SHORT, "model": "fallback"})
    text = raw.parse().choices[0].message.content
    return {"text": text, "attempts": raw.headers["x-gatewatch-attempts"], "model": raw.headers["x-gatewatch-model"]}


@case
def client_out_of_patience(client: openai.OpenAI) -> Any:
    headers = {"x-sandbox-latency-ms": "30000"}
    return client.with_options(timeout=0.2).chat.completions.create(**SHORT, extra_headers=headers)


@case
async def client_out_of_patience_async(client: openai.AsyncOpenAI) -> Any:
    headers = {"x-sandbox-latency-ms": "30000"}
    return await client.with_options(timeout=0.2).chat.completions.create(**SHORT, extra_headers=headers)


if __name__ == "__main__":
    json.dump({"version": openai.__version__, "verdicts": verdicts(Place(**json.load(sys.stdin)))}, sys.stdout)
