"""Calls in flight that share one reply: who leads, who is told what."""

import asyncio

import pytest

from gatewatch.call import Attempt
from proxy.dialects.provider_error import ProviderError
from proxy.http_server.request import Request
from proxy.refusal import (
    Refusal,
    allowance_unavailable,
    bad_key,
    bad_request,
    budget_exceeded,
    key_paused,
    ledger_full,
    network_not_allowed,
    upstream,
)
from proxy.worker.caching.flight import Flight, Subject, alike, is_shared
from proxy.worker.endpoints import ENDPOINTS
from proxy.worker.inbound import Inbound
from proxy.worker.upstream_error import refusal_for

MOST = 100


def leader() -> Inbound:
    request = Request.__new__(Request)
    request.headers, request.gone, request.on_disconnect = {}, False, None
    return Inbound(request, "chat", ENDPOINTS["/v1/chat/completions"].caller, "127.0.0.1")


@pytest.fixture
def ended() -> list[Flight]:
    return []


@pytest.fixture
def flight(ended: list[Flight]) -> Flight:
    return Flight(b"key", Subject("team:search", (), frozenset()), leader(), MOST, ended.append)


async def test_a_whole_reply_wakes_all(flight: Flight, ended: list[Flight]) -> None:
    followers = [flight.join() for _ in range(3)]
    waiting = [asyncio.create_task(each.news()) for each in followers]
    await asyncio.sleep(0)
    flight.add(b"Hello")
    await asyncio.gather(*waiting)
    flight.ended(b"!")
    assert flight.entry
    assert (flight.entry.body, flight.entry.last, flight.is_kept) == (b"Hello", b"!", True)
    assert ended == [flight]


async def test_what_is_too_large_is_for_those_who_wait_alone(flight: Flight, ended: list[Flight]) -> None:
    flight.join()
    flight.add(b"x" * (MOST + 1))
    assert ended == [flight], "nobody may join any more"
    flight.ended()
    assert flight.entry
    assert not flight.is_kept


async def test_what_is_too_large_and_wanted_by_nobody_is_not_held(flight: Flight) -> None:
    for _ in range(10):
        flight.add(b"x" * MOST)
    assert sum(map(len, flight.parts)) <= MOST
    flight.ended()
    assert flight.entry is None


async def test_a_short_answer_in_place_of_another_is_not_kept(flight: Flight) -> None:
    flight.join()
    flight.leader.call.degraded = "short_answer"
    flight.add(b"Hello")
    flight.ended()
    assert flight.entry
    assert flight.entry.degraded == "short_answer"
    assert not flight.is_kept


async def test_the_first_that_has_nothing_yet_leads_and_those_with_some_end(
    flight: Flight, ended: list[Flight]
) -> None:
    begun, first, second = (flight.join() for _ in range(3))
    flight.add(b"Hello")
    begun.has_begun = True
    flight.handed_over()
    with pytest.raises(Refusal) as broken:
        begun.check()
    assert broken.value.code == "upstream_truncated"
    assert (first.leads, second.leads, flight.parts, ended) == (True, False, [], [])


async def test_a_flight_with_nobody_left_ends(flight: Flight, ended: list[Flight]) -> None:
    flight.handed_over()
    assert ended == [flight]


async def test_a_failure_of_the_provider_is_everybodys(flight: Flight, ended: list[Flight]) -> None:
    follower = flight.join()
    flight.failed(upstream(503, "upstream_overloaded", "busy", ((b"retry-after", b"1"),)))
    with pytest.raises(Refusal) as told:
        await follower.news()
    assert (told.value.status, told.value.code, told.value.headers) == (
        503, "upstream_overloaded", ((b"retry-after", b"1"),)
    )  # fmt: skip
    assert flight.leader.call.call_id in (told.value.reason or "")
    assert ended == [flight]


def tried() -> Inbound:
    inbound = leader()
    inbound.attempts.append(Attempt(call_id="call-1", started_at=1, n=1, provider="a", model="m"))
    return inbound


@pytest.mark.parametrize(
    "refusal",
    [
        bad_key("used up"),
        key_paused("a test"),
        budget_exceeded("tokens"),
        allowance_unavailable("locked"),
        ledger_full(),
        network_not_allowed("elsewhere"),
        Refusal(400, "too_many_models", "no"),
        Refusal(429, "rate_limit_exceeded", "too fast"),
        Refusal(401, "key_revoked", "revoked"),
        Refusal(503, "gateway_stopping", "stopping"),
        Refusal(400, "unsupported_parameter", "of our own"),
    ],
    ids=lambda refusal: refusal.code,
)
def test_what_is_not_the_providers_word_is_the_leaders_own(refusal: Refusal) -> None:
    assert not is_shared(refusal, leader())
    assert not is_shared(refusal, tried())


def test_what_comes_out_of_a_try_is_shared() -> None:
    of_the_request = refusal_for(ProviderError("no", status=422, code="bad_tool"), {})
    for refusal in (
        of_the_request,
        upstream(502, "upstream_error", "broken"),
        upstream(504, "upstream_timeout", "late"),
        bad_request("cost_ceiling", "The reply was ended."),
    ):
        assert is_shared(refusal, tried()), refusal.code
        assert not is_shared(refusal, leader()), "nobody was asked: another one may be let there"


def test_a_copy_says_the_same_of_another_call() -> None:
    refusal = upstream(502, "upstream_error", "broken")
    refusal.details["more"] = 1
    copied = alike(refusal, "call-1")
    assert (copied.message, copied.type, copied.details) == ("broken", refusal.type, {"more": 1})
    assert copied.reason == "as the same call call-1"
