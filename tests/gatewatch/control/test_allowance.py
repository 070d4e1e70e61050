"""What a key may use is counted in one place: exactly, however many take at once, and whatever becomes of them."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from gatewatch.control.allowance import Allowances, Amount
from gatewatch.control.records import KeyRecord, now_us
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home

PEPPER = bytes(32)
NOTHING = Amount(0, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Home(tmp_path).make().control


@pytest.fixture
def store(path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(path) as store:
        yield store


@pytest.fixture
def allowances(store: ControlStore, path: Path) -> Iterator[Allowances]:
    del store  # it makes the file
    allowances = Allowances(path)
    yield allowances
    allowances.close()


def key_with(store: ControlStore, **caps: int) -> KeyRecord:
    record, _ = store.create_key("capped", team="search", create_team=True, pepper=PEPPER, **caps)  # type: ignore[arg-type]
    return record


def spent(store: ControlStore, key: KeyRecord) -> tuple[int, int, int, int]:
    """uses, tokens, picos, holds. Whatever was done, the sums of what is held are those of the holds."""
    row = store.connection.execute(
        "SELECT uses, tokens, picos, held_tokens, held_picos FROM key_allowances WHERE key_id = ?", (key.id,)
    ).fetchone()
    holds = store.connection.execute("SELECT tokens, picos FROM key_holds WHERE key_id = ?", (key.id,)).fetchall()
    uses, tokens, picos, *held = row
    assert held == [sum(hold[0] for hold in holds), sum(hold[1] for hold in holds)]
    return uses, tokens, picos, len(holds)


def test_as_many_calls_as_the_cap_says_and_no_more(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_uses=3)
    assert not allowances.is_used_up(key)
    assert [allowances.take(f"call-{n}", key, NOTHING) for n in range(5)] == [None, None, None, "uses", "uses"]
    assert allowances.is_used_up(key)


def test_a_call_must_fit_beside_what_is_spent_and_what_is_held(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_tokens=100)
    assert allowances.take("a", key, Amount(60, 0)) is None
    assert allowances.take("b", key, Amount(41, 0)) == "tokens"
    allowances.settle("a", Amount(10, 0), give_use_back=False)
    assert allowances.take("b", key, Amount(90, 0)) is None
    assert allowances.take("c", key, Amount(1, 0)) == "tokens"
    assert spent(store, key) == (2, 10, 0, 1), "a call that was refused has used nothing"


def test_money_is_counted_as_tokens_are(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_picos=1_000_000)
    assert allowances.take("a", key, Amount(0, 1_000_000)) is None
    assert allowances.take("b", key, Amount(0, 1)) == "picos"
    allowances.settle("a", Amount(5, 400_000), give_use_back=False)
    assert allowances.take("b", key, Amount(0, 600_001)) == "picos"
    assert allowances.take("b", key, Amount(0, 600_000)) is None


def test_the_first_cap_in_the_way_is_named(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_uses=1, max_tokens=10, max_picos=10)
    assert allowances.take("a", key, Amount(11, 11)) == "tokens"
    assert allowances.take("a", key, Amount(10, 11)) == "picos"
    assert allowances.take("a", key, Amount(10, 10)) is None
    assert allowances.take("b", key, Amount(10, 10)) == "uses"


def test_more_than_was_held_counts_in_full(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_tokens=100)
    assert allowances.take("a", key, Amount(10, 0)) is None
    allowances.settle("a", Amount(250, 0), give_use_back=False)
    assert allowances.take("b", key, NOTHING) == "tokens"
    assert spent(store, key)[1] == 250


def test_a_cost_that_is_not_known_is_no_less_than_was_held_for_it(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_picos=10_000)
    for call, at_least in (("a", 0), ("b", 5_000)):
        assert allowances.take(call, key, Amount(7, 300)) is None
        allowances.settle(call, Amount(9, at_least), is_known=False, give_use_back=False)
    assert spent(store, key) == (2, 18, 5_300, 0)


def test_a_hold_grows_as_far_as_the_caps_allow_and_uses_nothing_more(
    allowances: Allowances, store: ControlStore
) -> None:
    key = key_with(store, max_uses=2, max_tokens=100, max_picos=1_000)
    assert allowances.take("a", key, Amount(10, 100)) is None
    assert allowances.take("b", key, Amount(10, 100)) is None
    assert allowances.extend("a", key, Amount(91, 100)) == "tokens"
    assert allowances.extend("a", key, Amount(90, 901)) == "picos"
    assert allowances.extend("a", key, Amount(90, 900)) is None
    assert allowances.extend("a", key, Amount(5, 5)) is None, "it never shrinks"
    assert allowances.extend("b", key, Amount(11, 100)) == "tokens"
    assert spent(store, key) == (2, 0, 0, 2)
    allowances.settle("a", Amount(40, 400), give_use_back=False)
    assert allowances.extend("b", key, Amount(60, 600)) is None
    assert spent(store, key) == (2, 40, 400, 1)


def test_a_hold_that_was_swept_or_settled_does_not_grow(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_tokens=100)
    assert allowances.take("a", key, Amount(10, 0)) is None
    allowances.sweep(now_us() + 1)
    assert allowances.extend("a", key, Amount(11, 0)) == "tokens"
    assert spent(store, key) == (1, 10, 0, 0)


def test_a_use_is_given_back_and_counts_again(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_uses=1)
    assert allowances.take("a", key, NOTHING) is None
    allowances.settle("a", NOTHING, give_use_back=True)
    assert allowances.take("b", key, NOTHING) is None
    assert allowances.take("c", key, NOTHING) == "uses"


def test_settling_twice_or_what_was_never_taken_changes_nothing(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_uses=5)
    assert allowances.take("a", key, NOTHING) is None
    for _ in range(3):
        allowances.settle("a", Amount(4, 4), give_use_back=True)
    allowances.settle("never", Amount(4, 4), give_use_back=True)
    assert spent(store, key) == (0, 4, 4, 0)


def test_the_hold_of_a_call_that_waits_grows_old_from_its_deadline_on(
    allowances: Allowances, store: ControlStore
) -> None:
    key, deadline = key_with(store, max_tokens=100), now_us() + 3_600_000_000
    assert allowances.take("a", key, Amount(30, 5), deadline) is None
    allowances.sweep(now_us() + 1)
    assert spent(store, key) == (1, 0, 0, 1)
    allowances.sweep(deadline + 1)
    assert spent(store, key) == (1, 30, 5, 0)


def test_holds_of_the_dead_become_spent(allowances: Allowances, store: ControlStore) -> None:
    key, other = key_with(store, max_tokens=100), key_with(store, max_tokens=100)
    before = now_us()
    for call in ("a", "b"):
        assert allowances.take(call, key, Amount(30, 5)) is None
    assert allowances.take("c", other, Amount(30, 5)) is None
    allowances.sweep(before)
    assert spent(store, key) == (2, 0, 0, 2), "they may still run"
    allowances.sweep(now_us() + 1)
    assert spent(store, key) == (2, 60, 10, 0)
    assert spent(store, other) == (1, 30, 5, 0)
    allowances.settle("a", Amount(1, 1), give_use_back=True)
    assert spent(store, key) == (2, 60, 10, 0), "the verdict stands, however late the call ends"


def test_a_limit_out_of_all_bounds_fits_nowhere_and_breaks_nothing(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_tokens=10**9)
    assert allowances.take("a", key, Amount(10**40, 10**60)) == "tokens"
    other = key_with(store, max_uses=3)
    assert allowances.take("b", other, Amount(10**40, 10**60)) is None
    allowances.settle("b", Amount(10**40, 10**60), give_use_back=False)
    assert allowances.take("c", other, NOTHING) is None


def test_rotation_does_not_change_what_is_used(allowances: Allowances, store: ControlStore) -> None:
    key = key_with(store, max_uses=2)
    assert allowances.take("a", key, NOTHING) is None
    rotated = store.rotate_key(key.id, pepper=PEPPER, grace_us=1_000_000).key
    assert allowances.take("b", rotated, NOTHING) is None
    assert allowances.take("c", rotated, NOTHING) == "uses"


def test_a_store_that_another_process_locks_is_an_error_after_its_time(
    allowances: Allowances, store: ControlStore
) -> None:
    key = key_with(store, max_uses=2)
    allowances.patience(0)
    with store.change():
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            allowances.take("a", key, NOTHING)
        assert not allowances.is_used_up(key), "reading goes on"
    assert allowances.take("a", key, NOTHING) is None, "and no transaction was left open"


def test_there_is_no_store_to_be_made_here(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Allowances(tmp_path / "control.db")
    assert list(tmp_path.iterdir()) == []


def _take_all(path: Path, key: KeyRecord, name: str, start: Barrier, passed: "multiprocessing.Queue[int]") -> None:
    allowances = Allowances(path)
    allowances.patience(20)
    start.wait()
    taken = [allowances.take(f"{name}-{n}", key, Amount(3, 7)) for n in range(50)]
    passed.put(taken.count(None))
    allowances.close()


@pytest.mark.parametrize(
    ("caps", "exactly"), [({"max_uses": 37}, 37), ({"max_tokens": 100}, 33), ({"max_picos": 70}, 10)]
)
def test_processes_that_race_get_exactly_what_there_is(
    store: ControlStore, path: Path, caps: dict[str, int], exactly: int
) -> None:
    key = key_with(store, **caps)
    context = multiprocessing.get_context("spawn")
    start, passed = context.Barrier(3), context.Queue()
    racers = [context.Process(target=_take_all, args=(path, key, name, start, passed)) for name in ("a", "b", "c")]
    for racer in racers:
        racer.start()
    assert sum(passed.get(timeout=60) for _ in racers) == exactly
    for racer in racers:
        racer.join(60)
    assert spent(store, key) == (exactly, 0, 0, exactly)
