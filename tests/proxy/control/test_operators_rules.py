"""What operators set is in force at once through the gateway, and within a second where it was done beside it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from proxy.control.limits_in_force import LimitsInForce
from proxy.control.operators_rules import OperatorsRules
from proxy.settings import Limiting
from tests.kit.waiting import until

RULE = Rule(id="mine", kind="budget", scope="team", measure="picos", most=5, window=Window(period="day"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db") as opened:
        yield opened


async def test_what_another_process_sets_and_grants_is_taken_without_being_told(
    store: ControlStore, tmp_path: Path
) -> None:
    pushed: list[Limiting] = []
    limits = LimitsInForce(pushed.append)
    rules = OperatorsRules(store, limits)
    rules.look()
    limits.configured(Limiting())
    watching = asyncio.create_task(rules.run())
    with ControlStore.open(tmp_path / "control.db") as other:
        other.set_rules([RULE], team=None)
        await until(lambda: [rule.id for rule in limits.rules] == ["mine"])
        other.grant(RULE, 7, until=store.clock() + 10**9, reason="a busy week", team=None)
        await until(lambda: limits.rules[0].ceiling(store.clock()) == 12)
        other.remove_rules(["mine"])
        await until(lambda: limits.rules == ())
    assert len(pushed) == 3
    watching.cancel()


async def test_other_changes_of_the_store_push_nothing(store: ControlStore, tmp_path: Path) -> None:
    pushed: list[Limiting] = []
    limits = LimitsInForce(pushed.append)
    limits.configured(Limiting())
    rules = OperatorsRules(store, limits)
    rules.look()
    with ControlStore.open(tmp_path / "control.db") as other:
        other.set_setting("colour", "blue")
    rules.look()
    assert pushed == []


def test_several_workers_keep_operators_rules_in_a_store_of_their_own_alone(store: ControlStore) -> None:
    rules = OperatorsRules(store, LimitsInForce(lambda _: None))
    rules.require(workers=4, store=None)
    store.set_rules([RULE], team=None)
    rules.require(workers=1, store=None)
    rules.require(workers=4, store="redis://127.0.0.1:6379")
    with pytest.raises(NotAllowed, match=r"4 workers .* \(mine\)") as refused:
        rules.require(workers=4, store=None)
    assert "stores" in refused.value.next_step
