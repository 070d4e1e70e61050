"""Endpoint × scope × way, for budgets and for limits: nothing bypasses either.

The cells are made from the table of endpoints and the list of scopes: one that is new fails here until it has cells. A
whole gateway over sockets, in front of the sandbox provider.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.limits.counters import Asked, Used
from gatewatch.limits.rule import OF_AN_ATTEMPT, SCOPES, Scope, counter
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from proxy.routing import CacheRule
from proxy.worker.endpoints import ENDPOINTS, GENERATING
from tests.kit.limit_stage import BODIES, FREE, NAMES, PATHS, Stage, budget, limit, limit_stage
from tests.kit.raw_http import RawReply
from tests.kit.running import sandbox


def ways(endpoint: str) -> tuple[str, ...]:
    return ("plain", "stream") if endpoint in GENERATING else ("plain",)


CELLS = [
    (endpoint, way, scope)
    for endpoint in PATHS
    for way in ways(endpoint)
    for scope in SCOPES
    if (endpoint, scope) != ("count_tokens", "provider_key")  # answered by the gateway: no provider's key is used
]
TRIED = [name for name in PATHS if name != "count_tokens"]
"""Endpoints whose calls go to a provider: this one has nowhere to go that counts, so the gateway answers itself."""
FALLBACKS = [(endpoint, way, scope) for endpoint in TRIED for way in ways(endpoint) for scope in SCOPES]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("matrix")) as running:
        yield running.listen


@pytest.fixture
async def stage(tmp_path: Path, provider: str) -> AsyncIterator[Stage]:
    async with limit_stage(Home(tmp_path).make(), provider) as stage:
        yield stage


def where(endpoint: str) -> tuple[str, str]:
    """A route for the endpoint, and the model behind it."""
    return ("embed", "text-embedding-3-small") if endpoint == "embeddings" else ("talk", "gpt-4o-mini")


def test_every_endpoint_and_every_scope_has_cells() -> None:
    assert set(BODIES) == {endpoint.name for endpoint in ENDPOINTS.values()}, "a new endpoint: give it a body"
    assert set(NAMES) == set(SCOPES), "a new scope: give it a name"
    assert set(BODIES) >= GENERATING


@pytest.mark.parametrize(("endpoint", "way", "scope"), CELLS)
async def test_a_budget_counts_the_call_and_refuses_the_next(
    stage: Stage, endpoint: str, way: str, scope: Scope
) -> None:
    route, model = where(endpoint)
    name = stage.name(scope, route, model)
    rule = budget(scope, name, FREE)
    stage.limit(rule)
    passed = await stage.call(endpoint, way, route)
    assert passed.status == 200, passed.body
    cost = stage.row(passed).get("cost_picos", 0)
    assert cost or endpoint == "count_tokens"
    assert stage.taken(rule, name) == cost
    if not cost:  # it costs nothing, and is not served from a spent budget all the same
        bucket = Window(period="month").bucket(passed_at(stage, passed))
        stage.counters.settle("another", [Used(counter(rule, name), bucket, 1)], None)
    stage.limit(msgspec.structs.replace(rule, most=max(1, cost)))
    refused = await stage.call(endpoint, way, route)
    check_over_budget(refused, endpoint, scope)
    row = stage.row(refused)
    assert (row["status"], row["blocked_by"]) == ("blocked", "b")
    assert row.get("attempts", 0) == 0, "nothing was bought"
    assert stage.taken(rule, name) == max(1, cost)


@pytest.mark.parametrize("measure", ["requests", "tokens", "concurrent"])
@pytest.mark.parametrize(("endpoint", "way", "scope"), CELLS)
async def test_a_limit_counts_the_call_and_refuses_the_next(
    stage: Stage, endpoint: str, way: str, scope: Scope, measure: str
) -> None:
    route, model = where(endpoint)
    name = stage.name(scope, route, model)
    rule = limit(scope, name, measure, FREE)
    stage.limit(rule)
    passed = await stage.call(endpoint, way, route)
    assert passed.status == 200, passed.body
    row = stage.row(passed)
    tokens = row.get("input_uncached_tokens", 0) + row.get("output_tokens", 0)
    of_model = endpoint == "count_tokens" and scope in OF_AN_ATTEMPT
    expected = {"requests": 0 if of_model else 1, "tokens": tokens, "concurrent": 0}[measure]
    assert stage.taken(rule, name) == expected
    now = passed_at(stage, passed)
    bucket = rule.window.bucket(now) if rule.window else 0
    if not expected:  # somebody else's
        await stage.counters.reserve("another", [Asked(counter(rule, name), bucket, 0, 1, FREE)])
    most = max(1, expected)
    stage.limit(msgspec.structs.replace(rule, most=most))
    refused = await stage.call(endpoint, way, route)
    assert refused.status == 429, refused.body
    assert error_code(refused, endpoint) == "rate_limit_exceeded"
    if measure == "requests":
        assert 50 <= int(refused.headers["retry-after"]) <= 61
    row = stage.row(refused)
    assert (row["status"], row["blocked_by"]) == ("blocked", "l")
    assert row.get("attempts", 0) == 0


@pytest.mark.parametrize(("endpoint", "way", "scope"), FALLBACKS)
async def test_a_fallback_is_not_bought_over_a_budget(stage: Stage, endpoint: str, way: str, scope: Scope) -> None:
    """The first target has no price and fails; for the second one nothing is left."""
    route, model = where(endpoint)
    route += "-after-500"
    name = stage.name(scope, route, model)
    rule = budget(scope, name, FREE)
    stage.limit(rule)
    passed = await stage.call(endpoint, way, route)
    assert passed.status == 200, passed.body
    cost = stage.row(passed)["cost_picos"]
    assert stage.taken(rule, name) == cost
    stage.limit(msgspec.structs.replace(rule, most=cost + 1))
    refused = await stage.call(endpoint, way, route)
    row = stage.row(refused)
    assert refused.status in (429, 502)
    assert row["attempts"] == 1, "only the first target was asked"
    assert "b of" in row["error_message"], "the row says why no other was asked"
    assert stage.taken(rule, name) == cost


@pytest.mark.parametrize(("endpoint", "way", "scope"), FALLBACKS)
async def test_a_fallback_is_held_to_the_limits_of_where_it_goes(
    stage: Stage, endpoint: str, way: str, scope: Scope
) -> None:
    route, model = where(endpoint)
    route += "-after-500"
    name = stage.name(scope, route, model)
    rule = limit(scope, name, "requests", FREE)
    stage.limit(rule)
    assert (await stage.call(endpoint, way, route)).status == 200
    taken = stage.taken(rule, name)
    assert taken == (2 if scope == "provider_key" else 1), "each try is a request with the provider's key"
    stage.limit(msgspec.structs.replace(rule, most=taken))
    refused = await stage.call(endpoint, way, route)
    row = stage.row(refused)
    if scope == "model":
        assert row["attempts"] == 1
        assert refused.status == 502
    else:
        assert refused.status == 429
        assert row.get("attempts", 0) == 0
    assert stage.taken(rule, name) == taken


KEPT = [
    (endpoint, way, scope)
    for endpoint in PATHS
    for way in ways(endpoint)
    for scope in SCOPES
    if endpoint != "count_tokens" and scope != "provider_key"  # no provider's key is used for a hit
]


@pytest.mark.parametrize("kind", ["requests", "concurrent", "budget"])
@pytest.mark.parametrize(("endpoint", "way", "scope"), KEPT)
async def test_a_kept_reply_is_held_to_every_limit_and_every_budget(
    stage: Stage, endpoint: str, way: str, scope: Scope, kind: str
) -> None:
    """It is a request to all of them but its model, which is not asked; and costs nothing."""
    route, model = where(endpoint)
    keep_replies(stage)
    name = stage.name(scope, route, model)
    rule = budget(scope, name, FREE) if kind == "budget" else limit(scope, name, kind, FREE)
    stage.limit(rule)
    assert (await stage.call(endpoint, way, route)).headers["x-gatewatch-cache"] == "miss"
    bought = stage.taken(rule, name)
    hit = await stage.call(endpoint, way, route)
    assert hit.headers["x-gatewatch-cache"] == "hit"
    assert stage.taken(rule, name) - bought == (1 if kind == "requests" and scope != "model" else 0)
    if kind == "concurrent":  # somebody else's
        await stage.counters.reserve("another", [Asked(counter(rule, name), 0, 0, 1, FREE)])
    stage.limit(msgspec.structs.replace(rule, most=max(1, stage.taken(rule, name))))
    refused = await stage.call(endpoint, way, route)
    assert refused.status == 429, refused.body
    assert error_code(refused, endpoint) == ("budget_exceeded" if kind == "budget" else "rate_limit_exceeded")
    row = stage.row(refused)
    assert row["status"] == "blocked"
    assert "cache" not in row


def keep_replies(stage: Stage) -> None:
    settings = stage.gateway.settings
    kept = {name: msgspec.structs.replace(each, cache=CacheRule(ttl=600)) for name, each in settings.routes.items()}
    stage.gateway.configure(msgspec.structs.replace(settings, routes=kept))


def passed_at(stage: Stage, reply: RawReply) -> int:
    return int(stage.row(reply)["started_at"])


def error_code(reply: RawReply, endpoint: str) -> str:
    error = json.loads(reply.body)["error"]
    if endpoint in ("messages", "count_tokens"):
        return str(error["details"]["error_code"])
    return str(error["code"])


def check_over_budget(reply: RawReply, endpoint: str, scope: Scope) -> None:
    assert reply.status == 429, reply.body
    error = json.loads(reply.body)["error"]
    details = error["details"] if endpoint in ("messages", "count_tokens") else error
    assert error_code(reply, endpoint) == "budget_exceeded"
    assert details["scope"] == scope
    assert {"spent", "limit", "resets_at"} <= details.keys()
    assert reply.headers["x-should-retry"] == "false"
    assert "retry-after" not in reply.headers
