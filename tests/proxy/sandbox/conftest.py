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
