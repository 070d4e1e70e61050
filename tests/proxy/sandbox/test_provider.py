import json
from collections.abc import Awaitable, Callable

import openai
import pytest

from proxy.sandbox.faults import NAMES
from proxy.sandbox.provider import Options
from proxy.sandbox.server import Sandbox, start
from tests.kit.raw_http import RawReply, ask, request

Chat = Callable[..., Awaitable[RawReply]]


@pytest.mark.parametrize("authorization", ["", "Basic dGVzdA==", "Bearer ", "Bearer"])
async def test_a_key_is_asked_for(chat: Chat, authorization: str) -> None:
    reply = await chat(headers={"Authorization": authorization})
    assert reply.status == 401
    assert reply.json["error"]["message"].startswith("You didn't provide an API key.")


async def test_any_key_will_do_but_a_bad_one(chat: Chat) -> None:
    assert (await chat(headers={"Authorization": "bearer anything"})).status == 200
    reply = await chat(headers={"Authorization": "Bearer bad-key"})
    assert (reply.status, reply.json["error"]["code"]) == (401, "invalid_api_key")


async def test_a_sandbox_may_go_without_keys_and_another_seed_says_something_else(chat: Chat) -> None:
    other = await start(Options(seed=7, needs_key=False))
    body = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}).encode()
    reply = await ask(other.port, request("POST", "/v1/chat/completions", body, {"Authorization": ""}))
    await other.close()
    assert reply.status == 200
    assert reply.json["choices"] != (await chat()).json["choices"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/nothing", 404),
        ("GET", "/", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("GET", "/__sandbox/nothing", 404),
        ("GET", "/__sandbox/reset", 404),
    ],
)
async def test_what_is_not_there_is_refused_as_openai_refuses_it(
    sandbox: Sandbox, method: str, path: str, status: int
) -> None:
    reply = await ask(sandbox.port, request(method, path))
    assert reply.status == status
    assert reply.json["error"]["type"] == "invalid_request_error"


async def test_a_path_may_have_a_query(chat: Chat, sandbox: Sandbox) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    assert (await ask(sandbox.port, request("POST", "/v1/chat/completions?api-version=1", body))).status == 200


async def test_models_are_listed_and_looked_up(sandbox: Sandbox) -> None:
    async with openai.AsyncOpenAI(base_url=f"{sandbox.url}/v1", api_key="test", max_retries=0) as client:
        names = [model.id async for model in client.models.list()]
        assert {"gpt-4o-mini", "text-embedding-3-small", *NAMES} <= set(names)
        assert (await client.models.retrieve("acme/model 9")).id == "acme/model 9"
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("fault-404")


async def test_the_testers_side_is_closed_to_web_pages(sandbox: Sandbox) -> None:
    for host in ("attacker.test", f"attacker.test:{sandbox.port}", "127.0.0.1.attacker.test"):
        assert (await ask(sandbox.port, request("GET", "/__sandbox/stats", headers={"Host": host}))).status == 403
    for host in ("localhost", f"127.0.0.1:{sandbox.port}"):
        assert (await ask(sandbox.port, request("GET", "/__sandbox/stats", headers={"Host": host}))).status == 200


async def test_who_follows_a_redirect_is_seen(sandbox: Sandbox) -> None:
    assert (await ask(sandbox.port, request("POST", "/__sandbox/redirected", b"{}"))).json == {"redirected": True}
    assert json.loads(sandbox.stats.report())["last"][0]["target"] == "/__sandbox/redirected"


async def test_a_reply_waits_as_long_as_it_was_told(chat: Chat) -> None:
    for fields in ({}, {"stream": True}, {"model": "fault-500"}, {"model": "fault-html"}):
        reply = await chat(headers={"x-sandbox-latency-ms": "20"}, **fields)
        assert reply.status in (200, 500)
        assert reply.headers["openai-processing-ms"] == "20"


async def test_a_late_error_is_still_an_error(chat: Chat) -> None:
    reply = await chat("fault-404", headers={"x-sandbox-latency-ms": "1"})
    assert (reply.status, reply.json["error"]["code"]) == (404, "model_not_found")


async def test_realistic_latency_is_announced_as_it_is_kept() -> None:
    slow = await start(Options(latency="realistic"))
    body = json.dumps({"model": "text-embedding-3-small", "input": "x"}).encode()
    reply = await ask(slow.port, request("POST", "/v1/embeddings", body))
    await slow.close()
    assert 10 < int(reply.headers["openai-processing-ms"]) < 1000
