"""Which key and which target a call is tried with: a gateway inside the test, a provider that answers by key."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from gatewatch.paths import Home
from proxy.settings import ProviderKey, Route, Settings, Target
from tests.kit.raw_http import RawReply
from tests.kit.scripted_upstream import (
    DONE,
    LAST_CHUNK,
    STREAM_HEAD,
    Conversation,
    Script,
    ScriptedUpstream,
    chat_reply,
    chunk,
    delta,
    http,
    scripted_upstream,
    usage_event,
)
from tests.kit.waiting import until
from tests.proxy.worker.conftest import PATIENT
from tests.proxy.worker.test_gateway_defects import Running

USAGE = {"prompt_tokens": 100, "completion_tokens": 20}
OK = http(200, chat_reply(USAGE))
STREAM = STREAM_HEAD + chunk(delta("Hello")) + chunk(usage_event(USAGE) + DONE) + LAST_CHUNK
REFUSED = http(401, b'{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}')
NO_ACCESS = http(403, b'{"error":{"message":"No access to the model","code":"model_not_found"}}')
FLAGGED = http(403, b'{"error":{"message":"Your input was flagged by moderation"}}')
EMPTY = http(429, b'{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}')
UNPAID = http(402, b'{"error":{"message":"Insufficient Balance","code":"invalid_request_error"}}')
TOO_DEAR = http(402, b'{"error":{"code":402,"message":"This request requires more credits, or fewer max_tokens."}}')
ECHO = http(400, b'{"error":{"message":"Invalid value: \'incorrect api key\'","code":"invalid_value"}}')
SCOPES = http(401, b'{"error":{"message":"Missing scopes: api.embeddings.write","code":null}}')
WAF = http(403, b"<html>blocked</html>")
LIMITED = http(429, b'{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}', "retry-after: 7")
LIMITED_SOONER = http(429, b'{"error":{"message":"Rate limit reached"}}', "retry-after: 6")
BROKEN = http(500, b"{}")
ERROR_IN_A_GOOD_REPLY = http(200, b'{"error":{"code":401,"message":"No auth credentials found"}}')


def by_key(answers: dict[str, bytes], streamed: bytes = STREAM) -> Script:
    """What the provider answers to each key; good replies are streams where that is asked for."""

    async def script(conversation: Conversation) -> None:
        while True:
            request = await conversation.request()
            answer = answers[request.headers["authorization"].removeprefix("Bearer sk-")]
            conversation.send(streamed if answer is OK and request.json.get("stream") else answer)

    return script


def used(upstream: ScriptedUpstream) -> list[str]:
    """The keys of the requests that came, in their order."""
    return [request.headers["authorization"].removeprefix("Bearer sk-") for request in upstream.requests]


def key(id: str, **fields: Any) -> ProviderKey:
    return ProviderKey(id=id, secret=f"sk-{id}", version=f"v-{id}", **fields)


def with_keys(*keys: ProviderKey, second: str | None = None) -> Callable[[Settings], Settings]:
    """`openai` has these keys; `second`: the URL of another provider that comes next, with the key `other`."""

    def change(settings: Settings) -> Settings:
        openai = msgspec.structs.replace(settings.providers["openai"], keys=keys)
        providers, targets = {"openai": openai}, [Target(provider="openai", model="gpt-4o-mini")]
        if second:
            way = msgspec.structs.replace(openai.ways[0], base_url=second)
            providers["second"] = msgspec.structs.replace(openai, name="second", ways=(way,), keys=(key("other"),))
            targets.append(Target(provider="second", model="gpt-4o-mini"))
        route = Route(name="chat", targets=tuple(targets), deadlines=PATIENT)
        return msgspec.structs.replace(settings, providers=providers, routes={"chat": route})

    return change


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    running = Running(home)
    yield running
    await running.end()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A held key is due for a try at once."""
    monkeypatch.setattr("gatewatch.control.key_hold.FIRST_PAUSE_US", 0)


def error(reply: RawReply) -> tuple[int, str]:
    return reply.status, reply.json["error"]["code"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("wrong", [REFUSED, NO_ACCESS, EMPTY, UNPAID])
async def test_a_key_that_fails_is_followed_by_the_next_and_the_caller_notices_nothing(
    running: Running, wrong: bytes, stream: bool
) -> None:
    async with scripted_upstream(by_key({"a": wrong, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        replies = [await running.chat(stream=stream) for _ in range(4)]
    assert [reply.status for reply in replies] == [200] * 4
    assert used(upstream) == ["a", "b", "b", "b", "b"]
    first, *others = running.closed()
    assert (first["provider_key"], first["attempts"], first["status"]) == ("b", 2, "ok")
    assert [(row["provider_key"], row.get("attempts", 1)) for row in others] == [("b", 1)] * 3
    tries = [record for record in running.records() if record["k"] == "attempt"]
    assert [(each["provider_key"], each.get("status", "ok")) for each in tries[:2]] == [("a", "error"), ("b", "ok")]


async def test_where_every_key_fails_each_was_asked_once_and_the_caller_never_sees_a_401(running: Running) -> None:
    async with scripted_upstream(by_key(dict.fromkeys("abc", REFUSED))) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b"), key("c")))
        first = await running.chat()
        assert sorted(used(upstream)) == ["a", "b", "c"]
        later = [await running.chat() for _ in range(3)]
        assert len(upstream.requests) == 3, "with all keys in quarantine the provider is not asked"
    assert error(first) == (502, "upstream_auth")
    assert [error(reply) for reply in later] == [(503, "upstream_auth")] * 3
    assert first.headers["x-should-retry"] == later[0].headers["x-should-retry"] == "false"
    row = running.closed()[-1]
    assert (row["status"], row["http_status"], row.get("attempts", 0), row.get("cost_picos", 0)) == ("error", 503, 0, 0)
    assert "in quarantine: a, b, c" in row["error_message"]
    assert "quarantine" not in later[0].body.decode()


async def test_an_empty_account_has_other_words_than_a_refused_key(running: Running) -> None:
    async with scripted_upstream(by_key({"a": EMPTY})) as upstream:
        await running.start(upstream.url, with_keys(key("a")))
        replies = [await running.chat() for _ in range(2)]
    assert [error(reply) for reply in replies] == [(502, "upstream_auth"), (503, "upstream_auth")]
    assert all("no quota left" in reply.json["error"]["message"] for reply in replies)
    assert [hold.kind for hold in running.gateway.quarantine.take_faults()] == ["exhausted"]


async def test_then_the_next_target_serves_and_the_first_is_not_asked_any_more(running: Running) -> None:
    async with (
        scripted_upstream(by_key({"a": REFUSED, "b": REFUSED})) as first,
        scripted_upstream(by_key({"other": OK})) as second,
    ):
        await running.start(first.url, with_keys(key("a"), key("b"), second=second.url))
        assert [(await running.chat()).status for _ in range(3)] == [200] * 3
    assert used(first) == ["a", "b"]
    assert used(second) == ["other"] * 3
    assert [(row["provider"], row["provider_key"]) for row in running.closed()] == [("second", "other")] * 3


async def test_a_rate_limited_key_is_left_out_while_others_serve_and_is_no_quarantine(running: Running) -> None:
    async with scripted_upstream(by_key({"a": LIMITED, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        assert [(await running.chat()).status for _ in range(4)] == [200] * 4
        assert Counter(used(upstream)) == {"a": 1, "b": 4}
        for _ in range(2):
            await running.chat(model="openai/gpt-4o")
        assert Counter(used(upstream))["a"] == 2, "another model has another limit"
    assert not running.gateway.quarantine.held


async def test_a_limited_target_is_tried_three_times_a_call_and_then_left_alone(running: Running) -> None:
    async with scripted_upstream(by_key(dict.fromkeys("abcdefghijkl", LIMITED))) as upstream:
        await running.start(upstream.url, with_keys(*(key(id) for id in "abcdefghijkl")))
        asked = []
        for _ in range(7):
            before = len(upstream.requests)
            reply = await running.chat()
            assert error(reply) == (429, "upstream_rate_limited")
            asked.append(len(upstream.requests) - before)
        assert asked == [3, 3, 3, 3, 1, 1, 1], "each key once, then the one whose wait ends first"
        assert set(used(upstream)[:12]) == set("abcdefghijkl")


@pytest.mark.parametrize("wrong", [REFUSED, EMPTY, NO_ACCESS, ERROR_IN_A_GOOD_REPLY])
async def test_no_call_tries_a_target_more_than_three_times(running: Running, wrong: bytes) -> None:
    async with scripted_upstream(by_key(dict.fromkeys("abcde", wrong))) as upstream:
        await running.start(upstream.url, with_keys(*(key(id) for id in "abcde")))
        assert error(await running.chat()) == (502, "upstream_auth")
        assert len(upstream.requests) == 3
        assert error(await running.chat()) == (502, "upstream_auth")
        assert sorted(used(upstream)) == [*"abcde"]


async def test_where_every_key_is_limited_the_caller_is_told_when_to_come_back(running: Running) -> None:
    async with scripted_upstream(by_key({"a": LIMITED_SOONER, "b": LIMITED})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        first, second = await running.chat(), await running.chat()
        assert used(upstream) == ["a", "b", "a"]
    assert error(first) == error(second) == (429, "upstream_rate_limited")
    assert [reply.headers["retry-after"] for reply in (first, second)] == ["6", "6"]


async def test_where_a_key_was_not_asked_the_caller_may_come_back_soon(running: Running) -> None:
    async with scripted_upstream(by_key(dict.fromkeys("abcd", LIMITED) | {"d": OK})) as upstream:
        await running.start(upstream.url, with_keys(*(key(id) for id in "abcd")))
        first = await running.chat()
        assert (first.status, first.headers["retry-after"]) == (429, "1")
        assert (await running.chat()).status == 200


async def test_the_only_key_is_asked_again_whatever_it_was_told(running: Running) -> None:
    answers = {"a": LIMITED}
    async with scripted_upstream(by_key(answers)) as upstream:
        await running.start(upstream.url, with_keys(key("a")))
        assert (await running.chat()).headers["retry-after"] == "7"
        answers["a"] = OK
        assert (await running.chat()).status == 200


@pytest.mark.parametrize("answer", [BROKEN, http(400, b"{}"), FLAGGED])
async def test_what_is_not_about_the_key_is_not_tried_with_another(running: Running, answer: bytes) -> None:
    async with scripted_upstream(by_key({"a": answer, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        await running.chat()
        assert used(upstream) == ["a"]
    assert not running.gateway.quarantine.held


@pytest.mark.parametrize("answer", [ECHO, TOO_DEAR, SCOPES, WAF])
async def test_what_one_call_was_told_takes_the_key_from_nobody(running: Running, answer: bytes) -> None:
    answers = {"a": answer}
    async with scripted_upstream(by_key(answers)) as upstream:
        await running.start(upstream.url, with_keys(key("a")))
        assert (await running.chat()).status >= 400
        answers["a"] = OK
        assert (await running.chat()).status == 200
    assert not running.gateway.quarantine.held
    assert running.gateway.quarantine.take_faults() == []


async def test_a_key_without_access_to_one_model_serves_the_others(running: Running) -> None:
    async with scripted_upstream(by_key({"a": NO_ACCESS, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b", routes=("chat",))))
        await running.chat(model="openai/gpt-4o")
        assert used(upstream) == ["a"]
        await running.chat(model="openai/gpt-4o")
        assert used(upstream) == ["a"]
        await running.chat(model="openai/gpt-4.1")
        assert used(upstream) == ["a", "a"]
    assert [hold.model for hold in running.gateway.quarantine.take_faults()] == ["gpt-4o", "gpt-4.1"]


async def test_a_call_without_a_key_for_its_team_is_told_so(running: Running) -> None:
    async with scripted_upstream(by_key({})) as upstream:
        await running.start(upstream.url, with_keys(key("theirs", teams=("billing",))))
        reply = await running.chat()
        assert upstream.requests == []
    assert error(reply) == (503, "upstream_auth")
    assert "bound to other teams or models" in running.closed()[0]["error_message"]


async def test_keys_share_the_calls_by_weight(running: Running) -> None:
    async with scripted_upstream(by_key({"a": OK, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a", weight=3), key("b")))
        for _ in range(8):
            await running.chat()
        assert Counter(used(upstream)) == {"a": 6, "b": 2}
    assert Counter(row["provider_key"] for row in running.closed()) == {"a": 6, "b": 2}


@pytest.mark.usefixtures("soon")
async def test_a_key_that_is_good_again_is_found_out_by_one_call(running: Running) -> None:
    answers = {"a": REFUSED, "b": OK}
    async with scripted_upstream(by_key(answers)) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        await running.chat()
        answers["a"] = OK
        assert (await running.chat()).status == 200
        assert used(upstream) == ["a", "b", "a"]
    assert not running.gateway.quarantine.held
    assert [hold.key_id for hold in running.gateway.quarantine.take_lifted()] == ["a"]


@pytest.mark.usefixtures("soon")
async def test_a_try_that_fails_again_costs_the_caller_nothing(running: Running) -> None:
    async with scripted_upstream(by_key({"a": REFUSED, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        assert [(await running.chat()).status for _ in range(3)] == [200] * 3
        assert used(upstream) == ["a", "b"] * 3
    (told,) = running.gateway.quarantine.take_faults()
    assert told.failures == 3


@pytest.mark.usefixtures("soon")
async def test_a_try_that_shows_nothing_leaves_the_key_held_for_a_little(running: Running) -> None:
    answers = {"a": REFUSED, "b": OK}
    async with scripted_upstream(by_key(answers)) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        await running.chat()
        answers["a"] = BROKEN
        assert error(await running.chat()) == (502, "upstream_error")
        assert (await running.chat()).status == 200
        assert used(upstream) == ["a", "b", "a", "b"]
    assert running.gateway.quarantine.held


@pytest.mark.parametrize("stream", [False, True])
async def test_a_good_status_with_an_error_about_the_key_inside_holds_it_and_the_next_key_serves(
    running: Running, stream: bool
) -> None:
    async with scripted_upstream(by_key({"a": ERROR_IN_A_GOOD_REPLY, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        assert [(await running.chat(stream=stream)).status for _ in range(4)] == [200] * 4
        assert used(upstream) == ["a", "b", "b", "b", "b"]
    first = running.closed()[0]
    assert (first["status"], first["provider_key"], first["attempts"]) == ("ok", "b", 2)
    tries = [record for record in running.records() if record["k"] == "attempt"]
    assert [(each["provider_key"], each.get("status", "ok")) for each in tries[:2]] == [("a", "error"), ("b", "ok")]


@pytest.mark.parametrize("stream", [False, True])
async def test_an_event_about_the_key_before_anything_else_goes_to_the_next_key(running: Running, stream: bool) -> None:
    said = STREAM_HEAD + chunk(b'data: {"error":{"code":"invalid_api_key","message":"no"}}\n\n') + LAST_CHUNK
    async with scripted_upstream(by_key({"a": said if stream else ERROR_IN_A_GOOD_REPLY, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        assert (await running.chat(stream=stream)).status == 200
        assert used(upstream) == ["a", "b"]
    assert list(running.gateway.quarantine.held) == [("openai", "a")]


async def test_an_error_in_a_good_reply_that_is_about_something_else_is_not_tried_again(running: Running) -> None:
    broken = http(200, b'{"error":{"code":502,"message":"Provider returned error"}}')
    async with scripted_upstream(by_key({"a": broken, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        assert (await running.chat()).status == 502
        assert used(upstream) == ["a"]


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("stream", [False, True])
async def test_a_try_that_finds_an_error_in_a_good_reply_is_a_failed_one(running: Running, stream: bool) -> None:
    async with scripted_upstream(by_key({"a": ERROR_IN_A_GOOD_REPLY, "b": OK})) as upstream:
        await running.start(upstream.url, with_keys(key("a"), key("b")))
        assert [(await running.chat(stream=stream)).status for _ in range(3)] == [200] * 3
        assert used(upstream) == ["a", "b"] * 3
    (told,) = running.gateway.quarantine.take_faults()
    assert told.failures == 3
    assert running.gateway.quarantine.take_lifted() == []


async def test_a_provider_that_refuses_all_keys_for_a_moment_is_back_in_a_moment(running: Running) -> None:
    answers = dict.fromkeys("abcde", REFUSED)
    async with scripted_upstream(by_key(answers)) as upstream:
        await running.start(upstream.url, with_keys(*(key(id) for id in "abcde")))
        assert [(await running.chat()).status for _ in range(3)] == [502, 502, 503]
        assert len(upstream.requests) == 5
        answers |= dict.fromkeys("abcde", OK)
        async with asyncio.timeout(5):  # a minute it was
            await until(running.chat, lambda reply: reply.status == 200)
            await until(running.chat, lambda _: not running.gateway.quarantine.held)


async def test_a_sole_key_that_is_revoked_is_asked_ever_more_rarely(running: Running) -> None:
    async with scripted_upstream(by_key({"a": REFUSED})) as upstream:
        await running.start(upstream.url, with_keys(key("a")))
        for _ in range(20):
            await running.chat()
        assert len(upstream.requests) <= 2
        await until(running.chat, lambda reply: reply.status == 502)
        (told,) = running.gateway.quarantine.take_faults()
        assert told.failures >= 2
        assert told.until - told.since >= 3_000_000


async def test_when_a_teams_own_keys_are_held_or_limited_the_shared_ones_serve_it(running: Running) -> None:
    answers = {"ours": REFUSED, "mine": LIMITED, "any": OK}
    async with scripted_upstream(by_key(answers)) as upstream:
        routes = ("chat",)
        await running.start(upstream.url, with_keys(key("any"), key("ours", routes=routes), key("mine", routes=routes)))
        assert [(await running.chat()).status for _ in range(3)] == [200] * 3
        assert used(upstream) == ["ours", "mine", "any", "any", "any"]


async def test_a_new_secret_is_used_at_once_while_the_old_one_is_held(running: Running) -> None:
    answers = {"a": REFUSED, "new": OK}
    async with scripted_upstream(by_key(answers)) as upstream:
        await running.start(upstream.url, with_keys(key("a")))
        assert (await running.chat()).status == 502
        new = msgspec.structs.replace(key("a"), secret="sk-new", version="v-new")
        running.gateway.configure(with_keys(new)(running.settings))
        assert (await running.chat()).status == 200
        await until(lambda: used(upstream) == ["a", "new"])
