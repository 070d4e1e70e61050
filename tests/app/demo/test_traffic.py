"""What the demo asks: everyday traffic of known models, a few faults, never too much at once."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal

import pytest

from app.demo import traffic
from app.demo.traffic import FAULTS, TEAMS, generate
from gatewatch.prices.book import PriceBook
from proxy.sandbox.faults import NAMES
from proxy.worker.endpoints import ENDPOINTS
from tests.kit.scripted_upstream import Conversation, Script, ScriptedUpstream, http, scripted_upstream, silence
from tests.kit.scripted_upstream import answers as answering
from tests.kit.waiting import until

KEYS = {team: f"key-of-{team}" for team in TEAMS}
INPUT = ("/v1/embeddings", "/v1/responses")
NOT_ASKED = {"/v1/completions", "/v1/messages/count_tokens"}
PRICE_LISTS = ("openai", "anthropic", "google")


@asynccontextmanager
async def traffic_to(upstream: ScriptedUpstream, seed: int = 1) -> AsyncIterator[None]:
    """Until the block is left."""
    base_url = upstream.url.removesuffix("/v1")
    task = asyncio.create_task(generate(base_url, KEYS, None, seed))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def leaving_at_any_time(script: Script) -> Script:
    """The traffic is ended where it stands, be it in the middle of a request."""

    async def tolerant(conversation: Conversation) -> None:
        with suppress(asyncio.IncompleteReadError):
            await script(conversation)

    return tolerant


def test_fewer_than_one_call_in_ten_goes_wrong_and_every_fault_is_one_that_the_sandbox_knows() -> None:
    faults = sum(Decimal(str(share)) for _, share in FAULTS)
    assert 0 < faults < Decimal("0.10")
    assert {f"fault-{name}" for name, _ in FAULTS} <= set(NAMES)


def test_every_model_has_a_list_price_but_the_one_of_the_house() -> None:
    book = PriceBook.open()
    models = {habit.model for habits in TEAMS.values() for habit in habits}
    unpriced = {model for model in models if not any(book.rows(provider, model) for provider in PRICE_LISTS)}
    assert unpriced == {"house-llama-70b"}


def test_faults_are_drawn_as_often_as_stated() -> None:
    dice = random.Random(5)
    drawn = [traffic._fault(dice) for _ in range(100_000)]
    for name, share in FAULTS:
        assert drawn.count(name) == pytest.approx(share * 100_000, rel=0.3)


async def test_what_is_asked_is_what_an_app_would_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "CALLS_PER_SECOND", 2000.0)
    async with scripted_upstream(leaving_at_any_time(answering(*[http(200, b"{}")] * 500))) as upstream:
        async with traffic_to(upstream):
            await until(lambda: len(upstream.requests) > 200)
        requests = list(upstream.requests)
    models = {habit.model for habits in TEAMS.values() for habit in habits}
    keys = {f"Bearer {key}" for key in KEYS.values()}
    paths = {habit.path for habits in TEAMS.values() for habit in habits}
    for request in requests:
        path = request.line.split()[1]
        assert {"messages", "input"} & request.json.keys() == {"input" if path in INPUT else "messages"}
        assert ("max_output_tokens" in request.json) == (path == "/v1/responses")
        assert request.json["model"] in models | {"gpt-4-legacy"}
        assert request.headers["authorization"] in keys or "revoked" in request.headers["authorization"]
        assert '"feature"' in request.headers["x-gatewatch-tags"]
    assert {request.headers["authorization"] for request in requests} >= keys
    assert {request.line.split()[1] for request in requests} == paths == set(ENDPOINTS) - NOT_ASKED


async def test_a_gateway_that_hangs_is_not_buried_under_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = []

    def rate() -> float:
        wanted.append(1)
        return 100_000.0

    monkeypatch.setattr(traffic, "MOST_AT_ONCE", 5)
    monkeypatch.setattr(traffic, "_rate", rate)
    async with scripted_upstream(leaving_at_any_time(silence)) as upstream, traffic_to(upstream):
        await until(lambda: len(upstream.requests) == 5)
        begun = len(wanted)
        await until(lambda: len(wanted) > begun + 200)
        assert len(upstream.requests) == 5


async def test_a_gateway_that_is_gone_is_asked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be back: the demo's gateway can be restarted beneath it."""
    monkeypatch.setattr(traffic, "CALLS_PER_SECOND", 2000.0)
    async with scripted_upstream(lambda conversation: _refuse(conversation)) as upstream, traffic_to(upstream):
        await until(lambda: len(upstream.conversations) > 20)


async def _refuse(conversation: object) -> None:
    raise ConnectionResetError


async def test_the_same_seed_asks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    async def note(client: object, keys: object, dice: random.Random) -> None:
        asked.append(dice.random())

    monkeypatch.setattr(traffic, "_call", note)
    monkeypatch.setattr(traffic, "_rate", lambda: 100_000.0)
    runs = []
    for seed in (7, 7, 8):
        asked.clear()
        task = asyncio.create_task(generate("http://127.0.0.1:1", KEYS, None, seed))
        await until(lambda: len(asked) > 20)
        task.cancel()
        runs.append(asked[:20])
    assert runs[0] == runs[1] != runs[2]


async def test_it_ends_when_its_time_is_over() -> None:
    async with scripted_upstream(answering(http(200, b"{}"))) as upstream, asyncio.timeout(60):
        await generate(upstream.url.removesuffix("/v1"), KEYS, 0.0)
