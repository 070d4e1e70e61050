"""A call meets every limit and budget that concerns it before it is sent. Money by hand, prices as in `conftest`."""

import json

import msgspec

from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from proxy.settings import Limiting, Settings
from tests.kit.scripted_upstream import answers, chat_reply, http, scripted_upstream
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
