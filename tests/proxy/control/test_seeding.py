"""Seeds are the same by the ledger and by the journal, whatever the ledger's file is going through."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.counter_checkpoint import CounterCheckpoint
from gatewatch.control.store import ControlStore
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.counters import WHOLE, Seeds
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from proxy.control.seeding import Seeding
from tests.kit.journals import NOW, RUN, a_call, opening, segment, whole

MONEY = Rule(id="money", kind="budget", scope="team", measure="picos", most=1, window=Window(period="month"))
CALLS = Rule(id="calls", kind="limit", scope="key", measure="requests", most=1, window=Window(seconds=7200))
COST, OPEN_COST = 450_000_000, 7_000_000
"""Of a call of the kit, and of one that was left open."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture
def service(home: Home) -> Iterator[LedgerService]:
    made = LedgerService(home, clock=lambda: NOW)
    yield made
    made.close()


@pytest.fixture
def seeding(home: Home, service: LedgerService) -> Seeding:
    return Seeding(home, service, clock=lambda: NOW)


def sums(seeds: Seeds) -> dict[str, int]:
    return {seed.counter: sum(seed.buckets.values()) for seed in seeds.seeds}


def damage(home: Home) -> None:
    home.ledger.write_bytes(b"no ledger any more" * 1000)


def test_what_is_outstanding_is_loaded_before_calls_of_dead_workers_included(home: Home, seeding: Seeding) -> None:
    segment(home, whole(a_call(0)), opening(a_call(1)))
    found = seeding.now([MONEY, CALLS])
    assert sums(found) == {"money|search": COST + OPEN_COST, "calls|k0000001": 2}
    assert found.positions == {f"{RUN}-000001": WHOLE}


def test_a_ledger_that_cannot_be_read_is_no_reason_to_forget_what_was_spent(home: Home, seeding: Seeding) -> None:
    segment(home, whole(a_call(0)), opening(a_call(1)))
    damage(home)
    assert sums(seeding.now([MONEY, CALLS])) == {"money|search": COST + OPEN_COST, "calls|k0000001": 2}


def test_from_the_last_checkpoint_on_only_what_follows_is_counted(
    home: Home, service: LedgerService, seeding: Seeding
) -> None:
    segment(home, whole(a_call(0)))
    service.load_once()
    seeding.write_checkpoint([MONEY])
    service.close()
    for packed in home.loaded.iterdir():
        packed.unlink()  # what the checkpoint has is not looked for again
    segment(home, whole(a_call(1)), run="20261120T100000Z-00000002")
    damage(home)
    found = Seeding(home, LedgerService(home), clock=lambda: NOW).now([MONEY, CALLS])
    assert set(found.rules) == {"money", "calls"}
    assert sums(found) == {"money|search": 2 * COST, "calls|k0000001": 1}, "the checkpoint knows of money alone"


def test_a_checkpoint_that_cannot_be_read_is_done_without(home: Home, seeding: Seeding) -> None:
    segment(home, whole(a_call(0)))
    with ControlStore.open(home.control) as store:
        CounterCheckpoint(store).write(NOW, [MONEY], Seeds(rules=("money",)))
        store.connection.execute("UPDATE counter_checkpoint SET seeds = 'nonsense'")
    damage(home)
    assert sums(seeding.now([MONEY])) == {"money|search": COST}
