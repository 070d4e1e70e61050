"""The key of a reply: whatever changes the answer changes it, and nothing else does (property-based).

What a provider is sent decides: the oracle is the request that goes upstream, and the reply that repeats it.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dialects.registry import provider_dialect
from proxy.http_server.request import Request
from proxy.routing import CacheRule
from proxy.settings import Deadlines, Route, Target
from proxy.worker.caching.cache_key import cache_key
from proxy.worker.endpoints import ENDPOINTS, Endpoint
from proxy.worker.inbound import Inbound

BY_NAME: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in ENDPOINTS.values()}
ROUTE = Route(
    name="bot",
    targets=(Target(provider="openai", model="gpt-4o-mini"),),
    deadlines=Deadlines(),
    version="v1",
    cache=CacheRule(ttl=600),
)
WHOSE = ("user", "metadata", "safety_identifier", "prompt_cache_key")
OURS_ABOUT_THE_CALL = (
    *("x-gatewatch-task", "x-gatewatch-tags", "x-gatewatch-cache", "x-gatewatch-cache-tags"),
    *("x-gatewatch-priority", "x-gatewatch-deadline"),
)

leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["messages", "temperature", "max_tokens", "seed", "tools", "stop", "n", "stream", "logit_bias", "unknown_field"]
) | st.text(min_size=1, max_size=6).filter(lambda name: name not in WHOSE)
bodies = st.dictionaries(names, values, max_size=5).map(lambda body: {"model": "bot", "messages": [], **body})


def key(
    body: dict[str, Any],
    headers: dict[str, str] | None = None,
    endpoint: str = "chat",
    tenant: str = "team:search",
    route: Route = ROUTE,
    places: str = "",
    **call: Any,
) -> bytes:
    request = Request.__new__(Request)
    request.headers = {name.encode(): value.encode() for name, value in (headers or {}).items()}
    request.on_disconnect = None
    found = BY_NAME[endpoint]
    inbound = Inbound(request, endpoint, found.caller, "127.0.0.1")
    inbound.body = body
    for name, value in call.items():
        setattr(inbound.call, name, value)
    return cache_key(inbound, route, tenant, places)


def sent(body: dict[str, Any]) -> str:
    """What a provider reads: JSON in which the order of the outermost names means nothing."""
    return json.dumps(dict(sorted((name, value) for name, value in body.items() if name not in WHOSE)))


def places_in(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from places_in(inner, (*at, name))


@given(bodies, bodies)
def test_two_requests_have_one_key_exactly_where_a_provider_is_sent_the_same(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (key(one) == key(other)) == (sent(one) == sent(other))


@given(bodies, st.data())
def test_a_change_anywhere_in_the_body_is_another_key(body: dict[str, Any], data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([at for at in places_in(body) if at]))
    changed = copy.deepcopy(body)
    at: Any = changed
    for name in place[:-1]:
        at = at[name]
    new = data.draw(values)
    at[place[-1]] = new
    assert (key(body) == key(changed)) == (sent(body) == sent(changed))


@given(bodies, st.randoms(use_true_random=False))
def test_the_order_of_the_outermost_names_is_none(body: dict[str, Any], dice: Any) -> None:
    shuffled = list(body.items())
    dice.shuffle(shuffled)
    assert key(body) == key(dict(shuffled))


def test_the_order_of_inner_names_is_one() -> None:
    assert key({"tools": [{"a": 1, "b": 2}]}) != key({"tools": [{"b": 2, "a": 1}]}), "models read it in that order"


@given(bodies, st.sampled_from(WHOSE), values)
def test_whose_call_it_is_changes_no_answer(body: dict[str, Any], name: str, value: Any) -> None:
    for endpoint in ("chat", "completions", "embeddings", "messages"):
        assert key(body, endpoint=endpoint) == key(body | {name: value}, endpoint=endpoint)


@pytest.mark.parametrize("name", WHOSE)
def test_replies_of_the_responses_api_repeat_whose_call_it_was(name: str) -> None:
    assert key({"input": "hi"}, endpoint="responses") != key({"input": "hi", name: "x"}, endpoint="responses")


@pytest.mark.parametrize("name", OURS_ABOUT_THE_CALL)
def test_what_headers_say_of_the_call_changes_no_answer(name: str) -> None:
    assert key({}, {name: "a"}) == key({}, {name: "b"}) == key({})


@pytest.mark.parametrize(
    "name", ["authorization", "x-api-key", "user-agent", "idempotency-key", "x-stainless-retry-count", "cache-control"]
)
def test_headers_that_change_no_answer_change_no_key(name: str) -> None:
    assert key({}, {name: "a"}) == key({})


@pytest.mark.parametrize(
    "name",
    [
        *("anthropic-beta", "anthropic-version", "openai-beta", "x-sandbox-usage", "x-sandbox-anything"),
        *("x-gatewatch-workload", "x-gatewatch-region", "x-gatewatch-data-class", "x-gatewatch-of-tomorrow"),
    ],
)
def test_headers_that_may_change_the_answer_change_the_key(name: str) -> None:
    assert len({key({}), key({}, {name: "a"}), key({}, {name: "b"})}) == 3


@pytest.mark.parametrize(
    "dialect", ["openai-chat", "openai-responses", "anthropic-messages", "gemini", "bedrock-converse"]
)
def test_every_header_that_a_dialect_passes_on_changes_the_key(dialect: str) -> None:
    for name in provider_dialect(dialect, "https://provider.example").passed_headers:
        assert key({}) != key({}, {name.decode(): "a"}), name


@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_each_part_of_a_calls_way_changes_the_key(one: str, other: str) -> None:
    changes: list[dict[str, Any]] = [
        {"tenant": one},
        {"tenant": f"key:{one}"},
        {"places": one},
        {"workload_class": one},
        {"data_class": one},
        {"region": one},
        {"stream": True},
        {"endpoint": "responses"},
        {"endpoint": "messages"},
        {"route": Route(name=one, targets=(), deadlines=Deadlines(), version="v1")},
        {"route": Route(name="bot", targets=(), deadlines=Deadlines(), version=f"v1{one}")},
    ]
    keys = [key({"model": "bot"}), *(key({"model": "bot"}, **change) for change in changes)]
    expected = len(keys) - (one == "bot")
    assert len(set(keys)) == expected
    assert (key({"model": one}) == key({"model": other})) == (one == other)


def test_who_answers_is_no_part_of_the_key() -> None:
    elsewhere = Route(
        name="bot", targets=(Target(provider="azure", model="gpt-4o"),), deadlines=Deadlines(), version="v1"
    )
    assert key({}, provider="azure", model="gpt-4o") == key({}) == key({}, route=elsewhere)


def test_a_number_of_any_size_has_a_key() -> None:
    assert key({"seed": 2**70}) != key({"seed": 2**70 + 1})
