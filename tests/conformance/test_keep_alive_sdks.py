"""The official SDKs are unmoved by what keeps a silent stream alive, before its first byte and in its middle.

Their readers of server-sent events pass over comments, and Anthropic's over pings; a call that fails behind comments
raises what a stream raises that breaks.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from proxy.routing import Routing
from tests.conformance.sdk.cases import TEXT
from tests.conformance.sdk.clients import SDKS, Api, Sdk
from tests.conformance.sdk.verdicts import good
from tests.conformance.test_sdks import run
from tests.kit.dialect_worker import asked, dialect_worker
from tests.kit.provider_streams import said
from tests.kit.raw_http import connect, read_reply
from tests.kit.scripted_upstream import LAST_CHUNK, STREAM_HEAD, Conversation, chunk, http, scripted_upstream
from tests.kit.worker_process import Worker

pytestmark = pytest.mark.slow

CASES = ("stream", "stream_async", "stream_helper")
RUNS = [pytest.param(sdk, api, id=f"{sdk.name}-{api}") for sdk in SDKS for api in sdk.apis]
KEEP_ALIVE, SILENCE = 0.1, 0.5
USAGE = '{"prompt_tokens":17,"completion_tokens":10,"total_tokens":27}'
FRAMES = said("openai-chat", TEXT, usage=USAGE).frames
BROKEN = http(500, b'{"error":{"message":"Broken","type":"server_error"}}')
FAILING = "responses"
"""The provider that answers with an error."""


@pytest.fixture(scope="module")
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("worker")
    with dialect_worker(folder, listening, routing=Routing(keep_alive=KEEP_ALIVE)) as worker:
        yield worker


async def silent() -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), SILENCE)


async def provider(conversation: Conversation) -> None:
    """Silent before it says anything, and in the middle."""
    while True:
        received = await conversation.request()
        await silent()
        if f"/{FAILING}/" in received.line:
            conversation.send(BROKEN)
            continue
        conversation.send(STREAM_HEAD + b"".join(map(chunk, FRAMES[:3])))
        await silent()
        conversation.send(b"".join(map(chunk, FRAMES[3:])) + LAST_CHUNK)


def given(worker: Worker) -> dict[str, Any]:
    places = [{"name": place, "plain": place, "thinking": place} for place in ("chat", FAILING)]
    return {"url": f"http://127.0.0.1:{worker.port}", "key": worker.key, "sandbox": "", "providers": places}


@pytest.mark.parametrize(("sdk", "api"), RUNS)
async def test_an_sdk_hears_the_same_of_a_provider_that_falls_silent(
    sdk: Sdk, api: Api, worker: Worker, listening: socket.socket
) -> None:
    """And its error where the call fails behind comments."""
    if not sdk.interpreter:
        pytest.skip(f"{sdk.name} is not installed: `make extras`")
    async with scripted_upstream(provider, listening=listening):
        told = await asyncio.to_thread(run, sdk, api, given(worker), *CASES)
    cases = [name for name in CASES if sdk.two_clients or name != "stream_async"]
    assert told["verdicts"]["chat"] == {name: good(api)[name] for name in cases}
    failed = told["verdicts"][FAILING]
    assert {name: (failed[name]["error"], failed[name]["code"]) for name in cases} == dict.fromkeys(
        cases, (sdk.broken_class, "upstream_error")
    )


@pytest.mark.parametrize(
    ("app", "mark"), [("chat", b": keep-alive\n\n"), ("responses", b": keep-alive\n\n"), ("messages", b"event: ping\n")]
)
async def test_they_have_heard_comments_in_both_places(
    app: str, mark: bytes, worker: Worker, listening: socket.socket
) -> None:
    """What the SDKs do not show."""
    async with scripted_upstream(provider, listening=listening), connect(worker.port) as (reader, writer):
        writer.write(asked(worker, app, "chat", stream=True))
        reply = await read_reply(reader)
    assert reply.body.startswith(mark)
    between = reply.body.partition(b": x-gatewatch-provider: chat\n")[2]
    assert mark in between
