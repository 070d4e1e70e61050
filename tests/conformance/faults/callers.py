"""The official Python SDKs as an app uses them: one call, and all that the app could tell from it.

Runs under either generation, and needs nothing but the SDK itself:

    echo '[{"sdk": "openai", "url": …, "key": …, "model": …}, …]' | python -m tests.conformance.faults.callers
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

HELLO: Any = [{"role": "user", "content": "How many roads must a man walk down?"}]
MOST_TOKENS = 50


@dataclass
class Asked:
    """One call."""

    sdk: str
    """`openai` or `anthropic`."""
    url: str
    """Without `/v1`."""
    key: str
    model: str
    stream: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    retries: int = 0
    """Of the SDK's own."""
    patience: float = 20.0
    """Seconds after which the SDK gives up."""
    leave_after: int | None = None
    """Pieces of text after which the app walks away."""


@dataclass
class Told:
    """What became of it."""

    text: str = ""
    whole: bool = False
    """The reply came to its end, and said so."""
    error: str = ""
    """The class of the exception."""
    status: int | None = None
    code: str | None = None
    type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Of the last reply."""
    tries: int = 0
    """Requests of the SDK."""
    model: str = ""
    usage: Any = None
    said: str = ""
    """All that could be read of an error, and of the reply."""
    seconds: float = 0.0
    first: float = 0.0
    """Seconds until the first piece."""

    @property
    def call_id(self) -> str:
        return self.headers["x-gatewatch-call-id"]


async def call(asked: Asked) -> Told:
    """One call with a client of its own."""
    told = Told()

    async def sent(request: Any) -> None:
        del request
        told.tries += 1

    async def came(response: Any) -> None:
        told.headers, told.status = dict(response.headers), response.status_code

    client = _client(asked, {"request": [sent], "response": [came]})
    begun = time.monotonic()
    try:
        await (_openai if asked.sdk == "openai" else _anthropic)(client, asked, told, begun)
    except Exception as error:  # noqa: BLE001 - what the app was told is which one it is
        _failed(error, told)
    finally:
        told.seconds = time.monotonic() - begun
        await client.close()
    return told


def _client(asked: Asked, hooks: Any) -> Any:
    """It is asked over plain HTTP: to load the authorities of this machine for each call would be most of its time."""
    known: Any = {"api_key": asked.key, "max_retries": asked.retries, "timeout": asked.patience}
    if asked.sdk == "openai":
        import openai

        http: Any = openai.DefaultAsyncHttpxClient(event_hooks=hooks, verify=False)
        return openai.AsyncOpenAI(base_url=asked.url + "/v1", http_client=http, **known)
    import anthropic

    http = anthropic.DefaultAsyncHttpxClient(event_hooks=hooks, verify=False)
    return anthropic.AsyncAnthropic(base_url=asked.url, http_client=http, **known)


async def _openai(client: Any, asked: Asked, told: Told, begun: float) -> None:
    create: Any = client.chat.completions.create
    common: Any = {"model": asked.model, "messages": HELLO, "max_tokens": MOST_TOKENS, "extra_headers": asked.headers}
    if not asked.stream:
        reply = await create(**common)
        told.said, told.model, told.usage = str(reply), reply.model, _plain(reply.usage)
        told.text, told.whole = reply.choices[0].message.content, reply.choices[0].finish_reason == "stop"
        return
    pieces = 0
    async with await create(**common, stream=True, stream_options={"include_usage": True}) as chunks:
        async for chunk in chunks:
            told.model = chunk.model or told.model
            told.usage = _plain(chunk.usage) or told.usage
            for choice in chunk.choices:
                told.whole = told.whole or choice.finish_reason == "stop"
                if choice.delta.content:
                    told.first = told.first or time.monotonic() - begun
                    told.text += choice.delta.content
                    pieces += 1
            if pieces == asked.leave_after:
                return


async def _anthropic(client: Any, asked: Asked, told: Told, begun: float) -> None:
    create: Any = client.messages.create
    common: Any = {"model": asked.model, "messages": HELLO, "max_tokens": MOST_TOKENS, "extra_headers": asked.headers}
    if not asked.stream:
        reply = await create(**common)
        told.said, told.model, told.usage = str(reply), reply.model, _plain(reply.usage)
        told.text, told.whole = reply.content[0].text, reply.stop_reason == "end_turn"
        return
    pieces = 0
    async with await create(**common, stream=True) as events:
        async for event in events:
            if event.type == "message_start":
                told.model = event.message.model
            elif event.type == "message_delta":
                told.usage = _plain(event.usage)
            elif event.type == "message_stop":
                told.whole = True
            elif event.type == "content_block_delta":
                told.first = told.first or time.monotonic() - begun
                told.text += event.delta.text
                pieces += 1
            if pieces == asked.leave_after:
                return


def _plain(usage: Any) -> Any:
    """As it came, also where it is no usage at all."""
    return usage.model_dump(warnings=False) if hasattr(usage, "model_dump") else usage


def _failed(error: BaseException, told: Told) -> None:
    """What an app can tell from an exception; the two SDKs keep a gateway's code in different places."""
    body: Any = getattr(error, "body", None)
    told.error = type(error).__name__
    told.said = f"{error} {body!r} {told.headers!r}"
    told.code, told.type = getattr(error, "code", None), getattr(error, "type", None)
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        details = body["error"].get("details")
        told.type = body["error"].get("type")
        told.code = details["error_code"] if isinstance(details, dict) else told.type


async def _all(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [asdict(told) for told in await asyncio.gather(*(call(Asked(**each)) for each in given))]


if __name__ == "__main__":
    json.dump(asyncio.run(_all(json.load(sys.stdin))), sys.stdout)
