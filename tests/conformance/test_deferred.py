"""Deferred calls through the official SDKs, over sockets, with real processes, some of which are killed."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.kit.running import Gateway, Running, gateway, sandbox
from tests.kit.waiting import until

CONFIG = """\
vault: file
workers: {workers}
providers:
  openai:
    endpoints:
      - {{dialect: openai-chat, base_url: "{sandbox}/v1"}}
      - {{dialect: openai-responses, base_url: "{sandbox}/v1"}}
    api_key: "file:{key}"
    allow_private: true
    quirks: {{batches: [openai-chat, openai-responses]}}
  anthropic:
    dialect: anthropic-messages
    base_url: "{sandbox}"
    api_key: "file:{key}"
    allow_private: true
    quirks: {{batches: [anthropic-messages]}}
  plain: {{dialect: openai-chat, base_url: "{sandbox}/v1", api_key: "file:{key}", allow_private: true}}
models:
  chat: {{targets: [openai/gpt-4o-mini]}}
  claude: {{targets: [anthropic/claude-haiku-4-5]}}
  direct: {{targets: [plain/gpt-4o-mini]}}
  never: {{targets: [openai/gpt-4o-mini], deferred: off}}
deferred: {{gather: {gather}, shortest: 1s, poll: 100ms}}
"""
HELLO: Any = [{"role": "user", "content": "How many roads must a man walk down?"}]
DEFERRED = {"x-gatewatch-priority": "deferred", "x-gatewatch-deadline": "4h"}
QUICK = "100ms"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deferred")


@pytest.fixture(scope="module")
def provider(folder: Path) -> Iterator[Running]:
    with sandbox(folder, "--batch-seconds", "0.2") as running:
        yield running


def config(folder: Path, provider: Running, gather: str = QUICK, workers: int = 1) -> str:
    key = folder / "provider.key"
    key.write_text("sk-of-the-provider-0123456789")
    key.chmod(0o600)
    return CONFIG.format(sandbox=provider.listen, key=key, gather=gather, workers=workers)


@pytest.fixture(scope="module")
def served(folder: Path, provider: Running) -> Iterator[Gateway]:
    with gateway(folder, config(folder, provider)) as running:
        yield running


@pytest.fixture(scope="module")
def key(served: Gateway) -> str:
    return served.key("app")


async def fetched(gw: Gateway, id: str, key: str) -> httpx.Response:
    """The reply of a deferred call, by a plain client, once it is there."""
    async with httpx.AsyncClient(base_url=gw.base_url, headers={"authorization": f"Bearer {key}"}) as client:
        found: httpx.Response = await until(
            lambda: client.get(f"/deferred/{id}"), lambda reply: reply.status_code != 202
        )
        return found


async def row(gw: Gateway, id: str) -> dict[str, Any]:
    """All that the ledger says of it, once it does."""
    rows = await until(
        lambda: gw.ask("show", "calls", "--limit", "50"), lambda rows: any(each["call_id"] == id for each in rows)
    )
    assert len([each for each in rows if each["call_id"] == id]) == 1
    call: dict[str, Any] = gw.ask("explain", id)["call"]
    return call


async def test_openais_sdk_defers_a_call_and_gets_the_direct_reply_at_half_the_price(served: Gateway, key: str) -> None:
    async with openai.AsyncOpenAI(base_url=served.base_url, api_key=key, max_retries=0) as client:
        asked: dict[str, Any] = {"model": "chat", "messages": HELLO}
        direct = await client.chat.completions.with_raw_response.create(**asked)
        taken = await client.chat.completions.with_raw_response.create(**asked, extra_headers=DEFERRED)
        assert taken.status_code == 202
        told = taken.http_response.json()
        assert taken.headers["location"] == f"/v1/deferred/{told['id']}"
        reply = await fetched(served, told["id"], key)
        assert (reply.status_code, reply.content) == (200, direct.content)
        parsed = openai.types.chat.ChatCompletion.model_validate_json(reply.content)
        assert parsed.choices[0].message.content == direct.parse().choices[0].message.content
    costs = [float(each.headers["x-gatewatch-cost-usd"]) for each in (direct, reply)]
    assert costs[1] == pytest.approx(costs[0] / 2)
    call = await row(served, told["id"])
    assert (call["status"], call["priority"], call["deferred"]) == ("ok", "deferred", "batch")
    assert call["price_row"].startswith("openai/gpt-4o-mini:batch@")
    assert float(call["cost_usd"]) == costs[1]
    assert call["latency_ms"] >= call["queued_ms"] > 0


async def test_responses_and_embeddings_wait_as_well(served: Gateway, key: str) -> None:
    async with openai.AsyncOpenAI(base_url=served.base_url, api_key=key, max_retries=0) as client:
        taken = await client.responses.with_raw_response.create(model="chat", input="hi", extra_headers=DEFERRED)
        assert taken.status_code == 202
        reply = await fetched(served, taken.http_response.json()["id"], key)
        assert reply.status_code == 200
        assert reply.json()["object"] == "response"


async def test_anthropics_sdk_does_too(served: Gateway, key: str) -> None:
    base_url = served.running.listen
    async with anthropic.AsyncAnthropic(base_url=base_url, api_key=key, max_retries=0) as client:
        asked: dict[str, Any] = {"model": "claude", "max_tokens": 100, "messages": HELLO}
        direct = await client.messages.create(**asked)
        taken = await client.messages.with_raw_response.create(**asked, extra_headers=DEFERRED)
        assert taken.status_code == 202
        reply = await fetched(served, taken.http_response.json()["id"], key)
    message = anthropic.types.Message.model_validate_json(reply.content)
    assert message.content == direct.content
    assert message.usage.service_tier == "batch"


async def test_a_stream_and_a_model_that_says_no_are_bad_requests_of_the_sdk(served: Gateway, key: str) -> None:
    async with openai.AsyncOpenAI(base_url=served.base_url, api_key=key, max_retries=0) as client:
        for asked in ({"model": "chat", "stream": True}, {"model": "never"}):
            with pytest.raises(openai.BadRequestError) as raised:
                await client.chat.completions.create(messages=HELLO, extra_headers=DEFERRED, **asked)  # type: ignore[call-overload]
            assert raised.value.code == "cannot_be_deferred"


async def test_another_team_finds_nothing_and_the_own_team_ends_it(served: Gateway, key: str) -> None:
    stranger, colleague = served.key("stranger", team="support"), served.key("colleague")
    async with httpx.AsyncClient(base_url=served.base_url, headers={"authorization": f"Bearer {key}"}) as client:
        taken = await client.post(
            "/chat/completions",
            json={"model": "direct", "messages": HELLO},
            headers=DEFERRED | {"x-sandbox-latency-ms": "60000"},
        )
        url = f"/deferred/{taken.json()['id']}"
        for method in ("GET", "DELETE"):
            theirs = await client.request(method, url, headers={"authorization": f"Bearer {stranger}"})
            assert (theirs.status_code, theirs.json()["error"]["code"]) == (404, "deferred_not_found")
        ended = await client.delete(url, headers={"authorization": f"Bearer {colleague}"})
        assert (ended.status_code, ended.json()["status"]) == (202, "cancelling")
        gone = await until(lambda: client.get(url), lambda reply: reply.status_code != 202)
        assert (gone.status_code, gone.json()["error"]["code"]) == (410, "client_closed")
    assert (await row(served, taken.json()["id"]))["status"] == "client_closed"


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["chat", "direct"])
async def test_what_was_acknowledged_survives_a_kill_of_every_process(
    tmp_path: Path, provider: Running, model: str
) -> None:
    """Between the 202 and the reply: the worker and the control process are killed, and started again on the home."""
    body = {"model": model, "messages": HELLO}
    with gateway(tmp_path, config(tmp_path, provider, gather="2s")) as gw:
        key = gw.key("app")
        with httpx.Client(base_url=gw.base_url, headers={"authorization": f"Bearer {key}"}) as client:
            direct = client.post("/chat/completions", json=body)
            slow = DEFERRED | ({"x-sandbox-latency-ms": "2000"} if model == "direct" else {})
            id = client.post("/chat/completions", json=body, headers=slow).json()["id"]
        kill(*gw.running.ready["workers"], gw.running.process.pid)
        gw.running.process.wait()
    with gateway(tmp_path, config(tmp_path, provider, gather=QUICK)) as gw:
        reply = await fetched(gw, id, key)
        assert (reply.status_code, reply.content) == (200, direct.content)
        call = await row(gw, id)
        assert call["status"] == "ok"
        rows = gw.ask("show", "calls", "--limit", "50")
        assert sorted(each["status"] for each in rows) == ["ok", "ok"]  # none is `interrupted`


@pytest.mark.slow
async def test_of_several_workers_one_runs_them_and_when_it_is_killed_another(
    tmp_path: Path, provider: Running
) -> None:
    with gateway(tmp_path, config(tmp_path, provider, workers=2)) as gw:
        key = gw.key("app")
        with httpx.Client(base_url=gw.base_url, headers={"authorization": f"Bearer {key}"}) as client:

            def defer() -> str:
                taken = client.post("/chat/completions", json={"model": "chat", "messages": HELLO}, headers=DEFERRED)
                assert taken.status_code == 202
                return str(taken.json()["id"])

            first = [defer() for _ in range(6)]
            for id in first:
                assert (await fetched(gw, id, key)).status_code == 200
            second = [defer() for _ in range(3)]
            kill(*gw.running.ready["workers"])
            third = [await until(lambda: _deferred(gw, key), bool) for _ in range(2)]
        for id in (*second, *third):
            assert (await fetched(gw, id, key)).status_code == 200
        rows = await until(
            lambda: gw.ask("show", "calls", "--limit", "50"),
            lambda rows: len(rows) >= len(first) + len(second) + len(third),
        )
        ids = [each["call_id"] for each in rows]
        assert sorted(ids) == sorted([*first, *second, *third])
        assert {each["status"] for each in rows} == {"ok"}


def _deferred(gw: Gateway, key: str) -> str:
    """Empty while no worker is there."""
    try:
        taken = httpx.post(
            f"{gw.base_url}/chat/completions",
            json={"model": "chat", "messages": HELLO},
            headers=DEFERRED | {"authorization": f"Bearer {key}"},
        )
    except httpx.TransportError:
        return ""
    return str(taken.json()["id"]) if taken.status_code == 202 else ""


async def test_operators_see_it_and_end_it(served: Gateway, key: str) -> None:
    async with httpx.AsyncClient(base_url=served.base_url, headers={"authorization": f"Bearer {key}"}) as client:
        taken = await client.post(
            "/chat/completions",
            json={"model": "direct", "messages": HELLO},
            headers=DEFERRED | {"x-sandbox-latency-ms": "60000"},
        )
        id = taken.json()["id"]
        (shown,) = served.ask("deferred", "show", id)
        assert (shown["team"], shown["route"], shown["way"]) == ("search", "direct", "standard")
        began = time.monotonic()
        served.ask("deferred", "cancel", id)
        gone = await until(lambda: client.get(f"/deferred/{id}"), lambda reply: reply.status_code != 202)
        assert gone.status_code == 410
        assert time.monotonic() - began < 20
    assert id in {each["call_id"] for each in served.ask("deferred", "list")}
