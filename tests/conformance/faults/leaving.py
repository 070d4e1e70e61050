"""Rows 30 to 33 and 35: clients that leave, that do not read, that do not speak, and that may not go on."""

import asyncio
import json
import socket
import time
from contextlib import suppress
from typing import Any

from tests.conformance.faults.callers import Told
from tests.conformance.faults.scene import Scene, story
from tests.kit.provider_faults import drips, first_piece, is_silent, nothing, says
from tests.kit.provider_voices import OPENAI, Voice
from tests.kit.raw_http import RawReply, connect, read_reply, request
from tests.kit.scripted_upstream import STREAM_HEAD, Conversation, Script, chunk
from tests.kit.waiting import until

WITHIN = 1.0
"""Seconds after which the provider is left, once the client is."""
SLACK = 1.0
"""For a busy machine."""


async def the_only_row(scene: Scene, route: str = "") -> dict[str, Any]:
    """Of a call that was told nothing, not even its id."""
    rows = await until(lambda: scene.stage.rows(route or scene.route), bool)
    return scene.stage.whole_row(rows[-1]["call_id"])


@story(30, "the-client-leaves-before-the-first-byte", alone=True)
async def before_the_first_byte(scene: Scene) -> None:
    for number, stream in enumerate((False, True)):
        async with scene.provider(says(nothing, then=is_silent)) as a:
            told = await scene.call(stream=stream, patience=0.2)
            gone = time.monotonic()
            await (await a.conversation(0)).left()
            assert time.monotonic() - gone < WITHIN + SLACK
            assert told.error == "APITimeoutError"
        rows = await until(lambda number=number: scene.stage.rows(scene.route), lambda rows, n=number: len(rows) > n)  # type: ignore[misc]
        row = scene.stage.whole_row(rows[-1]["call_id"])
        assert (row["status"], row["http_status"], row["error_kind"]) == ("client_closed", 499, "client_closed")
        assert (row["attempts"], row["cost_basis"]) == (1, "estimated")


@story(31, "the-client-leaves-mid-stream", alone=True)
async def mid_stream(scene: Scene) -> None:
    async with scene.provider(says(first_piece, then=is_silent)) as a:
        told = await scene.call(stream=True, leave_after=1)
        gone = time.monotonic()
        await (await a.conversation(0)).left()
        assert time.monotonic() - gone < WITHIN + SLACK
        row = await scene.stage.row_of(told)
        assert (row["status"], row["http_status"], row["error_kind"]) == ("client_closed", 499, "client_closed")
        assert (row["cost_basis"], row["attempts"]) == ("estimated", 1)
        assert row["output_tokens"] >= 1
        assert float(row["cost_usd"]) > 0


class Flood:
    """Pieces of text without end, as fast as they are taken."""

    def __init__(self) -> None:
        self.sent = 0
        self.conversation: Conversation | None = None

    def __call__(self, voice: Voice) -> Script:
        block = chunk(voice.piece("x" * 1000) * 60)

        async def script(conversation: Conversation) -> None:
            await conversation.request()
            self.conversation = conversation
            conversation.send(STREAM_HEAD + chunk(voice.begin()))
            while True:
                conversation.send(block)
                self.sent += len(block)
                await conversation.flushed()

        return script


@story(32, "the-client-does-not-read", alone=True)
async def does_not_read(scene: Scene) -> None:
    """A byte now and then: what it does not take is not fetched, and it is cut off when its time is over."""
    flood, memory = Flood(), scene.stage.memory_mb()
    path = "/v1/chat/completions" if scene.voice is OPENAI else "/v1/messages"
    body = {"model": scene.route, "stream": True, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
    asked = request("POST", path, json.dumps(body).encode(), {"Authorization": f"Bearer {scene.stage.secret}"})
    async with scene.provider(flood):
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(slow, ("127.0.0.1", scene.stage.port))
            await loop.sock_sendall(slow, asked)
            rows = await until(lambda: _one_byte(slow) and scene.stage.rows(scene.route), bool)
        held = scene.stage.memory_mb() - memory
        assert held < 48, f"{held:.0f} MB for a client that does not read"
        assert flood.sent < 28 * 2**20, "most of it was never fetched"
    assert len(rows) == 1
    row = scene.stage.whole_row(rows[0]["call_id"])
    assert row["status"] in ("client_closed", "truncated"), row
    assert (row["cost_basis"], row["attempts"]) == ("estimated", 1)
    scene.stage.calls[scene.route] = [Told(tries=1)]


def _one_byte(slow: socket.socket) -> bool:
    """Read it, where there is one."""
    with suppress(BlockingIOError, ConnectionResetError):
        slow.recv(1)
    return True


@story(33, "the-client-does-not-speak", alone=True, voices=(OPENAI,))
async def does_not_speak(scene: Scene) -> None:
    """Half a head, half a body, and a thousand connections without a word: refused or closed in time."""
    port = scene.stage.port
    body = json.dumps({"model": scene.route, "messages": [{"role": "user", "content": "hi"}]}).encode()
    whole = request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {scene.stage.secret}"})
    head, _, _ = whole.partition(b"\r\n\r\n")
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(1000)]
    try:
        async with scene.provider(says(nothing)) as a:
            begun = time.monotonic()
            for reply in await asyncio.gather(_drip(port, head), _drip(port, whole[:-10])):
                assert reply is None or reply.status == 408, reply
            assert 1.0 < time.monotonic() - begun < 10
            assert not a.requests
    finally:
        for each in idle:
            each.close()
    scene.stage.calls.pop(scene.route, None)


async def _drip(port: int, data: bytes) -> RawReply | None:
    """Send that and no more; the reply, None where the connection is closed without one."""
    async with connect(port) as (reader, writer):
        writer.write(data)
        try:
            return await read_reply(reader)
        except ConnectionError:
            return None


@story(35, "the-key-is-revoked-mid-stream", alone=True)
async def revoked(scene: Scene) -> None:
    made = await asyncio.to_thread(
        scene.stage.served.ask, "keys", "create", f"short-{scene.voice.name}", "--team", "matrix"
    )
    async with scene.provider(drips) as a:
        calling = asyncio.ensure_future(scene.call(stream=True, key=made["secret"]))
        await (await a.conversation(0)).arrived()
        begun = time.monotonic()
        await asyncio.to_thread(scene.stage.served.ask, "keys", "revoke", made["id"], "--yes")
        told = await calling
        assert time.monotonic() - begun < 8
        assert (told.code, told.whole) == ("key_revoked", False), told
        await a.conversations[0].left()
    row = await scene.stage.row_of(told)
    assert (row["status"], row["cost_basis"]) == ("truncated", "estimated")
    refused = await scene.knocks(made["secret"])
    assert (refused.error, refused.status) == ("AuthenticationError", 401)


@story(35, "the-key-expires-mid-stream", alone=True)
async def expires(scene: Scene) -> None:
    name = f"brief-{scene.voice.name}"
    made = await asyncio.to_thread(scene.stage.served.ask, "keys", "create", name, "--team", "matrix", "--ttl", "3s")
    stage = scene.stage
    release = asyncio.Event()

    def held(voice: Voice) -> Script:
        async def script(conversation: Conversation) -> None:
            await conversation.request()
            conversation.send(STREAM_HEAD + chunk(voice.begin() + voice.piece("What A ")))
            await release.wait()
            conversation.send(chunk(voice.piece("says.") + voice.end(voice.usage(10, 2))) + b"0\r\n\r\n")
            await conversation.gone()

        return script

    async with scene.provider(held) as a:
        calling = asyncio.ensure_future(scene.call(stream=True, key=made["secret"]))
        await (await a.conversation(0)).arrived()
        await until(lambda: scene.knocks(made["secret"]), lambda told: told.status == 401)
        release.set()
        told = await calling
        assert (told.error, told.whole, told.text) == ("", True, "What A says.")
    assert (await stage.row_of(told))["status"] == "ok"
    refused = await scene.knocks(made["secret"])
    assert (refused.error, refused.status) == ("AuthenticationError", 401)
