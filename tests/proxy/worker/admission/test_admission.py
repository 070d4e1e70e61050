"""A call meets every limit and budget that concerns it before it is sent. Money by hand, prices as in `conftest`."""

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec

from gatewatch.limits.counters import Used
from gatewatch.limits.rule import Rule, counter
from gatewatch.limits.window import Window
from proxy.settings import Limiting, ProviderKey, Settings, Target
from tests.kit.scripted_upstream import Conversation, Script, answers, chat_reply, http, scripted_upstream
from tests.proxy.worker.conftest import ESTIMATED_INPUT, IN, LIMIT, OUT
from tests.proxy.worker.test_gateway_defects import Running, running

__all__ = ["running"]

OK = http(200, chat_reply({"prompt_tokens": 100, "completion_tokens": 20}))
COST = 100 * IN + 20 * OUT
RESERVED = ESTIMATED_INPUT * IN + LIMIT * OUT


def limited(*rules: Rule):
    def change(settings: Settings) -> Settings:
        limiting = Limiting(rules=rules)
        return msgspec.structs.replace(settings, limiting=limiting)

    return change


def budget(most: int, **changed: object) -> Rule:
    fields = {"id": "b", "kind": "budget", "scope": "team", "measure": "picos", "window": Window(period="month")}
    return Rule(most=most, **(fields | changed))  # type: ignore[arg-type]


def requests(most: int) -> Rule:
    return Rule(id="l", kind="limit", scope="key", measure="requests", most=most, window=Window(seconds=60))


async def test_a_budget_lets_through_what_fits_and_no_more(running: Running) -> None:
    async with scripted_upstream(answers(OK, OK, OK)) as upstream:
        await running.start(upstream.url, limited(budget(COST + RESERVED)))
        assert (await running.chat()).status == 200
        assert (await running.chat()).status == 200, "the first used less than it had reserved"
        refused = await running.chat()
        assert refused.status == 429
        error = json.loads(refused.body)["error"]
        assert (error["type"], error["code"]) == ("insufficient_quota", "budget_exceeded")
        assert error["scope"] == "team"
        assert refused.headers["x-should-retry"] == "false"
        rows = running.closed()
        assert [row["status"] for row in rows] == ["ok", "ok", "blocked"]
        assert rows[2]["blocked_by"] == "b"
        assert rows[0]["reserved_picos"] == RESERVED


async def test_a_limit_on_requests_says_what_is_left_and_when_to_come_back(running: Running) -> None:
    async with scripted_upstream(answers(OK, OK, OK)) as upstream:
        await running.start(upstream.url, limited(requests(2)))
        first = await running.chat()
        assert first.headers["x-ratelimit-limit-requests"] == "2"
        assert first.headers["x-ratelimit-remaining-requests"] == "1"
        assert (await running.chat()).headers["x-ratelimit-remaining-requests"] == "0"
        refused = await running.chat()
        assert refused.status == 429
        assert json.loads(refused.body)["error"]["code"] == "rate_limit_exceeded"
        assert 0 < int(refused.headers["retry-after"]) <= 62


# further tries: routes of three targets, and of one model behind several keys

DEAD, DEAR, DEARER = "dead-model", "gpt-4o", "gpt-4o-2024-11-20"
BROKEN = http(500, b"{}")
LIMITED = http(429, b'{"error":{"message":"Rate limit reached"}}', "retry-after: 1")


def by_model(replies: dict[str, bytes]) -> Script:
    """What the provider answers to calls for each of its models."""

    async def script(conversation: Conversation) -> None:
        while True:
            request = await conversation.request()
            conversation.send(replies[request.json["model"]])

    return script


def routed(*models: str, keys: int = 1, **limiting: Any) -> Callable[[Settings], Settings]:
    """The route `chat` leads to these models, in this order."""

    def change(settings: Settings) -> Settings:
        route = settings.routes["chat"]
        targets = tuple(Target(provider="openai", model=model) for model in models)
        provider = msgspec.structs.replace(
            settings.providers["openai"], keys=tuple(ProviderKey(id=f"k{n}", secret=f"sk-{n}") for n in range(keys))
        )
        return msgspec.structs.replace(
            settings,
            routes={"chat": msgspec.structs.replace(route, targets=targets)},
            providers={"openai": provider},
            limiting=Limiting(**limiting),
        )

    return change


def attempts(running: Running) -> list[str]:
    return [record["model"] for record in running.records() if record["k"] == "attempt"]


def used_before(running: Running, rule: Rule, name: str, amount: int) -> None:
    """Somebody else did."""
    at = time.time_ns() // 1000
    bucket = rule.window.bucket(at) if rule.window else 0
    running.gateway._admission.counters.settle("another", [Used(counter(rule, name), bucket, amount)], None)


async def test_a_target_that_was_too_dear_opens_the_budget_for_none_behind_it(running: Running) -> None:
    async with scripted_upstream(by_model({DEAD: BROKEN, DEAR: OK, DEARER: OK})) as upstream:
        await running.start(upstream.url, routed(DEAD, DEAR, DEARER, rules=(budget(1000),)))
        assert (await running.chat()).status == 502
        assert attempts(running) == [DEAD]
        (row,) = running.closed()
        assert row["error_message"].count("was not asked") == 2


async def test_a_cheaper_target_behind_one_that_is_too_dear_is_asked(running: Running) -> None:
    async with scripted_upstream(by_model({DEAD: BROKEN, DEAR: OK, "gpt-4o-mini": OK})) as upstream:
        await running.start(upstream.url, routed(DEAD, DEAR, "gpt-4o-mini", rules=(budget(RESERVED),)))
        assert (await running.chat()).status == 200
        assert attempts(running) == [DEAD, "gpt-4o-mini"]
        (row,) = running.closed()
        assert row["reserved_picos"] == RESERVED, "what a further try reserved"


CAP = Rule(
    id="unpriced", kind="budget", scope="team", measure="tokens", most=10, window=Window(period="day"),
    unpriced_only=True,
)  # fmt: skip


async def test_the_cap_on_models_without_a_price_leaves_those_that_have_one_alone(running: Running) -> None:
    async with scripted_upstream(by_model({"gpt-4o-mini": OK, "my-own": OK})) as upstream:
        await running.start(upstream.url, routed("gpt-4o-mini", rules=(CAP,)))
        used_before(running, CAP, "search", 50)
        assert (await running.chat()).status == 200
        assert (await running.chat(model="openai/my-own")).status == 429


async def test_a_priced_target_that_fails_first_is_no_way_around_that_cap(running: Running) -> None:
    async with scripted_upstream(by_model({"gpt-4o-mini": BROKEN, "my-own": OK})) as upstream:
        await running.start(upstream.url, routed("gpt-4o-mini", "my-own", rules=(CAP,)))
        used_before(running, CAP, "search", 9)
        assert (await running.chat()).status == 502
        assert attempts(running) == ["gpt-4o-mini"]


async def test_a_model_that_is_full_is_passed_over_also_where_it_is_the_first_target(running: Running) -> None:
    rule = Rule(
        id="m", kind="limit", scope="model", name=f"openai/{DEAR}", measure="requests", most=1,
        window=Window(seconds=60),
    )  # fmt: skip
    async with scripted_upstream(by_model({DEAR: OK, "gpt-4o-mini": OK})) as upstream:
        await running.start(upstream.url, routed(DEAR, "gpt-4o-mini", rules=(rule,)))
        first, second = await running.chat(), await running.chat()
        assert [reply.headers["x-gatewatch-model"] for reply in (first, second)] == [DEAR, "gpt-4o-mini"]
        assert first.headers["x-ratelimit-remaining-requests"] == "0"
        assert "x-ratelimit-remaining-requests" not in second.headers, "nothing limits the model that served it"
        alone = await running.chat(model=f"openai/{DEAR}")
        assert alone.status == 429
        assert 59 <= int(alone.headers["retry-after"]) <= 61


async def test_each_try_at_a_model_takes_one_of_its_requests_before_it_is_sent(running: Running) -> None:
    rule = Rule(
        id="m", kind="limit", scope="model", measure="requests", most=2, window=Window(seconds=60)
    )  # fmt: skip
    async with scripted_upstream(by_model({"gpt-4o-mini": LIMITED})) as upstream:
        await running.start(upstream.url, routed("gpt-4o-mini", keys=3, rules=(rule,)))
        assert (await running.chat()).status == 429
        assert len(attempts(running)) == 2
        taken = running.gateway._admission.counters.taken()
        assert [sum(buckets.values()) for buckets in taken.values()] == [2]


async def test_a_call_that_was_refused_before_any_try_is_blocked_and_counts_for_nothing(running: Running) -> None:
    full = Rule(
        id="k", kind="limit", scope="provider_key", measure="requests", most=1, window=Window(seconds=60)
    )  # fmt: skip
    counted = budget(10**15)
    async with scripted_upstream(by_model({"gpt-4o-mini": OK})) as upstream:
        await running.start(upstream.url, routed("gpt-4o-mini", rules=(full, counted)))
        assert [(await running.chat()).status for _ in range(2)] == [200, 429]
        assert [(row["status"], row.get("blocked_by")) for row in running.closed()] == [("ok", None), ("blocked", "k")]
        taken = running.gateway._admission.counters.taken()
        assert sum(taken[counter(counted, "search")].values()) == COST


async def test_what_a_refused_call_asked_for_is_not_taken_off_what_is_left(running: Running) -> None:
    rule = Rule(
        id="t", kind="limit", scope="key", measure="tokens", most=ESTIMATED_INPUT + LIMIT - 1,
        window=Window(seconds=60),
    )  # fmt: skip
    async with scripted_upstream(answers(OK)) as upstream:
        await running.start(upstream.url, limited(rule, requests(5)))
        refused = await running.chat()
        assert refused.status == 429
        assert refused.headers["x-ratelimit-remaining-tokens"] == str(ESTIMATED_INPUT + LIMIT - 1)
        assert refused.headers["x-ratelimit-remaining-requests"] == "5"
        assert (await running.chat(max_tokens=1)).status == 200
