"""Prices of the operator's own: set with a permission, told before and after."""

from typing import Any

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, UsageError
from tests.kit.acting import Stage

DAY_1, DAY_2 = 1_790_000_000_000_000, 1_790_100_000_000_000
GPT: dict[str, Any] = {"provider": "openai", "model": "GPT-4o"}


def test_a_price_is_set_for_exactly_this_name_and_told_before_and_after(stage: Stage) -> None:
    first = stage.do("prices.set", **GPT, prices={"input": 2_500_000}, valid_from=DAY_1)
    assert (first["match"], first["source"]) == ({"equals": "gpt-4o"}, "operator")
    second = stage.do("prices.set", **GPT, prices={"input": 3_000_000}, valid_from=DAY_2)
    assert [row["id"] for row in stage.do("prices.own")] == [first["id"], second["id"]]
    newest, oldest = stage.do("audit.list", action="price.set")
    assert (oldest["before"], oldest["after"]["prices"]) == (None, {"input": 2_500_000})
    assert (newest["before"]["prices"], newest["after"]["prices"]) == ({"input": 2_500_000}, {"input": 3_000_000})


@pytest.mark.parametrize(
    "wrong",
    [
        {"prices": {"input": -1}},
        {"tier": "cheap"},
        {"model": ""},
        {"model": "m" * 10_000},
        {"valid_from": 10**30},
        {"prices": {"wishes": 1}},
    ],
)
def test_what_is_no_price_is_refused(stage: Stage, wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        stage.do("prices.set", **GPT | {"prices": {"input": 1}, "valid_from": DAY_1} | wrong)
    assert stage.do("prices.own") == []


def test_who_may_not_set_prices_is_refused_and_that_is_told(stage: Stage) -> None:
    asked = {**GPT, "prices": {"input": 1}, "valid_from": DAY_1}
    for actor in (
        Actor(id="key:a", role="admin", key_id="a"),
        Actor(id="key:b", role="super-admin", team="search", key_id="b"),
    ):
        with pytest.raises(NotAllowed):
            stage.do("prices.set", actor, **asked)
    denied = stage.do("audit.list", result="denied")
    assert [(entry["actor"], entry["action"]) for entry in denied] == [("key:b", "prices.set"), ("key:a", "prices.set")]
