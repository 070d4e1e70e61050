"""What must be held for a call is what its dearest way may cost."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gatewatch.control.allowance import Amount
from gatewatch.control.key_table import Known
from gatewatch.control.records import KeyRecord
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.refusal import Refusal
from proxy.settings import Provider, Way
from proxy.worker.at_most import MOST_NAMED, at_most
from proxy.worker.inbound import Inbound
from proxy.worker.settle import Meter

MINI_IN, MINI_OUT = 150_000, 600_000
GPT4_IN, GPT4_OUT = 30_000_000, 60_000_000
"""Picodollars per token."""
HI, OUT = 5, 50
BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": OUT}
MINI = HI * MINI_IN + OUT * MINI_OUT
GPT4 = HI * GPT4_IN + OUT * GPT4_OUT
PROVIDER = Provider(
    name="p",
    ways=(Way(dialect="openai-chat", base_url="http://127.0.0.1/v1"),),
    keys=(),
    price_provider="openai",
)
KEY = KeyRecord(
    id="kid", name="app", kind="client", team="t", project=None, environment="live", models=None,
    max_picos=10**12, created_at=1, created_by="test",
)  # fmt: skip

Wanted = Callable[..., Amount]


@pytest.fixture
async def wanted(home: Home, inbound: Callable[..., Inbound]) -> Wanted:
    ControlStore.open(home.control).close()
    meter, call = Meter(home.control), inbound()

    def wanted(*, key: KeyRecord = KEY, model: str = "gpt-4o-mini", **further: Any) -> Amount:
        call.known = Known(key, "kid", 1)
        call.body = BODY | further
        call.call.model = model
        meter.estimate(call.call, PROVIDER, model, call.body)
        return at_most(meter, call, call.call, PROVIDER)

    return wanted


async def test_a_call_holds_its_estimate(wanted: Wanted) -> None:
    assert wanted() == Amount(HI + OUT, MINI)


async def test_of_what_may_answer_in_its_place_the_dearest_counts(wanted: Wanted) -> None:
    assert wanted(models=["gpt-4o-mini", "gpt-4"]) == Amount(HI + OUT, GPT4)
    assert wanted(model="gpt-4", fallbacks=["gpt-4o-mini"]) == Amount(HI + OUT, GPT4)


async def test_what_works_for_a_tool_comes_on_top(wanted: Wanted) -> None:
    plugin = {"id": "fusion", "model": "gpt-4"}
    assert wanted(plugins=[plugin, plugin]) == Amount(HI + OUT, MINI + 2 * GPT4)


@pytest.mark.parametrize("param", ["models", "fallbacks", "preset"])
async def test_a_model_without_a_price_is_refused_by_its_parameter(wanted: Wanted, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        wanted(**{param: "nobody-knows"})
    assert (refused.value.code, refused.value.param) == ("model_without_price", param)


async def test_more_models_than_can_be_looked_up_are_refused(wanted: Wanted) -> None:
    assert wanted(models=["gpt-4o-mini"] * MOST_NAMED).picos == MINI
    with pytest.raises(Refusal, match="more models"):
        wanted(models=["gpt-4o-mini"] * (MOST_NAMED + 1))


async def test_without_a_cap_on_money_no_price_is_needed(wanted: Wanted) -> None:
    key = msgspec.structs.replace(KEY, max_picos=None, max_tokens=1000)
    assert wanted(key=key, model="nobody-knows", models=["nor-this"]) == Amount(HI + OUT, 0)
