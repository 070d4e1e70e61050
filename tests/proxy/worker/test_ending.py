"""However a call ends in whatever dialect, it has one last word, and what may have been bought is not free.

Through a whole worker; the endings of chat itself are told by test_gateway.py.
"""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.dialect_worker import DIALECTS, asked, by_provider, dialect_worker, route
from tests.kit.provider_streams import said
from tests.kit.raw_http import ask, connect
from tests.kit.scripted_upstream import STREAM_HEAD, Conversation, chunk, http
from tests.kit.worker_process import Worker
from tests.proxy.worker.conftest import Serve
from tests.proxy.worker.test_stream_ends import spoken

APPS = ("chat", "completions", "responses", "messages")
PAIRS = [(app, provider) for app in APPS for provider in DIALECTS]
IN, OUT = 150_000, 600_000
"""Picodollars per token of gpt-4o-mini: 0.15 and 0.60 USD per million."""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    routes = (route("messages-then-chat", "messages", "chat"), route("gemini-then-messages", "gemini", "messages"))
    with dialect_worker(tmp_path_factory.mktemp("worker"), listening, *routes) as worker:
        yield worker


async def row_of(worker: Worker, headers: dict[str, str]) -> dict[str, Any]:
    """The call's last word. It is the only one."""
    return await worker.closed(call_id=headers["x-gatewatch-call-id"])


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_a_reply_that_cannot_be_read_may_have_been_bought(
    worker: Worker, serve: Serve, app: str, provider: str
) -> None:
    async with serve(by_provider(**{provider: http(200, b'{"half":')})):
        reply = await ask(worker.port, asked(worker, app, provider))
    row = await row_of(worker, reply.headers)
    assert (reply.status, row["status"], row["error_kind"]) == (502, "error", "upstream_invalid")
    assert row["cost_basis"] == "estimated"
    assert row["cost_picos"] > 0


@pytest.mark.parametrize(("app", "provider"), PAIRS)
async def test_a_request_that_was_refused_was_not_bought(worker: Worker, serve: Serve, app: str, provider: str) -> None:
    async with serve(by_provider(**{provider: http(400, b'{"error":{"message":"no such thing"}}')})):
        reply = await ask(worker.port, asked(worker, app, provider))
    row = await row_of(worker, reply.headers)
    assert (reply.status, row["status"]) == (400, "error")
    assert row.get("cost_picos", 0) == 0
    assert reply.headers["x-gatewatch-attempts"] == "1"


@pytest.mark.parametrize("app", APPS)
async def test_what_a_lost_try_may_have_cost_is_added_to_the_answered_one(
    worker: Worker, serve: Serve, app: str
) -> None:
    """The first target took the request and hung up; another, of another dialect, answered."""
    answer = said("openai-chat", "Hello", usage='{"prompt_tokens":1000,"completion_tokens":2000,"total_tokens":3000}')

    async def script(conversation: Conversation) -> None:
        received = await conversation.request()
        if "/messages" in received.line:
            conversation.close()
            return
        conversation.send(http(200, answer.plain))
        await conversation.gone()

    async with serve(script):
        reply = await ask(worker.port, asked(worker, app, "messages-then-chat"))
    row = await row_of(worker, reply.headers)
    assert (reply.status, row["status"], row["provider"]) == (200, "ok", "chat")
    assert row["cost_basis"] == "estimated"
    assert row["cost_picos"] > 1000 * IN + 2000 * OUT
    attempts = [record for record in worker.records_of(call_id=row["call_id"]) if record["k"] == "attempt"]
    assert [attempt.get("status", "ok") for attempt in attempts] == ["error", "ok"]


@pytest.mark.parametrize(("app", "provider"), [pair for pair in PAIRS if pair != ("completions", "chat")])
async def test_who_leaves_in_a_stream_pays_for_what_was_said(
    worker: Worker, serve: Serve, app: str, provider: str, request: pytest.FixtureRequest
) -> None:
    frames = spoken(DIALECTS[provider][0])
    left = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        head = STREAM_HEAD
        if provider == "bedrock":
            head = head.replace(b"text/event-stream", b"application/vnd.amazon.eventstream")
        conversation.send(head + b"".join(map(chunk, frames)))
        await conversation.gone()
        left.set()

    user = f"{app}-{provider}"
    async with serve(script):
        async with connect(worker.port) as (reader, writer):
            writer.write(asked(worker, app, provider, {"x-litellm-end-user-id": user}, stream=True))
            await reader.readuntil(b"cccc")
        await left.wait()
    row = await worker.closed(user=user)
    assert (row["status"], row["http_status"], row["error_kind"]) == ("client_closed", 499, "client_closed")
    assert row["cost_basis"] == "estimated"
    assert row["output_tokens"] > 0


@pytest.mark.parametrize("app", APPS)
async def test_an_error_is_told_in_the_dialect_of_who_asked(worker: Worker, serve: Serve, app: str) -> None:
    """The second target's words count, being the last; it is asked again when it said. The next app's call waits until
    its key may be asked."""
    broken = http(500, b'{"error":{"code":500,"message":"Broken","status":"INTERNAL"}}')
    over = http(429, b'{"type":"error","error":{"type":"rate_limit_error","message":"Slower"}}', "retry-after: 1")
    async with serve(by_provider(gemini=broken, messages=over)):
        reply = await ask(worker.port, asked(worker, app, "gemini-then-messages"))
    error = reply.json["error"]
    assert (reply.status, error["message"], error["type"]) == (429, "Slower", "rate_limit_error")
    assert ("type" in reply.json) is (app == "messages")
    assert reply.headers["retry-after"] == "1"
    row = await row_of(worker, reply.headers)
    assert (row["status"], row["error_kind"]) == ("error", "upstream_rate_limited")
    assert int(reply.headers["x-gatewatch-attempts"]) == row["attempts"] > 1
