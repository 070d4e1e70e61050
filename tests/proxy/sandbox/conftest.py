"""A sandbox that listens in the test's own event loop, and the shortest way to ask it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from tests.kit.raw_http import RawReply, ask, request

Ask = Callable[..., Awaitable[RawReply]]

HELLO = [{"role": "user", "content": "hi"}]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = await start(Options())
    yield running
    await running.close()


@pytest.fixture
def chat(sandbox: Sandbox) -> Ask:
    """`await chat(model=…, headers={…}, **body)` → a raw reply of /v1/chat/completions."""

    async def ask_chat(model: str = "gpt-4o-mini", headers: dict[str, str] | None = None, **body: Any) -> RawReply:
        asked = {"model": model, "messages": HELLO} | body
        data = request("POST", "/v1/chat/completions", json.dumps(asked).encode(), headers)
        return await ask(sandbox.port, data)

    return ask_chat


@pytest.fixture
def messages(sandbox: Sandbox) -> Ask:
    """`await messages(model=…, headers={…}, **body)` → a raw reply of /v1/messages, or of another `path`."""

    async def ask_messages(
        model: str = "claude-sonnet-4-5",
        headers: dict[str, str] | None = None,
        path: str = "/v1/messages",
        **body: Any,
    ) -> RawReply:
        asked = {"model": model, "messages": HELLO} | body
        if path == "/v1/messages":
            asked = {"max_tokens": 4096} | asked
        fields = {"Authorization": "", "x-api-key": "test-key", "anthropic-version": "2023-06-01"} | (headers or {})
        return await ask(sandbox.port, request("POST", path, json.dumps(asked).encode(), fields))

    return ask_messages
