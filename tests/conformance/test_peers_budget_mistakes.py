"""The published budget and limit mistakes of other gateways, by the numbers of their issues, tried on a whole gateway.

Sources: BerriAI/litellm (LL), maximhq/bifrost (BF), QuantumNous/new-api; what happened there is said by each test.
Money by hand: gpt-4o-mini costs 0.15, cached 0.075, output 0.60 USD per million tokens.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.control.store import ControlStore
from gatewatch.limits.counters import Seed, Seeds, Used
from gatewatch.limits.rule import counter
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from tests.kit.limit_stage import FREE, NAMES, Stage, budget, limit, limit_stage
from tests.kit.raw_http import RawReply, ask, connect
from tests.kit.running import ROOT, sandbox
from tests.kit.waiting import eventually
from tests.kit.worker_process import PEPPER

IN, CACHED, OUT = 150_000, 75_000, 600_000
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
COST = 100 * IN + 20 * OUT


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("peers")) as running:
        yield running.listen


@pytest.fixture
async def stage(tmp_path: Path, provider: str) -> AsyncIterator[Stage]:
    async with limit_stage(Home(tmp_path).make(), provider) as stage:
        yield stage


def code(reply: RawReply) -> str:
    return str(json.loads(reply.body)["error"]["code"])


def held(stage: Stage) -> int:
    return sum(counter.held for counter in stage.counters._counters.values())


# which scopes count


async def test_litellm_27394_and_11962_a_users_budget_holds_although_the_key_belongs_to_a_team(stage: Stage) -> None:
    team, user = budget("team", "search", FREE, id="of-team"), budget("user", "ann", 2 * COST, id="of-user")
    stage.limit(team, user)
    assert (await stage.call("chat", "plain", "talk", usage=USAGE)).status == 200
    stage.limit(team, msgspec.structs.replace(user, most=COST))
    refused = await stage.call("chat", "plain", "talk")
    assert (refused.status, code(refused)) == (429, "budget_exceeded")
    assert stage.row(refused)["blocked_by"] == "of-user", "it is told which one bound"
    assert [check[0] for check in stage.row(refused)["checked"]] == ["of-team", "of-user"]


@pytest.mark.parametrize("endpoint", ["responses", "messages"])
async def test_litellm_38176_a_providers_budget_counts_responses_and_messages(stage: Stage, endpoint: str) -> None:
    rule = budget("provider_key", "openai/main", FREE)
    stage.limit(rule)
    passed = await stage.call(endpoint, "plain", "talk")
    assert stage.taken(rule, "openai/main") == stage.row(passed)["cost_picos"] > 0
    stage.limit(msgspec.structs.replace(rule, most=stage.taken(rule, "openai/main")))
    assert (await stage.call(endpoint, "plain", "talk")).status == 429


async def test_litellm_26239_and_35076_what_a_team_key_spends_pollutes_no_personal_budget(stage: Stage) -> None:
    user, team = budget("user", None, FREE, id="each-user"), budget("team", None, FREE, id="each-team")
    stage.limit(user, team)
    await stage.call("chat", "plain", "talk", user=None, usage=USAGE)
    await stage.call("chat", "plain", "talk", user="bob", usage=USAGE)
    assert stage.taken(user, "ann") == 0
    assert stage.taken(user, "bob") == COST
    assert stage.taken(team, "search") == 2 * COST


# when is counted


async def test_litellm_26672_34732_35524_33923_41344_calls_at_once_and_first_calls_reserve_before_they_are_sent(
    stage: Stage,
) -> None:
    """The first ones and those beside them pass there, because nothing is counted before it has ended."""
    small = {"prompt_tokens": 5, "completion_tokens": 20, "total_tokens": 25}
    cost = 5 * IN + 20 * OUT
    stage.limit(rule := budget("team", "search", 3 * cost + 5 * IN))
    replies = await asyncio.gather(
        *(ask(stage.port, stage.asked("chat", "plain", "talk", "ann", usage=small, max_tokens=20)) for _ in range(40))
    )
    await stage.quiet()
    passed = [reply for reply in replies if reply.status == 200]
    assert 1 <= len(passed) <= 3
    assert {code(reply) for reply in replies if reply.status != 200} == {"budget_exceeded"}
    assert stage.taken(rule, "search") == len(passed) * cost
    assert held(stage) == 0


async def test_litellm_40095_a_model_without_cost_before_a_paid_fallback_is_no_way_around(stage: Stage) -> None:
    stage.limit(rule := budget("team", "search", FREE))
    passed = await stage.call("chat", "plain", "talk-after-500")
    cost = stage.row(passed)["cost_picos"]
    stage.limit(msgspec.structs.replace(rule, most=cost + 1))
    refused = await stage.call("chat", "plain", "talk-after-500")
    assert refused.status != 200
    assert stage.row(refused)["attempts"] == 1
    assert stage.taken(rule, "search") == cost


@pytest.mark.parametrize("ending", ["ok", "error", "cut", "gone"])
async def test_litellm_38647_27509_nothing_stays_held_of_what_was_reserved(stage: Stage, ending: str) -> None:
    stage.limit(rule := budget("team", "search", FREE))
    dear = {"max_tokens": 16_000}
    if ending == "ok":
        await stage.call("chat", "plain", "talk", usage=USAGE, **dear)
    elif ending == "error":
        await stage.call("chat", "plain", "talk", fault="fault-500", **dear)
    elif ending == "cut":
        await stage.call("chat", "stream", "talk", fault="fault-cut-stream", **dear)
    else:
        async with connect(stage.port) as (_, writer):
            writer.write(stage.asked("chat", "stream", "talk", "ann", fault="fault-stall", **dear))
            await eventually(lambda: held(stage) > 0)
        await stage.quiet()
    (row,) = stage.rows()
    assert held(stage) == 0
    assert stage.taken(rule, "search") == (row.get("cost_picos", 0) or 0), "as the row says"


@pytest.mark.parametrize(("left", "status"), [(0, 200), (-1, 429)])
async def test_litellm_28020_and_bifrost_5770_a_budget_is_used_to_its_last_picodollar_and_not_beyond(
    stage: Stage, left: int, status: int
) -> None:
    stage.limit(rule := budget("team", "search", FREE))
    reserved = stage.row(await stage.call("chat", "plain", "talk", usage=USAGE))["reserved_picos"]
    stage.limit(msgspec.structs.replace(rule, most=COST + reserved + left))
    assert (await stage.call("chat", "plain", "talk", usage=USAGE)).status == status


async def test_litellm_27735_money_of_the_last_window_blocks_nothing(stage: Stage) -> None:
    """There, spend that was counted once blocks after its window, too."""
    stage.limit(rule := budget("team", "search", COST * 3, window=Window(period="day")))
    first = await stage.call("chat", "plain", "talk", usage=USAGE)
    today = Window(period="day").bucket(int(stage.row(first)["started_at"]))
    yesterday = Window(period="day").bucket(today - 1)
    stage.counters.settle("of yesterday", [Used(counter(rule, "search"), yesterday, FREE)], None)
    assert (await stage.call("chat", "plain", "talk", usage=USAGE)).status == 200


async def test_litellm_37736_enforcing_and_reporting_have_one_number(stage: Stage) -> None:
    rule = budget("team", "search", FREE)
    stage.limit(rule)
    for fault in (None, "fault-500", "fault-cut-stream", "fault-no-usage", "fault-reset"):
        for way in ("plain", "stream"):
            await stage.call("chat", way, "talk", fault=fault)
            await stage.call("chat", way, "talk-after-500")
    reported = sum(row.get("cost_picos", 0) or 0 for row in stage.rows() if row["status"] != "blocked")
    assert stage.taken(rule, "search") == reported > 0


async def test_litellm_16057_25509_7129_8364_37971_the_time_alone_begins_a_window_anew(stage: Stage) -> None:
    """No job runs: a counter full of the last month is empty in this one, from its first call on and after a start."""
    rule = budget("team", "search", COST * 3)
    month = Window(period="month")
    stage.limit(rule)
    now = int(stage.row(await stage.call("chat", "plain", "talk", usage=USAGE))["started_at"])
    last_month = month.bucket(month.bucket(now) - 1)
    fresh = msgspec.structs.replace(rule, id="fresh")
    stage.limit(fresh)
    stage.gateway.seed(Seeds(rules=("fresh",), seeds=(Seed("fresh|search", {last_month: FREE}),)))
    passed = await stage.call("chat", "plain", "talk", usage=USAGE)
    assert passed.status == 200
    assert stage.row(passed)["checked"][0][3] == 0, "nothing was taken in this month"


@pytest.mark.parametrize("way", ["plain", "stream"])
async def test_litellm_2171_and_9201_no_call_waits_for_a_table_of_spend(stage: Stage, way: str) -> None:
    """Neither the ledger nor the control store is needed for a call: rules of every scope hold where both are torn."""
    rules = [budget(scope, None, FREE, id=scope) for scope in NAMES if scope != "gateway"]
    stage.limit(*rules, budget("gateway", "", FREE), limit("key", None, "requests", 2))
    assert (await stage.call("chat", way, "talk")).status == 200
    for path in (stage.home.ledger, *stage.home.control.parent.glob(f"{stage.home.control.name}*")):
        path.write_bytes(b"nothing to be read" * 4000)
    stage.gateway.keys.refresh(time.monotonic() + 3600)
    assert stage.gateway.keys.stale_since is not None, "who had it open cannot read it either"
    replies = [await stage.call("chat", way, "talk") for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 429]
    assert len(stage.row(replies[0])["checked"]) == len(rules) + 2


# what is counted


async def test_litellm_14457_17364_33736_36008_37558_37992_39893_a_disconnect_is_billed_by_what_was_produced(
    stage: Stage,
) -> None:
    rule = budget("team", "search", FREE)
    stage.limit(rule)
    async with connect(stage.port) as (reader, writer):
        slow = stage.asked("chat", "stream", "talk", "ann")
        slow = slow.replace(b"\r\n\r\n", b"\r\nx-sandbox-chunk-gap-ms: 200\r\n\r\n", 1)
        writer.write(slow)
        await reader.readuntil(b"data: ")
        await reader.readuntil(b"content")
    await stage.quiet()
    (row,) = stage.rows()
    assert (row["status"], row["cost_basis"]) == ("client_closed", "estimated")
    assert stage.taken(rule, "search") == row["cost_picos"] > 0
    assert held(stage) == 0


async def test_new_api_5289_an_errors_text_is_not_billed_as_a_completion(stage: Stage) -> None:
    money, tokens = budget("team", "search", FREE), limit("team", "search", "tokens", FREE)
    stage.limit(money, tokens)
    for fault in ("fault-500", "fault-429", "fault-503"):
        assert (await stage.call("chat", "plain", "talk", fault=fault)).status >= 400
    assert stage.taken(money, "search") == stage.taken(tokens, "search") == 0


@pytest.mark.parametrize("way", ["plain", "stream"])
async def test_new_api_6144_litellm_9812_bifrost_3451_cached_tokens_count_once_in_streams_too(
    stage: Stage, way: str
) -> None:
    """LL#11789, LL#5443, LL#11364, LL#40016; BF#3451, BF#5354, BF#5510, BF#904: counted twice, or lost in streams."""
    money, tokens = budget("team", "search", FREE), budget("team", "search", FREE, id="t", measure="tokens")
    stage.limit(money, tokens)
    cached = USAGE | {"prompt_tokens_details": {"cached_tokens": 40}}
    reply = await stage.call("chat", way, "talk", usage=cached)
    assert reply.status == 200
    assert stage.taken(money, "search") == 60 * IN + 40 * CACHED + 20 * OUT
    assert stage.taken(tokens, "search") == 120


@pytest.mark.parametrize("way", ["plain", "stream"])
@pytest.mark.parametrize(("reads", "counted"), [(False, 80), (True, 120)])
async def test_litellm_18728_18730_41610_which_tokens_a_limit_counts_is_said_by_the_rule_in_streams_too(
    stage: Stage, way: str, reads: bool, counted: int
) -> None:
    rule = limit("team", "search", "tokens", FREE, cache_reads=reads)
    stage.limit(rule)
    cached = USAGE | {"prompt_tokens_details": {"cached_tokens": 40}}
    await stage.call("chat", way, "talk", usage=cached)
    assert stage.taken(rule, "search") == counted
    stage.limit(msgspec.structs.replace(rule, most=counted))
    assert (await stage.call("chat", way, "talk")).status == 429


async def test_litellm_13264_a_stream_says_what_it_cost(stage: Stage) -> None:
    stage.limit(budget("team", "search", FREE))
    reply = await stage.call("chat", "stream", "talk", usage=USAGE)
    assert b"cost_usd=0.000027" in reply.body


# who keeps counting


async def test_litellm_31079_31310_38351_a_rotated_key_goes_on_counting(stage: Stage) -> None:
    rule = budget("key", None, COST * 3)
    stage.limit(rule)
    await stage.call("chat", "plain", "talk", usage=USAGE)
    with ControlStore.open(stage.home.control) as store:
        stage.secret = store.rotate_key(stage.key_id, pepper=PEPPER, grace_us=0).secret or ""
    stage.gateway.keys.refresh(time.monotonic())
    await stage.call("chat", "plain", "talk", usage=USAGE)
    assert stage.taken(rule, stage.key_id) == 2 * COST


def test_bifrost_3547_several_workers_that_would_each_count_for_themselves_do_not_start(tmp_path: Path) -> None:
    file = tmp_path / "gatewatch.yaml"
    file.write_text("workers: 4\nbudgets: {all: {scope: gateway, usd: 5}}\n")
    command = [sys.executable, "-m", "gatewatch", "serve", "--home", str(tmp_path / "home"), "--config", str(file)]
    done = subprocess.run([*command, "--port", "0"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "redis://" in done.stderr
    assert "budgets.all/usd" in done.stderr
