"""How often one target is asked, after what, and when the next one is: a gateway inside the test."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain, repeat
from typing import Any

import msgspec
import pytest

from gatewatch.paths import Home
from proxy.routing import Breaking, Routing
from proxy.settings import Deadlines, Settings, Way
from tests.kit.scripted_upstream import Conversation, Script, http, scripted_upstream
from tests.proxy.worker.test_attempts import BROKEN, LIMITED, OK, REFUSED, STREAM, by_key, error, key, with_keys
from tests.proxy.worker.test_gateway_defects import Running

BUSY = http(503, b'{"error":{"message":"The engine is overloaded"}}')
BUSY_FOR_LONG = http(503, b'{"error":{"message":"The engine is overloaded"}}', "retry-after: 30")
LIMITED_SHORTLY = http(429, b'{"error":{"message":"Rate limit reached"}}', "retry-after: 1")


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    running = Running(home)
    yield running
    await running.end()


def saying(*replies: bytes) -> Script:
    """One reply after the other, whatever connection the request comes on; the last for ever."""
    said: Iterator[bytes] = chain(replies, repeat(replies[-1]))

    async def script(conversation: Conversation) -> None:
        while True:
            request = await conversation.request()
            reply = next(said)
            conversation.send(STREAM if reply is OK and request.json.get("stream") else reply)

    return script


def routed(
    second: str | None = None, *, routing: Routing | None = None, **changed: Any
) -> Callable[[Settings], Settings]:
    """`chat` goes to `openai`, then to `second`."""

    def change(settings: Settings) -> Settings:
        settings = with_keys(key("a"), second=second)(settings)
        route = msgspec.structs.replace(settings.routes["chat"], **changed)
        return msgspec.structs.replace(settings, routes={"chat": route}, routing=routing or Routing())

    return change


@pytest.mark.parametrize("stream", [False, True])
async def test_a_target_that_is_busy_is_asked_again_and_the_caller_notices_nothing(
    running: Running, stream: bool
) -> None:
    async with scripted_upstream(saying(BUSY, BUSY, OK)) as upstream:
        await running.start(upstream.url, routed())
        reply = await running.chat(stream=stream)
        assert len(upstream.requests) == 3
    assert reply.status == 200
    (row,) = running.closed()
    assert (row["status"], row["attempts"], row["retries"]) == ("ok", 3, 2)
    assert row["waited_for"] == "overload"


async def test_where_there_is_another_target_it_is_asked_at_once(running: Running) -> None:
    async with scripted_upstream(saying(BUSY)) as busy, scripted_upstream(saying(OK)) as second:
        await running.start(busy.url, routed(second.url))
        assert (await running.chat()).status == 200
        assert (len(busy.requests), len(second.requests)) == (1, 1)
    (row,) = running.closed()
    assert (row["provider"], row["attempts"], row.get("retries", 0)) == ("second", 2, 0)


async def test_the_last_target_is_asked_three_times_at_most(running: Running) -> None:
    async with scripted_upstream(saying(BUSY)) as busy, scripted_upstream(saying(BUSY)) as second:
        await running.start(busy.url, routed(second.url))
        assert error(await running.chat()) == (503, "upstream_overloaded")
        assert (len(busy.requests), len(second.requests)) == (1, 3)
    assert running.closed()[0]["retries"] == 2


async def test_tries_again_are_a_fifth_of_the_calls_so_that_a_busy_target_is_not_asked_three_times_as_much(
    running: Running,
) -> None:
    never = Routing(breaking=Breaking(failures=10_000, share=1.1))
    async with scripted_upstream(saying(BUSY)) as busy:
        await running.start(busy.url, routed(routing=never))
        for _ in range(30):
            assert (await running.chat()).status == 503
        again = len(busy.requests) - 30
    assert 2 <= again <= 2 + 30 * 0.2
    assert sum(row.get("retries", 0) for row in running.closed()) == again


async def test_one_that_wants_to_be_left_alone_for_long_is_not_asked_again(running: Running) -> None:
    async with scripted_upstream(saying(BUSY_FOR_LONG)) as busy:
        await running.start(busy.url, routed())
        assert (await running.chat()).status == 503
        assert len(busy.requests) == 1


async def test_a_target_that_fails_otherwise_gets_one_try(running: Running) -> None:
    async with scripted_upstream(saying(BROKEN)) as broken, scripted_upstream(saying(OK)) as second:
        await running.start(broken.url, routed(second.url))
        assert (await running.chat()).status == 200
        assert len(broken.requests) == 1
    (row,) = running.closed()
    assert (row["attempts"], row.get("retries", 0)) == (2, 0)


async def test_a_call_has_so_many_tries_over_all_its_targets(running: Running) -> None:
    async with scripted_upstream(saying(BUSY)) as busy, scripted_upstream(saying(BUSY)) as second:
        await running.start(busy.url, routed(second.url, routing=Routing(tries=3)))
        reply = await running.chat()
        assert (len(busy.requests), len(second.requests)) == (1, 2)
    assert error(reply) == (503, "upstream_overloaded")


async def test_a_limited_target_gives_way_to_the_next_at_once(running: Running) -> None:
    async with scripted_upstream(saying(LIMITED_SHORTLY, OK)) as limited, scripted_upstream(saying(OK)) as second:
        await running.start(limited.url, routed(second.url))
        assert (await running.chat()).status == 200
        assert (len(limited.requests), len(second.requests)) == (1, 1)


async def test_a_route_that_is_patient_waits_for_it(running: Running) -> None:
    async with scripted_upstream(saying(LIMITED_SHORTLY, OK)) as limited, scripted_upstream(saying(OK)) as second:
        await running.start(limited.url, routed(second.url, patience=3.0))
        assert (await running.chat()).status == 200
        assert (len(limited.requests), len(second.requests)) == (2, 0)
    (row,) = running.closed()
    assert (row["provider"], row["attempts"], row["retries"]) == ("openai", 2, 1)
    assert row["queued_us"] >= 1_000_000, "what a provider asked for is waited"
    assert row["waited_for"] == "limit"


async def test_patience_ends(running: Running) -> None:
    async with scripted_upstream(saying(LIMITED)) as limited, scripted_upstream(saying(OK)) as second:
        await running.start(limited.url, routed(second.url, patience=3.0))
        assert (await running.chat()).status == 200
        assert (len(limited.requests), len(second.requests)) == (1, 1)


async def test_a_target_that_keeps_failing_is_asked_last_until_its_pause_is_over(running: Running) -> None:
    quick = Routing(breaking=Breaking(failures=3, pause=0.4))
    replies = [BROKEN] * 3 + [OK]
    async with scripted_upstream(saying(*replies)) as broken, scripted_upstream(saying(OK)) as second:
        await running.start(broken.url, routed(second.url, routing=quick))
        for _ in range(6):
            assert (await running.chat()).status == 200
        assert (len(broken.requests), len(second.requests)) == (3, 6)
        assert running.gateway.breakers.states()[0].state == "open"
        while (await running.chat()).headers["x-gatewatch-provider"] != "openai":
            pass  # it comes back by itself, with the first call behind its pause
        assert not running.gateway.breakers.any_open
    assert running.closed()[5]["attempts"] == 1
    assert running.closed()[5]["passed_over"] == [["openai/gpt-4o-mini", "breaker_open"]]


async def test_a_breaker_refuses_nobody(running: Running) -> None:
    async with scripted_upstream(saying(*[BROKEN] * 8, OK)) as broken:
        await running.start(broken.url, routed())
        replies = [await running.chat() for _ in range(9)]
    assert [reply.status for reply in replies] == [502] * 8 + [200]


async def test_where_the_others_fail_too_one_with_an_open_breaker_is_asked_after_all(running: Running) -> None:
    async with (
        scripted_upstream(saying(*[BROKEN] * 5, OK)) as first,
        scripted_upstream(saying(*[OK] * 5, BROKEN)) as second,
    ):
        await running.start(first.url, routed(second.url))
        for _ in range(5):
            await running.chat()
        assert running.gateway.breakers.any_open
        last = await running.chat()
    assert (last.status, last.headers["x-gatewatch-provider"]) == (200, "openai")


async def test_patience_is_no_storm(running: Running) -> None:
    nothing_said = http(429, b'{"error":{"message":"Rate limit reached"}}')
    async with scripted_upstream(saying(nothing_said)) as limited, scripted_upstream(saying(OK)) as second:
        await running.start(limited.url, routed(second.url, patience=3.0))
        for _ in range(10):
            assert (await running.chat()).status == 200
        assert sum(row.get("retries", 0) for row in running.closed()) <= 2 + 10 * 0.2
        assert len(limited.requests) < 10, "a target that says 429 and no time is left alone for a while"


async def test_a_key_with_an_open_breaker_is_used_where_the_others_are_in_quarantine(running: Running) -> None:
    refused = http(401, b'{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}')
    said = {"a": BROKEN, "b": refused}

    async with scripted_upstream(by_key(said)) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        for _ in range(8):
            await running.chat()
        assert running.gateway.breakers.any_open
        said["a"] = OK
        assert (await running.chat()).status == 200


async def test_a_target_that_cannot_be_told_the_call_gives_way_to_one_that_can(running: Running) -> None:
    def change(settings: Settings) -> Settings:
        settings = routed(second.url)(settings)
        gemini = msgspec.structs.replace(
            settings.providers["openai"],
            ways=(Way(dialect="anthropic-messages", base_url="http://127.0.0.1:9"),),
        )
        return msgspec.structs.replace(settings, providers=settings.providers | {"openai": gemini})

    async with scripted_upstream(saying(OK)) as second:
        await running.start(second.url, change)
        reply = await running.chat(n=2)
        alone = await running.chat(n=2, model="openai/gpt-4o-mini")
    assert (reply.status, reply.headers["x-gatewatch-provider"]) == (200, "second")
    assert running.closed()[0]["passed_over"] == [["openai/gpt-4o-mini", "unsupported_parameter"]]
    assert (alone.status, alone.json["error"]["param"]) == (400, "n")


async def test_a_wait_that_would_pass_the_deadline_is_not_begun(running: Running) -> None:
    async with scripted_upstream(saying(LIMITED_SHORTLY)) as limited:
        await running.start(limited.url, routed(deadlines=Deadlines(connect=20, first_byte=20, idle=20, total=1.0)))
        reply = await running.chat()
    assert (*error(reply), reply.headers["retry-after"]) == (429, "upstream_rate_limited", "1")


async def test_what_a_key_said_last_is_what_the_caller_is_told(running: Running) -> None:
    async with scripted_upstream(saying(LIMITED_SHORTLY, LIMITED)) as limited:
        await running.start(limited.url, routed())
        reply = await running.chat()
        assert len(limited.requests) == 2
    assert (reply.status, reply.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(
    ("answer", "why"), [(REFUSED, "upstream_auth"), (LIMITED, "provider_limit"), (None, "upstream_auth")]
)
async def test_a_target_that_was_not_asked_is_passed_over_in_the_row(
    running: Running, answer: bytes | None, why: str
) -> None:
    """Its key is refused, or has to wait, or (None) is for others only: nothing of that stands in the attempts."""
    async with scripted_upstream(saying(answer or OK)) as first, scripted_upstream(saying(OK)) as second:
        change = routed(second.url)
        if answer is None:
            change = with_keys(msgspec.structs.replace(key("a"), teams=("others",)), second=second.url)
        await running.start(first.url, change)
        for _ in range(6):
            assert (await running.chat()).status == 200
        asked = len(first.requests)
    rows = running.closed()
    assert [row.get("passed_over") for row in rows] == [None] * asked + [[["openai/gpt-4o-mini", why]]] * (6 - asked)
    assert asked < 6
