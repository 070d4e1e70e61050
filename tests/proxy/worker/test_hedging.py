"""Two targets are asked where the first takes long; one answer is taken, the other target is left."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from gatewatch.limits.rule import counter
from gatewatch.paths import Home
from proxy.settings import KeyCap, Limiting, Pacing, Settings
from tests.kit.limit_stage import limit
from tests.kit.scripted_upstream import Conversation, Script, scripted_upstream, silence
from tests.kit.waiting import until
from tests.proxy.worker.test_asking import routed, saying
from tests.proxy.worker.test_attempts import BROKEN, OK, STREAM, error
from tests.proxy.worker.test_gateway_defects import Running

SOON = 0.05


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    running = Running(home)
    yield running
    await running.end()


def after(event: asyncio.Event, reply: bytes = OK) -> Script:
    """Answers when the event has come."""

    async def script(conversation: Conversation) -> None:
        request = await conversation.request()
        await event.wait()
        conversation.send(STREAM if reply is OK and request.json.get("stream") else reply)
        await conversation.gone()

    return script


def tries(running: Running) -> list[tuple[Any, ...]]:
    """Provider, status and kind of each try, as the row has them."""
    records = [record for record in running.records() if record["k"] == "attempt"]
    return [(each["provider"], each.get("status", "ok"), each.get("error_kind")) for each in records]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_second_answers_where_the_first_takes_long_and_the_first_is_left(
    running: Running, stream: bool
) -> None:
    async with scripted_upstream(silence) as slow, scripted_upstream(saying(OK)) as second:
        await running.start(slow.url, routed(second.url, hedge_after=SOON))
        reply = await running.chat(stream=stream)
        await (await slow.conversation(0)).left()
    assert (reply.status, reply.headers["x-gatewatch-provider"], reply.headers["x-gatewatch-attempts"]) == (
        200, "second", "2",
    )  # fmt: skip
    assert tries(running) == [("openai", "error", "hedged"), ("second", "ok", None)]


async def test_both_may_be_charged_and_the_row_says_so(running: Running) -> None:
    async with scripted_upstream(silence) as slow, scripted_upstream(saying(OK)) as second:
        await running.start(slow.url, routed(second.url, hedge_after=SOON))
        await running.chat()
        await running.chat(model="second/gpt-4o-mini")
    hedged, alone = running.closed()
    assert hedged["cost_picos"] > alone["cost_picos"]
    assert hedged["cost_basis"] == "estimated"
    assert hedged["cost_picos"] - hedged["lost_picos"] == alone["cost_picos"]
    tokens = ("input_uncached_tokens", "output_tokens")
    assert [hedged[name] for name in tokens] == [alone[name] for name in tokens]


async def test_while_both_are_asked_it_runs_at_both(running: Running) -> None:
    """So that who drains one of them waits for it."""
    both_asked, seen = asyncio.Event(), asyncio.Event()

    async def second_script(conversation: Conversation) -> None:
        await conversation.request()
        both_asked.set()
        await seen.wait()
        conversation.send(OK)

    async with scripted_upstream(silence) as slow, scripted_upstream(second_script) as second:
        await running.start(slow.url, routed(second.url, hedge_after=SOON))
        call = asyncio.create_task(running.chat())
        await both_asked.wait()
        assert running.gateway.in_flight.targets() == {"chat": {"openai/gpt-4o-mini": 1, "second/gpt-4o-mini": 1}}
        seen.set()
        assert (await call).status == 200


async def test_nobody_else_is_asked_where_the_first_is_quick(running: Running) -> None:
    async with scripted_upstream(saying(OK)) as quick, scripted_upstream(saying(OK)) as second:
        await running.start(quick.url, routed(second.url, hedge_after=20.0))
        assert (await running.chat()).status == 200
        assert not second.requests
    (row,) = running.closed()
    assert (row["attempts"], row.get("cost_basis", "computed")) == (1, "computed")


async def test_the_first_is_taken_where_it_answers_first_after_all(running: Running) -> None:
    both_asked = asyncio.Event()

    async def second_script(conversation: Conversation) -> None:
        await conversation.request()
        both_asked.set()
        await conversation.gone()

    async with scripted_upstream(after(both_asked)) as first, scripted_upstream(second_script) as second:
        await running.start(first.url, routed(second.url, hedge_after=SOON))
        reply = await running.chat()
        await (await second.conversation(0)).left()
    assert (reply.status, reply.headers["x-gatewatch-provider"]) == (200, "openai")
    assert tries(running) == [("second", "error", "hedged"), ("openai", "ok", None)]


async def test_a_first_that_fails_meanwhile_is_no_loss(running: Running) -> None:
    asked, failed = asyncio.Event(), asyncio.Event()

    async def second_script(conversation: Conversation) -> None:
        await conversation.request()
        asked.set()
        await failed.wait()
        conversation.send(OK)
        await conversation.gone()

    async with scripted_upstream(after(asked, BROKEN)) as first, scripted_upstream(second_script) as second:
        await running.start(first.url, routed(second.url, hedge_after=SOON))
        call = asyncio.create_task(running.chat())
        await asked.wait()
        await until(lambda: any(each.status == "error" for each in next(iter(running.gateway.in_flight)).attempts))
        failed.set()
        assert (await call).status == 200
    assert tries(running) == [("openai", "error", "upstream_error"), ("second", "ok", None)]


async def test_where_both_fail_neither_is_asked_again(running: Running) -> None:
    asked = asyncio.Event()

    async def second_script(conversation: Conversation) -> None:
        await conversation.request()
        asked.set()
        conversation.send(BROKEN)
        await conversation.gone()

    async with scripted_upstream(after(asked, BROKEN)) as first, scripted_upstream(second_script) as second:
        await running.start(first.url, routed(second.url, hedge_after=SOON))
        reply = await running.chat()
        assert (len(first.requests), len(second.requests)) == (1, 1)
    assert error(reply) == (502, "upstream_error")
    assert reply.headers["x-should-retry"] == "false"


async def test_a_client_that_leaves_leaves_both(running: Running) -> None:
    async with scripted_upstream(silence) as slow, scripted_upstream(silence) as second:
        await running.start(slow.url, routed(second.url, hedge_after=SOON))
        call = asyncio.create_task(running.chat())
        await (await second.conversation(0)).arrived()
        call.cancel()
        await (await slow.conversation(0)).left()
        await (await second.conversation(0)).left()
        await until(lambda: running.closed())
    assert running.closed()[0]["status"] == "client_closed"


async def left_by_its_client(running: Running, second: Any) -> None:
    """A call of which both targets were asked, and whose client goes then."""
    call = asyncio.create_task(running.chat())
    await (await second.conversation(len(second.conversations))).arrived()
    call.cancel()
    await until(lambda: not running.gateway.in_flight)


async def test_what_the_second_took_is_given_back_when_the_client_leaves(running: Running) -> None:
    async with scripted_upstream(silence) as slow, scripted_upstream(silence) as second:
        await running.start(slow.url, routed(second.url, hedge_after=SOON))
        for _ in range(3):
            await left_by_its_client(running, second)
        assert not any(state.running for state in running.gateway.pacing.states())


async def test_both_are_charged_when_the_client_leaves(running: Running) -> None:
    async with scripted_upstream(silence) as slow, scripted_upstream(silence) as second:
        await running.start(slow.url, routed(second.url, hedge_after=SOON))
        await left_by_its_client(running, second)
        call = asyncio.create_task(running.chat(model="second/gpt-4o-mini"))
        await (await second.conversation(1)).arrived()
        call.cancel()
        await until(lambda: len(running.closed()) == 2)
    both, alone = running.closed()
    assert both["cost_picos"] == 2 * alone["cost_picos"] > 0


@pytest.mark.parametrize("how", ["client", "gateway"])
async def test_where_the_second_has_failed_the_first_is_left_all_the_same(running: Running, how: str) -> None:
    async with scripted_upstream(silence) as slow, scripted_upstream(saying(BROKEN)) as second:
        await running.start(slow.url, routed(second.url, hedge_after=SOON))
        call = asyncio.create_task(running.chat())
        await (await second.conversation(0)).arrived()
        await until(lambda: any(each.status == "error" for each in next(iter(running.gateway.in_flight)).attempts))
        if how == "client":
            call.cancel()
        else:
            running.gateway.stop_calls()
        await (await slow.conversation(0)).left()
        await until(lambda: not running.gateway.in_flight)
        await asyncio.wait([call])


async def test_a_hedge_does_not_go_past_the_cap_of_the_seconds_key(running: Running) -> None:
    capped = Pacing(keys=(KeyCap(provider="second", key="other", most=1),))

    def change(settings: Settings) -> Settings:
        return msgspec.structs.replace(routed(second.url, hedge_after=SOON)(settings), pacing=capped)

    async with scripted_upstream(silence) as slow, scripted_upstream(silence) as second:
        await running.start(slow.url, change)
        calls = [asyncio.create_task(running.chat()) for _ in range(3)]
        await (await second.conversation(0)).arrived()
        await until(lambda: all(each.beside or each.exchange for each in running.gateway.in_flight))
        await until(lambda: len(slow.requests) == 3)
        assert len(second.requests) == 1
        for call in calls:
            call.cancel()
        await until(lambda: not running.gateway.in_flight)


async def test_limits_hold_for_both_while_both_are_asked(running: Running) -> None:
    models = ("openai/gpt-4o-mini", "second/gpt-4o-mini")
    rules = [limit("model", name, "concurrent", 1, id=name) for name in models]
    async with scripted_upstream(silence) as slow, scripted_upstream(silence) as second:
        await running.start(slow.url, routed(second.url, hedge_after=SOON))
        running.gateway.limit(Limiting(rules=tuple(rules)))
        call = asyncio.create_task(running.chat())
        await (await second.conversation(0)).arrived()
        assert sorted(running.gateway.held()) == [counter(rule, rule.name or "") for rule in rules]
        call.cancel()
        await until(lambda: not running.gateway.in_flight)
        assert not running.gateway.held()


async def test_the_winner_is_measured_from_its_own_start_and_the_other_has_not_failed(running: Running) -> None:
    async with scripted_upstream(silence) as slow, scripted_upstream(saying(OK)) as second:
        await running.start(slow.url, routed(second.url, hedge_after=0.4))
        assert (await running.chat()).status == 200
    states = {state.target: state for state in running.gateway.router.measured.states()}
    assert (states["second/gpt-4o-mini"].latency_ms or 0) < 300
    assert states["openai/gpt-4o-mini"].failed == 0
    assert (states["openai/gpt-4o-mini"].latency_ms or 0) >= 400
