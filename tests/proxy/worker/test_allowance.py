"""Keys with caps, through a whole worker: what passes, what is refused and how, and what each end leaves behind."""

import asyncio
import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control.key_table import Known
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.refusal import Refusal
from proxy.settings import Provider, Route, Target
from proxy.worker.allowance import KeyAllowances
from proxy.worker.inbound import Inbound
from proxy.worker.settle import Meter
from tests.kit.dialect_worker import CALLERS, PATIENT, asked, dialect_worker, route
from tests.kit.raw_http import RawReply, ask, connect, request
from tests.kit.scripted_upstream import STREAM_HEAD, Conversation, answers, chat_reply, chunk, delta, http, silence
from tests.kit.waiting import eventually
from tests.kit.worker_process import Worker, make_key, worker_process
from tests.proxy.worker.conftest import Serve

USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
OK = http(200, chat_reply(USAGE))
COST = 100 * 150_000 + 20 * 600_000
"""Picodollars, of gpt-4o-mini: 0.15 and 0.60 USD per million tokens."""
UNPRICED = "a-model-without-a-price"
DOWN = http(503, b'{"error":{"message":"down"}}')
REFUSED_BY_PROVIDER = http(400, b'{"error":{"message":"no","type":"invalid_request_error","code":"bad"}}')


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, listening: socket.socket) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("worker")
    routes = (
        route("either", "messages", "chat"),
        route("dearer", "chat", "messages"),
        _route("twice", "gpt-4o-mini", "gpt-4o-mini"),
        _route("unpriced", "gpt-4o-mini", UNPRICED),
        _route("dearer-unpriced-cheap", "gpt-4o-mini", "gpt-4", UNPRICED, "gpt-4o-mini"),
    )
    with dialect_worker(folder, listening, *routes) as worker:
        yield worker


def _route(name: str, *models: str) -> Route:
    return Route(name=name, targets=tuple(Target(provider="chat", model=model) for model in models), deadlines=PATIENT)


class Capped:
    """A key with caps, its calls and what it has used."""

    def __init__(self, worker: Worker, **caps: Any) -> None:
        self.worker = worker
        self.id, secret = make_key(worker.home, "capped", **caps)
        self.headers = {"Authorization": f"Bearer {secret}"}

    async def ask(self, endpoint: str = "chat", model: str = "chat", **changed: Any) -> RawReply:
        return await ask(self.worker.port, asked(self.worker, endpoint, model, self.headers, **changed))

    def used(self) -> tuple[int, int, int, int]:
        """uses, tokens, picos, holds."""
        with ControlStore.open(self.worker.home.control) as store:
            row = store.connection.execute(
                "SELECT uses, tokens, picos FROM key_allowances WHERE key_id = ?", (self.id,)
            ).fetchone()
            (holds,) = store.connection.execute(
                "SELECT count(*) FROM key_holds WHERE key_id = ?", (self.id,)
            ).fetchone()
        uses, tokens, picos = row or (0, 0, 0)
        return uses, tokens, picos, holds

    def held(self) -> int:
        """Picodollars."""
        with ControlStore.open(self.worker.home.control) as store:
            return store.used(self.id).held_picos

    async def settled(self) -> tuple[int, int, int]:
        await eventually(lambda: not self.used()[3])
        return self.used()[:3]

    def row(self, reply: RawReply) -> dict[str, Any]:
        return self.worker.records_of(call_id=reply.headers["x-gatewatch-call-id"])[-1]


async def test_what_a_call_used_is_what_its_row_says(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_uses=10, max_tokens=10_000, max_picos=10**12)
    async with serve(answers(OK, OK)):
        assert [(await key.ask()).status for _ in range(2)] == [200, 200]
    assert await key.settled() == (2, 240, 2 * COST)


async def test_a_key_that_is_used_up_is_no_key_any_more(worker: Worker, serve: Serve) -> None:
    """Whatever it asks for, and byte for byte what a key that never was is told; the row says why."""
    key = Capped(worker, max_uses=1)
    unknown = {"Authorization": "Bearer gwk_sk_live_" + "0" * 57}
    async with serve(answers(OK)) as upstream:
        assert (await key.ask()).status == 200
        await key.settled()
        for endpoint, (path, least) in CALLERS.items():
            for model in ("chat", "no-such-model"):
                body = json.dumps({"model": model} | least).encode()
                ours, others = [
                    await ask(worker.port, request("POST", path, body, headers)) for headers in (key.headers, unknown)
                ]
                assert _but_for_ids(ours) == _but_for_ids(others), endpoint
                assert ours.status == 401
        for path in ("/v1/models", "/v1/models/chat", "/v1/nothing"):
            ours, others = [await ask(worker.port, request("GET", path, b"", h)) for h in (key.headers, unknown)]
            assert _but_for_ids(ours) == _but_for_ids(others)
    assert len(upstream.requests) == 1
    refused = [r for r in worker.records() if r.get("key_id") == key.id and r.get("status") == "blocked"]
    assert {row["error_message"] for row in refused} == {f"The API key is not valid here. ({key.id}: used_up)"}
    assert key.used()[0] == 1


@pytest.mark.parametrize(
    "narrow",
    [{"dialects": ("anthropic-messages",)}, {"networks": ("10.0.0.0/8",)}, {"models": ("gpt-4",)}, {"routes": ("x",)}],
    ids=lambda narrow: next(iter(narrow)),
)
async def test_nothing_else_is_told_of_a_key_that_is_used_up(worker: Worker, narrow: dict[str, Any]) -> None:
    key = Capped(worker, max_uses=1, **narrow)
    with ControlStore.open(worker.home.control) as store:
        store.connection.execute("INSERT INTO key_allowances (key_id, uses) VALUES (?, 1)", (key.id,))
    unknown = {"Authorization": "Bearer gwk_sk_live_" + "0" * 57}
    ours, others = [
        await ask(worker.port, asked(worker, "chat", "chat", headers)) for headers in (key.headers, unknown)
    ]
    assert ours.status == 401
    assert _but_for_ids(ours) == _but_for_ids(others)
    ours, others = [await ask(worker.port, request("GET", "/v1/models", b"", h)) for h in (key.headers, unknown)]
    assert _but_for_ids(ours) == _but_for_ids(others)


def _but_for_ids(reply: RawReply) -> tuple[object, ...]:
    call_id = reply.headers["x-gatewatch-call-id"]
    headers = {name: value.replace(call_id, "ID") for name, value in reply.headers.items()}
    return reply.status, sorted(headers.items()), reply.body.replace(call_id.encode(), b"ID")


@pytest.mark.parametrize(("caps", "word"), [({"max_tokens": 600}, "tokens"), ({"max_picos": 400_000_000}, "money")])
@pytest.mark.parametrize("endpoint", ["chat", "completions", "responses", "messages"])
async def test_a_spent_cap_is_a_429_that_no_sdk_tries_again(
    worker: Worker, serve: Serve, endpoint: str, caps: dict[str, int], word: str
) -> None:
    """500 tokens of output are asked for; 120 of 600 tokens are used by then, and 27 of 400 µUSD."""
    key = Capped(worker, **caps)
    asked_for: dict[str, Any] = {"max_output_tokens" if endpoint == "responses" else "max_tokens": 640}
    async with serve(answers(OK)) as upstream:
        assert (await key.ask(max_tokens=500)).status == 200
        await key.settled()
        refused = await key.ask(endpoint, **asked_for)
        assert len(upstream.requests) == 1
    assert refused.status == 429
    error = refused.json["error"]
    if endpoint == "messages":
        assert (error["type"], error["details"]["error_code"]) == ("rate_limit_error", "budget_exceeded")
    else:
        assert (error["type"], error["code"]) == ("insufficient_quota", "budget_exceeded")
    assert word in error["message"]
    assert refused.headers["x-should-retry"] == "false"
    assert "retry-after" not in refused.headers
    row = key.row(refused)
    assert (row["status"], row["error_kind"], row.get("cost_picos", 0)) == ("blocked", "budget_exceeded", 0)
    assert key.used()[0] == 1, "a call that was refused is no use"


async def test_a_smaller_call_may_still_fit(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_tokens=600)
    async with serve(answers(OK, OK)):
        assert (await key.ask(max_tokens=590)).status == 200
        await key.settled()
        assert (await key.ask(max_tokens=590)).status == 429
        assert (await key.ask(max_tokens=400)).status == 200
    assert await key.settled() == (2, 240, 2 * COST)


MINI, MINI_IN, MINI_OUT = "gpt-4o-mini", 150_000, 600_000
SONNET_IN, SONNET_OUT = 3_000_000, 15_000_000
"""Picodollars per token: USD per million tokens, times a million."""
HI = 1 + 4
"""Tokens of the least request by the estimate: two characters, and what a message takes."""
MINI_HELD, SONNET_HELD = HI * MINI_IN + 1000 * MINI_OUT, HI * SONNET_IN + 1000 * SONNET_OUT
"""Of a call with a thousand tokens of output."""


async def test_a_failover_to_a_dearer_model_must_fit_too(worker: Worker, serve: Serve) -> None:
    """What a direct call may not buy is not bought behind a target that fails; the row says why."""
    key = Capped(worker, max_picos=SONNET_HELD - 1)
    async with serve(answers(DOWN)) as upstream:
        assert (await key.ask(model="messages", max_tokens=1000)).status == 429
        reply = await key.ask(model="dearer", max_tokens=1000)
    assert (reply.status, reply.json["error"]["code"]) == (503, "upstream_overloaded")
    assert len(upstream.requests) == 1
    row = key.row(reply)
    assert row["provider"] == "chat"
    assert "messages/claude-sonnet-4-5 was not asked" in row["error_message"]
    assert "money" in row["error_message"]
    assert await key.settled() == (1, 0, 0)


async def test_before_a_failover_the_hold_grows_to_what_that_may_cost(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_picos=SONNET_HELD)
    reply_of_sonnet = (
        b'{"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"x"}],'
        b'"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":100,"output_tokens":20}}'
    )
    held: list[int] = []

    async def script(conversation: Conversation) -> None:
        while True:
            received = await conversation.request()
            held.append(key.held())
            to_sonnet = received.line.split()[1].startswith("/messages")
            conversation.send(http(200, reply_of_sonnet) if to_sonnet else DOWN)

    async with serve(script):
        assert (await key.ask(model="dearer", max_tokens=1000)).status == 200
    assert held == [MINI_HELD, SONNET_HELD]
    assert await key.settled() == (1, 120, 100 * SONNET_IN + 20 * SONNET_OUT)


async def test_a_target_that_is_too_dear_or_has_no_price_is_passed_over(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_picos=2 * MINI_HELD)
    async with serve(answers(DOWN, OK)) as upstream:
        assert (await key.ask(model="dearer-unpriced-cheap", max_tokens=1000)).status == 200
    assert [request.json["model"] for request in upstream.requests] == [MINI, MINI]
    assert await key.settled() == (1, 120, COST)


async def test_behind_a_target_that_fails_a_model_still_needs_a_price(worker: Worker, serve: Serve) -> None:
    key, free = Capped(worker, max_picos=10**12), Capped(worker, max_tokens=10**6)
    async with serve(answers(DOWN, DOWN, OK)) as upstream:
        assert (await key.ask(model="unpriced")).status == 503
        assert len(upstream.requests) == 1
        assert (await free.ask(model="unpriced")).status == 200, "without a cap on money no price is needed"
    assert await key.settled() == (1, 0, 0)
    assert (await free.settled())[:2] == (1, 120)


@pytest.mark.parametrize(("cap", "status"), [(2 * MINI_HELD, 200), (2 * MINI_HELD - 1, 502)])
async def test_what_a_lost_try_may_have_cost_counts_before_the_next(
    worker: Worker, serve: Serve, cap: int, status: int
) -> None:
    key = Capped(worker, max_picos=cap)
    tries = 0

    async def script(conversation: Conversation) -> None:
        nonlocal tries
        await conversation.request()
        tries += 1
        if tries == 1:
            conversation.close()
        else:
            conversation.send(OK)

    async with serve(script):
        reply = await key.ask(model="twice", max_tokens=1000)
    assert (reply.status, tries) == (status, 2 if status == 200 else 1)
    uses, _, picos = await key.settled()
    assert (uses, picos) == (1, MINI_HELD + COST if status == 200 else MINI_HELD)
    assert picos == key.row(reply)["cost_picos"], "the ledger counts it once, too"


async def test_a_cost_that_turns_out_unknown_is_taken_for_high(worker: Worker, serve: Serve) -> None:
    """A tier that no list has: every token counts as the dearest that the model has, and the cap is spent."""
    key = Capped(worker, max_picos=10**12)
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000, "total_tokens": 2_000_000}
    reply = json.loads(chat_reply(usage)) | {"service_tier": "provisioned_throughput"}
    async with serve(answers(http(200, json.dumps(reply).encode()))):
        first = await key.ask()
        assert first.status == 200
        assert (await key.settled())[2] >= 2_000_000 * MINI_OUT
        assert (await key.ask()).status == 429
    assert key.row(first)["cost_basis"] == "unpriced"


@pytest.mark.parametrize("param", ["models", "fallbacks"])
async def test_of_the_models_that_a_body_names_the_dearest_must_fit(worker: Worker, serve: Serve, param: str) -> None:
    key = Capped(worker, max_picos=2 * MINI_HELD)
    served = json.loads(chat_reply(USAGE)) | {"model": "gpt-4-0613"}

    def names(*models: str) -> dict[str, Any]:
        return {param: [MINI, *models]}

    async with serve(answers(http(200, json.dumps(served).encode()))) as upstream:
        refused = await key.ask(max_tokens=1000, **names("gpt-4"))
        assert (refused.status, refused.json["error"]["code"]) == (429, "budget_exceeded")
        refused = await key.ask(max_tokens=10, **names(UNPRICED))
        assert (refused.status, refused.json["error"]["code"]) == (403, "model_without_price")
        assert refused.json["error"]["param"] == param
        refused = await key.ask(max_tokens=10, **names(*[MINI] * 21))
        assert (refused.status, refused.json["error"]["code"]) == (400, "too_many_models")
        assert (await key.ask(max_tokens=10, **names("gpt-4"))).status == 200
    assert len(upstream.requests) == 1
    assert await key.settled() == (1, 120, 100 * 30_000_000 + 20 * 60_000_000), "gpt-4 has answered: 30 and 60 USD"


async def test_a_model_that_works_for_a_tool_comes_on_top(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_picos=2 * MINI_HELD)
    helper = {"type": "openrouter:advisor", "parameters": {"model": MINI}}
    async with serve(answers(OK)) as upstream:
        assert (await key.ask(max_tokens=1000, tools=[helper])).status == 429, "the tools' text costs a little, too"
        assert (await key.ask(max_tokens=900, tools=[helper])).status == 200
    assert len(upstream.requests) == 1


async def test_a_cap_on_money_needs_a_price(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_picos=10**12)
    async with serve(answers()) as upstream:
        reply = await key.ask(model="chat/a-model-without-a-price")
    assert (reply.status, reply.json["error"]["code"]) == (403, "model_without_price")
    assert upstream.requests == []
    assert key.used() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("script", "changed", "used"),
    [
        (answers(REFUSED_BY_PROVIDER), {}, 1),
        (answers(http(500, b"{}")), {}, 1),
        (answers(), {"messages": 5}, 0),
    ],
    ids=["refused by the provider", "failed at the provider", "never sent"],
)
async def test_what_bought_nothing_gives_back_but_a_use_that_went_out_is_used(
    worker: Worker, serve: Serve, script: Any, changed: dict[str, Any], used: int
) -> None:
    key = Capped(worker, max_uses=3, max_tokens=10_000)
    async with serve(script):
        reply = await key.ask("chat", "chat" if used else "messages", **changed)
    assert reply.status >= 400
    assert await key.settled() == (used, 0, 0)


async def test_a_client_that_leaves_pays_for_what_was_sent(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_uses=3, max_tokens=10_000)

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD + chunk(delta("x" * 400)))
        await conversation.gone()

    async with serve(script) as upstream, connect(worker.port) as (reader, writer):
        writer.write(asked(worker, "chat", "chat", key.headers, stream=True))
        await reader.readuntil(b"xxx")
        assert key.used()[3] == 1, "held meanwhile"
        writer.close()
        await upstream.conversations[0].left()
    uses, tokens, picos = await key.settled()
    row = await worker.closed(key_id=key.id)
    assert row["status"] == "client_closed"
    assert (uses, tokens) == (1, row["input_uncached_tokens"] + row["output_tokens"])
    assert picos == row["cost_picos"] > 0
    assert row["output_tokens"] == 100, "400 characters at 4 a token"


async def test_a_key_that_is_revoked_leaves_no_hold(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_tokens=10_000)
    async with serve(silence) as upstream:
        reply = asyncio.create_task(key.ask())
        await (await upstream.conversation(0)).arrived()
        with ControlStore.open(worker.home.control) as store:
            store.revoke_key(key.id)
        assert (await reply).status == 401
    uses, tokens, _ = await key.settled()
    assert (uses, tokens > 0) == (1, True), "it may have been bought"


async def test_a_failover_is_one_use(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_uses=3)

    async def script(conversation: Conversation) -> None:
        while True:
            received = await conversation.request()
            conversation.send(DOWN if received.line.split()[1].startswith("/messages") else OK)

    async with serve(script):
        assert (await key.ask(model="either")).status == 200
    assert await key.settled() == (1, 120, COST)


async def test_counting_tokens_is_a_use_where_a_provider_counts(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_uses=3)
    async with serve(answers(http(200, b'{"input_tokens":14}'))):
        assert (await key.ask("count_tokens", "messages")).status == 200
        assert (await key.ask("count_tokens", "chat")).status == 200, "the estimate, without any provider"
    assert await key.settled() == (1, 0, 0)


async def test_many_calls_at_once_get_no_more_than_there_is(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_uses=5)

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            conversation.send(OK)

    async with serve(script):
        statuses = [reply.status for reply in await asyncio.gather(*[key.ask() for _ in range(40)])]
    assert sorted(statuses) == [200] * 5 + [401] * 35
    assert await key.settled() == (5, 600, 5 * COST)


async def test_where_the_store_is_locked_keys_with_caps_wait_and_others_are_served(
    worker: Worker, serve: Serve
) -> None:
    key = Capped(worker, max_tokens=10_000)

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            conversation.send(OK)

    locking = sqlite3.connect(worker.home.control, isolation_level=None)
    async with serve(script):
        locking.execute("BEGIN IMMEDIATE")
        capped = [asyncio.create_task(key.ask()) for _ in range(10)]
        async with asyncio.timeout(10):
            assert (await ask(worker.port, asked(worker, "chat", "chat"))).status == 200
            refused = await asyncio.gather(*capped)
        locking.execute("ROLLBACK")
        assert {reply.status for reply in refused} == {503}
        assert {reply.json["error"]["code"] for reply in refused} == {"allowance_unavailable"}
        assert "locked" in key.row(refused[0])["error_message"]
        assert b"locked" not in refused[0].body
        assert (await key.ask()).status == 200
    assert await key.settled() == (1, 120, COST), "what was refused left nothing behind"
    locking.close()


async def test_while_the_store_is_locked_nothing_heaps_up(
    home: Home, inbound: Callable[..., Inbound], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a call that took nothing, nothing is left to settle, however many of them there are."""
    monkeypatch.setattr("proxy.worker.allowance.PATIENCE_SECONDS", 0.01)
    with ControlStore.open(home.control) as store:
        key, _ = store.create_key("capped", team="t", create_team=True, pepper=bytes(32), max_uses=5)
        allowances, call = KeyAllowances(home.control, Meter(home.control)), inbound()
        call.known = Known(key, key.id, 1)
        provider = Provider(name="p", ways=(), keys=(), price_provider="openai")
        with store.change():
            with pytest.raises(Refusal) as refused:
                await allowances.take(call, provider)
            assert (refused.value.status, call.held) == (503, None)
        await allowances.take(call, provider)
        assert call.held is not None
        allowances.settle(call)
        allowances.close()
        assert store.used(key.id).uses == 0, "it went to no provider"


async def test_what_could_not_be_settled_is_settled_later(worker: Worker, serve: Serve) -> None:
    key = Capped(worker, max_tokens=10_000)
    let_go = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        await let_go.wait()
        conversation.send(OK)

    locking = sqlite3.connect(worker.home.control, isolation_level=None)
    async with serve(script):
        reply = asyncio.create_task(key.ask())
        await eventually(lambda: key.used()[3] == 1)
        locking.execute("BEGIN IMMEDIATE")
        let_go.set()
        assert (await reply).status == 200
        await eventually(lambda: "the control store cannot be used" in worker.log)
        locking.execute("ROLLBACK")
    locking.close()
    assert await key.settled() == (1, 120, COST)


async def test_what_a_dead_worker_held_counts_for_the_next(
    tmp_path: Path, listening: socket.socket, serve: Serve
) -> None:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    with worker_process(tmp_path, url) as dying:
        key = Capped(dying, max_uses=2, max_tokens=10_000)
        async with serve(silence) as upstream:
            reply = asyncio.create_task(key.ask(max_tokens=6_000))
            await (await upstream.conversation(0)).arrived()
            dying.process.kill()
            with pytest.raises(ConnectionError):
                await reply
    with worker_process(tmp_path, url) as following:
        key.worker = following
        async with serve(answers(OK)):
            assert (await key.ask(max_tokens=6_000)).status == 429
            assert (await key.ask(max_tokens=3_000)).status == 200
            await eventually(lambda: key.used()[1:] == (120, COST, 1))
            assert (await key.ask()).status == 401, "its use is used"


async def test_a_key_without_caps_starts_no_thread(tmp_path: Path, listening: socket.socket, serve: Serve) -> None:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    with worker_process(tmp_path, url) as worker:
        threads = Path(f"/proc/{worker.process.pid}/task")
        capped = Capped(worker, max_uses=5)
        async with serve(answers(OK, OK, OK)):
            free = [(await ask(worker.port, asked(worker, "chat", "chat"))).status for _ in range(2)]
            before = len(list(threads.iterdir()))
            assert (await capped.ask()).status == 200
        assert free == [200, 200]
        assert len(list(threads.iterdir())) == before + 1
