import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from proxy.sandbox import stats
from proxy.sandbox.server import Sandbox
from tests.kit.raw_http import RawReply, ask, connect, request

Chat = Callable[..., Awaitable[RawReply]]


async def report(sandbox: Sandbox, query: str = "") -> Any:
    return (await ask(sandbox.port, request("GET", f"/__sandbox/stats{query}"))).json


async def test_what_reached_the_sandbox_is_shown_without_secrets(sandbox: Sandbox, chat: Chat) -> None:
    secret = "sk-the-providers-own-key"
    await chat("gpt-4o", headers={"Authorization": f"Bearer {secret}", "x-api-key": secret, "X-Other": "seen"}, top_p=1)
    text = (await ask(sandbox.port, request("GET", "/__sandbox/stats"))).body.decode()
    assert secret not in text
    (seen,) = json.loads(text)["last"]
    mark = f"sha256:{hashlib.sha256(secret.encode()).hexdigest()[:12]}"
    assert (seen["headers"]["authorization"], seen["headers"]["x-api-key"]) == (f"Bearer {mark}", mark)
    assert seen["headers"]["x-other"] == "seen"
    assert (seen["method"], seen["target"]) == ("POST", "/v1/chat/completions")
    assert (seen["body"]["model"], seen["body"]["top_p"]) == ("gpt-4o", 1)
    assert seen["body_bytes"] == int(seen["headers"]["content-length"])


async def test_requests_faults_and_connections_are_counted(sandbox: Sandbox, chat: Chat) -> None:
    for model in ("gpt-4o", "fault-429", "fault-429", "fault-close@0"):
        await chat(model)
    counted = await report(sandbox, "?last=2")
    assert counted["requests"] == 4
    assert counted["connections"] == 5  # this one too
    assert counted["open_connections"] >= 1
    assert counted["faults"] == {"429": 2}
    assert [seen["number"] for seen in counted["last"]] == [3, 4]


async def test_a_reset_forgets_everything_but_what_is_open(sandbox: Sandbox, chat: Chat) -> None:
    async with connect(sandbox.port):
        await chat("fault-429", headers={"x-sandbox-script": "429,ok", "x-sandbox-session": "s"})
        assert (await ask(sandbox.port, request("POST", "/__sandbox/reset"))).json == {"reset": True}
        counted = await report(sandbox)
    assert (counted["requests"], counted["faults"], counted["last"]) == (0, {}, [])
    assert counted["open_connections"] >= 2
    again = await chat("gpt-4o", headers={"x-sandbox-script": "429,ok", "x-sandbox-session": "s"})
    assert again.status == 429


async def test_a_body_that_is_not_json_is_shown_as_text_and_a_large_one_only_counted(sandbox: Sandbox) -> None:
    await ask(sandbox.port, request("POST", "/v1/embeddings", b"\xff{"))
    await ask(sandbox.port, request("POST", "/v1/embeddings", b"x" * (stats.BODY_KEPT + 1)))
    small, large = (await report(sandbox))["last"]
    assert small["body"] == "\N{REPLACEMENT CHARACTER}{"
    assert (large["body"], large["body_bytes"]) == (None, stats.BODY_KEPT + 1)


async def test_it_is_told_when_a_client_went_away(sandbox: Sandbox) -> None:
    async def leave(model: str, until: bytes, **fields: object) -> None:
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]} | fields).encode()
        async with connect(sandbox.port) as (reader, writer):
            writer.write(request("POST", "/v1/chat/completions", body))
            if until:
                await reader.readuntil(until)
            else:
                async with asyncio.timeout(5):
                    while model.removeprefix("fault-") not in json.loads(sandbox.stats.report())["faults"]:
                        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while sandbox.stats.connections:
                await asyncio.sleep(0)

    await leave("fault-stall", b"\n\n", stream=True)
    await leave("fault-stall", b"\r\n\r\n")
    await leave("fault-slow-first-byte", b"")
    counted = json.loads(sandbox.stats.report())
    assert counted["cancelled_streams"] == counted["cancelled_bodies"] == counted["cancelled_waits"] == 1
    stream, body, wait = counted["cancels"]
    assert stream["after_first_write_ms"] >= 0
    assert body["stream"] is False
    assert (wait["writes"], wait["after_first_write_ms"]) == (0, None)


async def test_ends_that_the_sandbox_makes_are_nobodys_cancel(sandbox: Sandbox, chat: Chat) -> None:
    for fault in ("fault-reset-body", "fault-cut-stream", "fault-short-body", "fault-close-after"):
        await chat(fault, stream=True)
    assert json.loads(sandbox.stats.report())["cancels"] == []
