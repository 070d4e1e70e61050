"""A key is revoked while four workers serve it and two others: its calls stop, its streams end, and no other key's do.

With the command line, as an operator does it; streams and plain calls of three dialects.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gatewatch.paths import Home
from tests.kit.caller_streams import heard, payloads
from tests.kit.raw_http import RawReply, ask, request
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

pytestmark = pytest.mark.slow

WORKERS = 4
SECONDS = 1.0
"""What is promised."""
CHUNKS, GAP_MS = 40, 250
"""Of a stream."""
AT_ONCE, MOST_STREAMS = 4, 200
"""Streams of each key and dialect that begin together, until each worker has some of the key; of the key at most."""
CONFIG = """\
vault: file
providers:
  chat: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
  responses: {{dialect: openai-responses, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
  messages: {{dialect: anthropic-messages, base_url: "{sandbox}", api_key: none, allow_private: true}}
models:
  chat: {{targets: [chat/gpt-4o-mini]}}
  responses: {{targets: [responses/gpt-4.1]}}
  messages: {{targets: [messages/claude-sonnet-4-5]}}
"""
HELLO = [{"role": "user", "content": "hi"}]
APPS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": HELLO}),
    "responses": ("/v1/responses", {"input": "hi"}),
    "messages": ("/v1/messages", {"messages": HELLO, "max_tokens": 1000}),
}


class Told(NamedTuple):
    """What one call was told; times by the monotonic clock."""

    begun: float
    ended: float
    key: str
    app: str
    stream: bool
    reply: RawReply


class Callers:
    """For each key and dialect an app that calls ten times a second, each time on a connection of its own."""

    def __init__(self, port: int, secrets: dict[str, str]) -> None:
        self.told: list[Told] = []
        self._port = port
        self._secrets = secrets
        self._go_on = True
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Callers":
        pairs = [(key, app) for key in self._secrets for app in APPS]
        self._tasks = [asyncio.create_task(self._calls(*pair)) for pair in pairs]
        return self

    def begin_streams(self) -> None:
        pairs = [(key, app) for key in self._secrets for app in APPS]
        self._tasks += [asyncio.create_task(self._call(*pair, stream=True)) for pair in pairs * AT_ONCE]

    async def __aexit__(self, *_: object) -> None:
        self._go_on = False
        await asyncio.gather(*self._tasks)

    async def _calls(self, key: str, app: str) -> None:
        while self._go_on:
            await self._call(key, app, stream=False)
            await _moment(time.monotonic() + 0.1)

    async def _call(self, key: str, app: str, *, stream: bool) -> None:
        path, least = APPS[app]
        headers = {"Authorization": f"Bearer {self._secrets[key]}"}
        if stream:
            headers |= {"x-sandbox-chunks": str(CHUNKS), "x-sandbox-chunk-gap-ms": str(GAP_MS)}
        body = json.dumps({"model": app, "stream": stream} | least).encode()
        begun = time.monotonic()
        reply = await ask(self._port, request("POST", path, body, headers))
        self.told.append(Told(begun, time.monotonic(), key, app, stream, reply))


async def test_a_revoked_key_stops_everywhere_within_a_second(tmp_path: Path) -> None:
    with sandbox(tmp_path, "--no-key") as provider:
        config = CONFIG.format(sandbox=provider.listen)
        with gateway(tmp_path, config, "--workers", str(WORKERS)) as served:
            port = int(served.running.listen.rpartition(":")[2])
            home = Home(served.home)
            secrets = {name: served.key(name) for name in ("stolen", "web", "batch")}
            async with Callers(port, secrets) as callers:
                begun = 0
                while len(set(_streams_open(home, "stolen"))) < WORKERS:
                    callers.begin_streams()
                    begun += len(APPS) * AT_ONCE
                    assert begun <= MOST_STREAMS, _streams_open(home, "stolen")
                    await until(lambda: len(_streams_open(home, "stolen")), begun.__eq__)
                await asyncio.to_thread(served.ask, "keys", "revoke", "stolen", "--yes")
                returned = time.monotonic()
                await _moment(returned + 2 * SECONDS)
            stolen = [told for told in callers.told if told.key == "stolen"]
            others = [told for told in callers.told if told.key != "stolen"]

            accepted = [told for told in stolen if not told.stream and told.reply.status == 200]
            refused = [told for told in stolen if not told.stream and told.reply.status != 200]
            assert len(accepted) > 3
            assert len(refused) > 3
            assert max(told.begun for told in accepted) <= returned + SECONDS
            assert {told.reply.status for told in refused} == {401}

            streams = [told for told in stolen if told.stream]
            assert len(streams) == begun
            assert max(told.ended for told in streams) <= returned + SECONDS
            for told in streams:
                assert (told.reply.status, told.reply.ended) == (200, "chunks")
                assert _ending(told.app, told.reply.body) == "key_revoked"

            assert {told.reply.status for told in others} == {200}
            for told in others:
                if told.stream:
                    assert heard(told.app, _without_comments(told.reply.body)).text
            cut = await until(
                lambda: served.ask("show", "calls", "--where", "status=truncated", "--limit", "500"),
                lambda rows: len(rows) >= len(streams),
            )
            assert len(cut) == len(streams)
            assert {(row["key_name"], row["error_kind"]) for row in cut} == {("stolen", "key_revoked")}
            assert all(row["input_tokens"] > 0 for row in cut), "what may have been bought is in the ledger"


async def _moment(due: float) -> None:
    await until(time.monotonic, due.__le__)


def _streams_open(home: Home, key: str) -> list[str]:
    """For each stream of this key that has begun: the run of the worker that serves it."""
    found = []
    for path in home.journal.glob("*.jsonl"):
        for line in path.read_bytes().splitlines(keepends=True):
            if line.startswith(b'{"k":"open"') and line.endswith(b"\n"):
                call = json.loads(line)
                if call.get("stream") and call["key_name"] == key:
                    found.append(path.name.rpartition("-")[0])
    return found


def _ending(app: str, stream: bytes) -> str:
    """The code of the one error that ends a stream, in the words of the app's vendor; nothing else says an end."""
    *before, last = payloads(_without_comments(stream))
    assert before, "what had come before is there"
    assert isinstance(last, dict)
    for said in before:
        assert isinstance(said, dict), "no [DONE]"
        assert "error" not in said or said["error"] is None
        assert said.get("type") not in ("error", "message_stop", "response.completed", "response.failed")
    if app == "chat":
        return str(last["error"]["code"])
    assert last["type"] == "error"
    return str(last["code"] if app == "responses" else last["error"]["details"]["error_code"])


def _without_comments(stream: bytes) -> bytes:
    return b"".join(frame + b"\n\n" for frame in stream.split(b"\n\n") if frame and not frame.startswith(b":"))
