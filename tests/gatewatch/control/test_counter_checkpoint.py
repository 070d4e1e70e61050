"""The checkpoint of counters comes back as it was written, for the rules that still count the same."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.control.counter_checkpoint import CounterCheckpoint
from gatewatch.control.store import ControlStore
from gatewatch.limits.counters import MOST_COUNTED, WHOLE, Seed, Seeds
from gatewatch.limits.rule import Grant, Rule
from gatewatch.limits.window import Window

MONEY = Rule(id="money", kind="budget", scope="team", measure="picos", most=10, window=Window(period="month"))
CALLS = Rule(id="calls", kind="limit", scope="key", measure="requests", most=10, window=Window(seconds=60))
SEEDS = Seeds(
    rules=("money", "calls"),
    seeds=(Seed("money|search", {0: MOST_COUNTED}), Seed("calls|k1", {60: 1, 61: 2})),
    positions={"run-000001": WHOLE, "run-000002": 77},
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db") as opened:
        yield opened


def test_there_is_none_before_the_first(store: ControlStore) -> None:
    assert CounterCheckpoint(store).read([MONEY]) is None


def test_the_last_one_comes_back(store: ControlStore) -> None:
    checkpoint = CounterCheckpoint(store)
    checkpoint.write(1, [MONEY], Seeds(rules=("money",)))
    checkpoint.write(2, [MONEY, CALLS], SEEDS)
    found = checkpoint.read([MONEY, CALLS])
    assert found
    assert (set(found.rules), found.seeds, found.positions) == ({"money", "calls"}, SEEDS.seeds, SEEDS.positions)


def test_a_ceiling_may_change_and_what_is_counted_may_not(store: ControlStore) -> None:
    checkpoint = CounterCheckpoint(store)
    checkpoint.write(1, [MONEY, CALLS], SEEDS)
    raised = msgspec.structs.replace(MONEY, most=99, soft=5, grants=(Grant(amount=1, since=0, until=9),))
    per_day = msgspec.structs.replace(CALLS, window=Window(period="day"))
    found = checkpoint.read([raised, per_day])
    assert found
    assert (found.rules, [seed.counter for seed in found.seeds]) == (("money",), ["money|search"])
    assert checkpoint.read([per_day]) is None


def test_it_leaves_no_entry_in_the_trail(store: ControlStore) -> None:
    before = len(store.audit_entries())
    CounterCheckpoint(store).write(1, [MONEY], SEEDS)
    assert len(store.audit_entries()) == before
