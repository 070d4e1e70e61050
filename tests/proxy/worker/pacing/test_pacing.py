"""Calls through a whole gateway whose provider limits them: who waits, who is told to come again, what is seen."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from gatewatch.control.store import ControlStore
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from proxy.settings import KeyCap, Limiting, Pacing, ProviderKey, Route, Settings, Target
from tests.kit.metered_upstream import LIMITED, Metered
from tests.kit.raw_http import RawReply, ask, connect, request
from tests.kit.scripted_upstream import Conversation, chat_reply, http, scripted_upstream
from tests.kit.waiting import until
from tests.kit.worker_process import make_key
from tests.proxy.worker.conftest import HELLO, LIMIT, PATIENT
from tests.proxy.worker.test_gateway_defects import Running, running

__all__ = ["running"]

USAGE = {"prompt_tokens": 100, "completion_tokens": 20}
OK = http(200, chat_reply(USAGE))
PATIENTLY = Pacing(queue=300, wait=20, batch_wait=20)


def paced(pacing: Pacing, *rules: Rule, keys: tuple[str, ...] = ()) -> Callable[[Settings], Settings]:
    def change(settings: Settings) -> Settings:
        providers = dict(settings.providers)
        if keys:
            each = tuple(ProviderKey(id=id, secret=f"sk-{id}", version=f"v-{id}") for id in keys)
            providers["openai"] = msgspec.structs.replace(providers["openai"], keys=each)
        limiting = Limiting(rules=rules)
        return msgspec.structs.replace(settings, pacing=pacing, limiting=limiting, providers=providers)

    return change


def at_once(settings: Settings, most: int, pacing: Pacing = PATIENTLY) -> Settings:
    """Of the only key of `openai`."""
    cap = KeyCap(provider="openai", key=settings.providers["openai"].keys[0].id, model="gpt-4o-mini", most=most)
    return msgspec.structs.replace(settings, pacing=msgspec.structs.replace(pacing, keys=(cap,)))


async def said(running: Running, priority: str, **body: Any) -> RawReply:
    asked = {"model": "chat", "messages": HELLO, "max_tokens": LIMIT} | body
    headers = {"Authorization": f"Bearer {running.key}", "x-gatewatch-priority": priority}
    return await ask(running.port, request("POST", "/v1/chat/completions", json.dumps(asked).encode(), headers))


class Held:
    """A provider that answers when the test lets it; by the `user` that the call names."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self._go: dict[str, asyncio.Event] = {}
        self.answers: dict[str, bytes] = {}
        self.keys: list[str] = []

    def go(self, user: str) -> None:
        self._go.setdefault(user, asyncio.Event()).set()

    async def __call__(self, conversation: Conversation) -> None:
        while True:
            asked = await conversation.request()
            user = asked.json.get("user", "")
            self.arrived.append(user)
            self.keys.append(asked.headers["authorization"].removeprefix("Bearer sk-"))
            await self._go.setdefault(user, asyncio.Event()).wait()
            conversation.send(self.answers.get(user, OK))

    async def until_arrived(self, count: int) -> None:
        await until(lambda: len(self.arrived) >= count)


def waiting(running: Running) -> int:
    return sum(state.waiting for state in running.gateway.pacing.states())


def waits(running: Running, calls: int) -> bool:
    return waiting(running) == calls


async def burst(running: Running, calls: int) -> Counter[int]:
    return Counter(reply.status for reply in await asyncio.gather(*(running.chat() for _ in range(calls))))


async def test_a_burst_of_200_on_a_provider_that_limits_meets_far_fewer_429s_than_without(running: Running) -> None:
    unpaced = Metered(40, 0.4)
    async with scripted_upstream(unpaced) as upstream:
        asked = request("POST", "/v1/chat/completions", b"{}", {"Authorization": "Bearer sk"})
        await asyncio.gather(*(ask(upstream.port, asked) for _ in range(200)))
    with_pacing = Metered(40, 0.4)
    async with scripted_upstream(with_pacing) as upstream:
        await running.start(upstream.url, paced(PATIENTLY))
        assert (await running.chat()).status == 200, "one reply tells of the limit"
        told = await burst(running, 200)
    assert unpaced.refused > 40
    assert with_pacing.refused <= unpaced.refused // 4
    assert told[200] + told[429] == 200
    assert told[429] <= with_pacing.refused, "who met a 429 came again"


async def test_at_81_percent_a_fifth_fewer_run_and_the_others_wait_for_their_turn(running: Running) -> None:
    provider = Held()
    provider.answers["seen"] = http(
        200,
        chat_reply(USAGE),
        "anthropic-ratelimit-input-tokens-limit: 100000",
        "anthropic-ratelimit-input-tokens-remaining: 19000",
        "anthropic-ratelimit-input-tokens-reset: 2099-01-01T00:00:00Z",
    )
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, paced(PATIENTLY))
        calls = [asyncio.create_task(running.chat(user="seen"))]
        calls += [asyncio.create_task(running.chat(user=f"c{n}")) for n in range(9)]
        await provider.until_arrived(10)
        provider.go("seen")
        assert (await calls[0]).status == 200
        (state,) = running.gateway.pacing.states()
        assert (state.running, state.most, state.used_percent) == (9, 8, 81)
        assert [(each.kind, each.limit, each.remaining) for each in state.limits] == [("input_tokens", 100000, 19000)]
        late = asyncio.create_task(running.chat(user="late"))
        await until(lambda: waiting(running) == 1)
        provider.go("c0")
        await calls[1]
        assert waiting(running) == 1, "eight still run"
        provider.go("c1")
        await provider.until_arrived(11)
        for user in ("late", *(f"c{n}" for n in range(2, 9))):
            provider.go(user)
        assert {reply.status for reply in await asyncio.gather(late, *calls)} == {200}
    row = next(row for row in running.closed() if row.get("queued_us"))
    assert row["overhead_us"] <= row["latency_us"] - row["queued_us"], "waiting is not the gateway's own work"


async def test_urgent_calls_go_first_and_batch_calls_last(running: Running) -> None:
    provider = Held()
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, lambda settings: at_once(settings, 1))
        calls = [asyncio.create_task(running.chat(user="first"))]
        await provider.until_arrived(1)
        for number, priority in enumerate(("batch", "normal", "urgent", "batch", "urgent")):
            calls.append(asyncio.create_task(said(running, priority, user=f"{priority}{number}")))
            await until(partial(waits, running, number + 1))
        order = ["first", "urgent2", "urgent4", "normal1", "batch0", "batch3"]
        for number, user in enumerate(order, start=1):
            await provider.until_arrived(number)
            provider.go(user)
        assert {reply.status for reply in await asyncio.gather(*calls)} == {200}
    assert provider.arrived == order
    rows = running.closed()
    assert Counter(row.get("priority") for row in rows) == {None: 2, "urgent": 2, "batch": 2}
    assert sum(row.get("queued_us", 0) > 0 for row in rows) == 5


async def test_a_full_queue_and_a_wait_that_is_over_are_429s_that_say_so(running: Running) -> None:
    provider = Held()
    async with scripted_upstream(provider) as upstream:
        hasty = Pacing(queue=1, wait=0.1, batch_wait=20)
        await running.start(upstream.url, lambda settings: at_once(settings, 1, hasty))
        first = asyncio.create_task(running.chat(user="first"))
        await provider.until_arrived(1)
        late = await running.chat(user="late")
        batch = asyncio.create_task(said(running, "batch", user="batch"))
        await until(lambda: waiting(running) == 1)
        full = await said(running, "batch", user="full")
        for reply, why in ((late, "queue_timeout"), (full, "queue_full")):
            error = reply.json["error"]
            assert (reply.status, error["code"], error["reason"]) == (429, "rate_limit_exceeded", why)
            assert error["type"] == "rate_limit_error"
            assert int(reply.headers["retry-after"]) >= 1
        provider.go("first")
        provider.go("batch")
        assert (await first).status == (await batch).status == 200, "a batch call waits longer"
    assert provider.arrived == ["first", "batch"], "who got no turn cost nothing"
    refused = [row for row in running.closed() if row["status"] == "blocked"]
    assert {row["error_kind"] for row in refused} == {"rate_limit_exceeded"}
    assert {row.get("cost_picos", 0) for row in refused} == {0}
    assert "1 running, 1 at most" in refused[0]["error_message"]


async def test_a_word_that_is_no_priority_is_a_400(running: Running) -> None:
    async with scripted_upstream(Held()) as upstream:
        await running.start(upstream.url)
        reply = await said(running, "bacth")
    assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_priority")


async def test_a_client_that_leaves_the_queue_frees_its_place_and_is_no_call_to_the_provider(running: Running) -> None:
    provider = Held()
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, lambda settings: at_once(settings, 1))
        first = asyncio.create_task(running.chat(user="first"))
        await provider.until_arrived(1)
        async with connect(running.port) as (_, writer):
            writer.write(running.asked(user="leaves"))
            await until(lambda: waiting(running) == 1)
        await until(lambda: waiting(running) == 0)
        provider.go("first")
        assert (await first).status == 200
        await until(lambda: not running.gateway.in_flight)
    assert provider.arrived == ["first"]
    (left,) = (row for row in running.closed() if row["status"] == "client_closed")
    assert left.get("attempts", 0) == 0
    assert left.get("cost_picos", 0) == 0
    assert left["queued_us"] > 0


async def test_a_stopping_gateway_ends_the_calls_that_wait(running: Running) -> None:
    provider = Held()
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, lambda settings: at_once(settings, 1))
        first = asyncio.create_task(running.chat(user="first"))
        await provider.until_arrived(1)
        waits = asyncio.create_task(running.chat(user="waits"))
        await until(lambda: waiting(running) == 1)
        running.gateway.stop_calls()
        replies = await asyncio.gather(first, waits)
    assert {(reply.status, reply.json["error"]["code"]) for reply in replies} == {(503, "gateway_stopping")}
    rows = {row["user"]: row for row in running.closed()}
    assert rows["waits"].get("cost_picos", 0) == 0, "nothing was bought"


async def test_a_client_key_that_is_revoked_while_its_call_waits_ends_the_waiting(running: Running) -> None:
    provider = Held()
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, lambda settings: at_once(settings, 1))
        first = asyncio.create_task(running.chat(user="first"))
        await provider.until_arrived(1)
        id, other = make_key(running.home, "other")
        asked = running.asked(user="waits").replace(running.key.encode(), other.encode())
        cut_off = asyncio.create_task(ask(running.port, asked))
        await until(lambda: waiting(running) == 1)
        with ControlStore.open(running.home.control) as store:
            store.revoke_key(id)

        def is_cut_off() -> bool:
            running.gateway.cutting.look()
            return waiting(running) == 0

        await until(is_cut_off)
        reply = await cut_off
        provider.go("first")
        assert (await first).status == 200
    assert (reply.status, reply.json["error"]["code"]) == (401, "key_revoked")
    assert provider.arrived == ["first"]
    row = next(row for row in running.closed() if row["key_id"] == id)
    assert row.get("cost_picos", 0) == 0


async def test_a_reload_that_allows_more_lets_those_go_that_wait(running: Running) -> None:
    provider = Held()
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, lambda settings: at_once(settings, 1))
        calls = [asyncio.create_task(running.chat(user="c")) for _ in range(3)]
        await until(lambda: waiting(running) == 2)
        running.gateway.configure(msgspec.structs.replace(at_once(running.settings, 3), config_version="2"))
        await provider.until_arrived(3)
        provider.go("c")
        assert {reply.status for reply in await asyncio.gather(*calls)} == {200}


async def test_a_call_that_has_waited_does_not_go_out_with_a_key_that_was_refused_meanwhile(running: Running) -> None:
    provider = Held()
    provider.answers["first"] = http(401, b'{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}')
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, lambda settings: at_once(settings, 1))
        first = asyncio.create_task(running.chat(user="first"))
        await provider.until_arrived(1)
        behind = asyncio.create_task(running.chat(user="behind"))
        await until(lambda: waiting(running) == 1)
        provider.go("first")
        replies = await asyncio.gather(first, behind)
    assert [reply.json["error"]["code"] for reply in replies] == ["upstream_auth"] * 2
    assert provider.arrived == ["first"]


async def test_a_key_that_comes_near_its_limit_is_heard_of_at_the_latest_some_milliseconds_later(
    running: Running,
) -> None:
    provider = Held()
    for name, remaining in (("far", 90), ("near", 10)):
        said_so = ("x-ratelimit-limit-requests: 100", f"x-ratelimit-remaining-requests: {remaining}")
        provider.answers[name] = http(200, chat_reply(USAGE), *said_so)
        provider.go(name)
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url)
        await running.chat(user="far")
        while not running.gateway.pacing.states()[0].most:
            await running.chat(user="near")
    assert running.gateway.pacing.states()[0].used_percent == 90


async def test_a_key_near_its_limit_is_left_to_others(running: Running) -> None:
    provider = Held()
    near = ("x-ratelimit-limit-requests: 100", "x-ratelimit-remaining-requests: 10", "x-ratelimit-reset-requests: 60s")
    provider.answers["near"] = http(200, chat_reply(USAGE), *near)
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, paced(PATIENTLY, keys=("a", "b")))
        provider.go("near")
        assert (await running.chat(user="near")).status == 200
        provider.go("")
        for _ in range(4):
            assert (await running.chat()).status == 200
    assert provider.keys == ["a", "b", "b", "b", "b"]


def per_minute(key: str, most: int, model: str | None = None) -> Rule:
    return Rule(
        id=f"providers.openai.api_keys.{key}/requests/1m",
        kind="limit",
        scope="provider_key",
        name=f"openai/{key}",
        measure="requests",
        most=most,
        window=Window(seconds=60),
        for_model=model,
    )


async def test_a_key_that_is_full_is_passed_over_and_where_all_are_the_soonest_is_told(running: Running) -> None:
    provider = Held()
    provider.go("")
    async with scripted_upstream(provider) as upstream:
        rules = (per_minute("a", 1), per_minute("b", 2), per_minute("c", 1), per_minute("d", 1), per_minute("e", 1))
        await running.start(upstream.url, paced(Pacing(), *rules, keys=("a", "b", "c", "d", "e")))
        replies = [await running.chat() for _ in range(7)]
    assert [reply.status for reply in replies] == [200] * 6 + [429]
    assert Counter(provider.keys) == {"a": 1, "b": 2, "c": 1, "d": 1, "e": 1}
    assert replies[6].json["error"]["code"] == "rate_limit_exceeded"
    assert 50 <= int(replies[6].headers["retry-after"]) <= 61
    rows = running.closed()
    assert [row["status"] for row in rows] == ["ok"] * 6 + ["blocked"]
    assert not any(row.get("blocked_by") for row in rows[:6])
    assert rows[6]["blocked_by"].startswith("providers.openai.api_keys.")


async def test_a_rule_for_one_model_of_a_key_leaves_its_other_models_alone(running: Running) -> None:
    provider = Held()
    provider.go("")
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, paced(Pacing(), per_minute("a", 1, "gpt-4o-mini"), keys=("a",)))
        statuses = [(await running.chat(model=f"openai/{model}")).status for model in ("gpt-4o-mini", "gpt-4o") * 2]
    assert statuses == [200, 200, 429, 200]


async def test_a_full_key_gives_way_to_the_next_target(running: Running) -> None:
    provider = Held()
    provider.go("")

    def change(settings: Settings) -> Settings:
        settings = paced(Pacing(), per_minute("a", 1), keys=("a",))(settings)
        second = msgspec.structs.replace(settings.providers["openai"], name="second")
        targets = tuple(Target(provider=name, model="gpt-4o-mini") for name in ("openai", "second"))
        route = Route(name="chat", targets=targets, deadlines=PATIENT)
        return msgspec.structs.replace(
            settings, providers=settings.providers | {"second": second}, routes=settings.routes | {"chat": route}
        )

    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, change)
        assert [(await running.chat()).status for _ in range(3)] == [200, 200, 200]
    assert [row["provider"] for row in running.closed()] == ["openai", "second", "second"]


async def test_a_call_that_meets_a_429_comes_again_if_it_may_wait_so_long(running: Running) -> None:
    seen: Counter[str] = Counter()

    async def limited_once(conversation: Conversation) -> None:
        while True:
            user = (await conversation.request()).json["user"]
            seen[user] += 1
            conversation.send(OK if seen[user] > 1 else http(429, LIMITED, "retry-after: 1"))

    async with scripted_upstream(limited_once) as upstream:
        await running.start(upstream.url, paced(Pacing(wait=0.5)))
        assert (await running.chat(user="hurried")).status == 429
        running.gateway.configure(paced(Pacing())(running.settings))
        assert (await running.chat(user="normal")).status == 200
        assert (await said(running, "batch", user="batch")).status == 200
    assert seen == {"hurried": 1, "normal": 2, "batch": 2}
    row = next(row for row in running.closed() if row.get("priority") == "batch")
    assert row["queued_us"] >= 1_000_000
    assert row["attempts"] == 2


async def test_what_our_own_rules_count_is_shown_and_cuts(running: Running) -> None:
    provider = Held()
    provider.go("")
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, paced(Pacing(), per_minute("a", 5), keys=("a",)))
        for _ in range(4):
            await running.chat()
        (state,) = running.gateway.pacing.states()
    assert state.used_percent == 80
    assert state.most == 1
    assert [(each.kind, each.limit, each.remaining) for each in state.limits] == [
        ("providers.openai.api_keys.a/requests/1m", 5, 1)
    ]


async def test_calls_of_a_model_with_a_cap_wait_for_their_turn(running: Running) -> None:
    provider = Held()
    async with scripted_upstream(provider) as upstream:
        pacing = msgspec.structs.replace(PATIENTLY, routes={"chat": 2})
        await running.start(upstream.url, paced(pacing))
        calls = [asyncio.create_task(running.chat(user=f"c{n}")) for n in range(4)]
        await provider.until_arrived(2)
        await until(lambda: sum(inbound.waiting is not None for inbound in running.gateway.in_flight) == 2)
        assert len(provider.arrived) == 2
        for n in range(4):
            provider.go(f"c{n}")
        assert {reply.status for reply in await asyncio.gather(*calls)} == {200}


async def test_a_429_shuts_the_key_for_calls_that_come_meanwhile_and_the_first_that_is_served_opens_it(
    running: Running,
) -> None:
    provider = Held()
    provider.answers["limited"] = http(429, LIMITED, "retry-after: 30")
    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, paced(Pacing()))
        stays = asyncio.create_task(running.chat(user="stays"))
        await provider.until_arrived(1)
        provider.go("limited")
        assert (await running.chat(user="limited")).status == 429
        refused = await running.chat(user="refused")
        assert (refused.status, refused.json["error"]["reason"]) == (429, "provider_limit")
        assert 29 <= int(refused.headers["retry-after"]) <= 30
        provider.go("stays")
        assert (await stays).status == 200
        provider.go("alone")
        assert (await running.chat(user="alone")).status == 200, "nobody else is there: the provider is the judge"
        assert not any(state.shut_seconds for state in running.gateway.pacing.states())
    assert provider.arrived == ["stays", "limited", "alone"]


async def test_keys_are_capped_over_all_their_models(running: Running) -> None:
    provider = Held()

    def change(settings: Settings) -> Settings:
        cap = KeyCap(provider="openai", key=settings.providers["openai"].keys[0].id, most=4)
        return msgspec.structs.replace(settings, pacing=msgspec.structs.replace(PATIENTLY, keys=(cap,), workers=2))

    async with scripted_upstream(provider) as upstream:
        await running.start(upstream.url, change)
        models = ("gpt-4o-mini", "gpt-4o", "gpt-5")
        calls = [asyncio.create_task(running.chat(user=model, model=f"openai/{model}")) for model in models]
        await provider.until_arrived(2)
        await until(lambda: any(inbound.waiting for inbound in running.gateway.in_flight))
        assert len(provider.arrived) == 2, "this worker has half of four"
        for model in models:
            provider.go(model)
        assert {reply.status for reply in await asyncio.gather(*calls)} == {200}
