"""A call that may cost so much and no more: where it is sent, and how long its reply may be.

Prices: gpt-4o-mini 0.15 and 0.60, gpt-4o 2.50 and 10.00 USD per million tokens (openai.com/api/pricing). The question
has 400 characters and so 104 tokens: 15.6 micro-dollars at gpt-4o-mini, 260 at gpt-4o.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.refusal import Refusal
from proxy.settings import Deadlines, Provider, Route, Target, Way
from proxy.worker.inbound import Inbound
from proxy.worker.settle import Meter
from proxy.worker.shaping.max_cost import HEADER, affordable, most_picos

QUESTION: dict[str, Any] = {"messages": [{"role": "user", "content": "x" * 400}]}
MICRO = 10**6
"""A micro-dollar in picodollars."""


@pytest.fixture
def meter(home: Home) -> Meter:
    ControlStore.open(home.control).close()
    return Meter(home.control)


def provider(name: str) -> Provider:
    ways = (Way(dialect="openai-chat", base_url="http://127.0.0.1/v1"),)
    return Provider(name=name, ways=ways, keys=(), price_provider=name)


PROVIDERS = {name: provider(name) for name in ("openai", "own")}


def route(*targets: str, micros: int | None = None) -> Route:
    places = [target.split("/") for target in targets]
    return Route(
        name="r",
        targets=tuple(Target(provider=provider, model=model) for provider, model in places),
        deadlines=Deadlines(),
        max_cost_picos=None if micros is None else micros * MICRO,
    )


def asking(inbound: Callable[..., Inbound], usd: str | None = None, **body: Any) -> Inbound:
    made = inbound({} if usd is None else {HEADER: usd.encode()})
    made.body = QUESTION | body
    return made


@pytest.mark.parametrize(
    ("usd", "micros", "most"),
    [
        (None, None, None),
        (None, 20, 20),
        ("0.00003", None, 30),
        ("0.00003", 20, 20),
        ("0.00001", 20, 10),
        (" 1e-5 ", 20, 10),
    ],
)
def test_the_lower_of_the_routes_and_the_callers_ceiling_holds(
    usd: str | None, micros: int | None, most: int | None
) -> None:
    headers = {} if usd is None else {HEADER: usd.encode()}
    assert most_picos(headers, route("openai/gpt-4o", micros=micros)) == (None if most is None else most * MICRO)


@pytest.mark.parametrize(
    "said", [b"", b"abc", b"0", b"-1", b"NaN", b"inf", b"1e-13", b"$5", b"0,5", b"\xff", b"9" * 50]
)
def test_what_is_no_amount_is_an_error_that_names_the_header(said: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        most_picos({HEADER: said}, route("openai/gpt-4o"))
    assert (refused.value.status, refused.value.code) == (400, "invalid_max_cost")
    assert refused.value.param == "x-gatewatch-max-cost-usd"


async def test_a_call_without_a_ceiling_is_as_it_was(inbound: Callable[..., Inbound], meter: Meter) -> None:
    call, asked = asking(inbound), route("openai/gpt-4o", "own/free")
    assert affordable(call, asked, PROVIDERS, meter) is asked
    assert call.ceiling is None
    assert call.body == QUESTION


async def test_targets_that_the_call_cannot_afford_are_passed_over(
    inbound: Callable[..., Inbound], meter: Meter
) -> None:
    call = asking(inbound, "0.0001", stream=True)
    left = affordable(call, route("openai/gpt-4o", "own/free", "openai/gpt-4o-mini"), PROVIDERS, meter)
    assert [target.name for target in left.targets] == ["openai/gpt-4o-mini"]
    assert call.call.passed_over == [["openai/gpt-4o", "cost_ceiling"], ["own/free", "model_without_price"]]
    assert call.ceiling is not None
    assert call.ceiling.picos == 100 * MICRO


@pytest.mark.parametrize(
    ("targets", "status", "code"),
    [
        (("openai/gpt-4o",), 400, "cost_ceiling"),
        (("own/free",), 403, "model_without_price"),
        (("own/free", "openai/gpt-4o"), 400, "cost_ceiling"),
    ],
)
async def test_where_no_target_is_left_the_call_is_refused(
    inbound: Callable[..., Inbound], meter: Meter, targets: tuple[str, ...], status: int, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        affordable(asking(inbound, "0.0001"), route(*targets), PROVIDERS, meter)
    assert (refused.value.status, refused.value.code) == (status, code)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"max_tokens": 50}, {"max_tokens": 7}),
        ({"max_completion_tokens": 50}, {"max_completion_tokens": 7}),
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({}, {"max_completion_tokens": 7}),
        ({"max_tokens": None}, {"max_tokens": None, "max_completion_tokens": 7}),
        ({"max_tokens": 50, "n": 3}, {"max_tokens": 2}),
        ({"max_tokens": 50, "stream": True}, {"max_tokens": 50}),
    ],
)
async def test_a_plain_reply_is_asked_to_be_no_longer_than_can_be_paid(
    inbound: Callable[..., Inbound], meter: Meter, body: dict[str, Any], sent: dict[str, int | None]
) -> None:
    """20 micro-dollars less 15.6 for the question are seven tokens at 0.6."""
    call = asking(inbound, "0.00002", **body)
    affordable(call, route("openai/gpt-4o-mini"), PROVIDERS, meter)
    assert {name: value for name, value in call.body.items() if name.startswith("max_")} == sent


async def test_the_dearest_target_decides_how_long_a_plain_reply_may_be(
    inbound: Callable[..., Inbound], meter: Meter
) -> None:
    call = asking(inbound, "0.00029")
    affordable(call, route("openai/gpt-4o-mini", "openai/gpt-4o"), PROVIDERS, meter)
    assert call.body["max_completion_tokens"] == 3, "30 micro-dollars at 10 a token"
    assert call.call.params == {"max_completion_tokens": 3, "length_by": "max_cost"}


async def test_a_reply_that_has_to_think_longer_than_can_be_paid_is_not_asked_for(
    inbound: Callable[..., Inbound], meter: Meter
) -> None:
    call = asking(inbound, "0.0002", max_tokens=2000, thinking={"type": "enabled", "budget_tokens": 1024})
    with pytest.raises(Refusal) as refused:
        affordable(call, route("openai/gpt-4o-mini"), PROVIDERS, meter)
    assert refused.value.code == "cost_ceiling"


@pytest.mark.parametrize(("lost", "may"), [(0, True), (3, True), (4, False)])
async def test_what_lost_tries_may_have_cost_counts_before_the_next(
    inbound: Callable[..., Inbound], meter: Meter, lost: int, may: bool
) -> None:
    """Of 20 micro-dollars the question takes 15.6, a token of output 0.6."""
    call = asking(inbound, "0.00002", stream=True)
    affordable(call, route("openai/gpt-4o-mini"), PROVIDERS, meter)
    assert call.ceiling is not None
    call.lost_picos = lost * MICRO
    refusal = call.ceiling.too_dear(call, PROVIDERS["openai"], "gpt-4o-mini")
    assert (refusal is None) is may


@pytest.mark.parametrize(("target", "code"), [("openai/gpt-4o", "cost_ceiling"), ("own/free", "model_without_price")])
async def test_a_target_that_comes_up_later_is_asked_about_too(
    inbound: Callable[..., Inbound], meter: Meter, target: str, code: str
) -> None:
    """A canary's, a longer window's or the last resort's."""
    call = asking(inbound, "0.00002")
    affordable(call, route("openai/gpt-4o-mini"), PROVIDERS, meter)
    assert call.ceiling is not None
    provider_name, model = target.split("/")
    refusal = call.ceiling.too_dear(call, PROVIDERS[provider_name], model)
    assert refusal is not None
    assert refusal.code == code
