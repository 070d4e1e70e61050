"""Shifts and returns: kept over restarts, each in the audit trail once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.shifts import Shift, Shifts
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.routing.service_level import Level, Measured, Watch, judged
from tests.kit.acting import Clock


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(home: Home, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(home.control, actor="gateway", clock=clock) as opened:
        yield opened


def trail(store: ControlStore) -> list[tuple[str, str]]:
    return [(each.action, each.target) for each in reversed(store.audit_entries())]


def test_a_shift_and_its_return_stand_in_the_audit_trail_once(store: ControlStore, clock: Clock) -> None:
    book, began = Shifts(store), clock.now
    book.shift("chat", "a/m", ("p95",), "p95 4 s")
    clock.now += 1000
    book.shift("chat", "a/m", ("p95", "errors"), "p95 4 s, errors 3 %")
    assert book.rows() == [
        Shift(route="chat", target="a/m", misses=("p95", "errors"), text="p95 4 s, errors 3 %", since=began)
    ]
    assert book.take_back("chat", "a/m", "p95 1 s")
    assert not book.take_back("chat", "a/m", "p95 1 s")
    assert not book.take_back("chat", "never/there", "p95 1 s")
    assert trail(store) == [("target.shift", "chat|a/m"), ("target.return", "chat|a/m")]
    assert book.rows() == [Shift(route="chat", target="a/m", text="p95 1 s", since=clock.now)]


def test_what_is_shifted_outlives_the_one_who_shifted_it(home: Home, store: ControlStore, clock: Clock) -> None:
    Shifts(store).shift("chat", "a/m", ("errors",), "5 of 100")
    with ControlStore.open(home.control, actor="gateway", clock=clock) as another:
        (row,) = Shifts(another).rows()
    assert (row.misses, row.standing.since) == (("errors",), clock.now)


def test_failures_that_were_forgiven_stay_so_over_another_shift(store: ControlStore, clock: Clock) -> None:
    book, forgiven = Shifts(store), clock.now
    book.shift("chat", "a/m", ("errors",), "5 of 100")
    book.take_back("chat", "a/m", "an operator said so", forgive=True)
    clock.now += 1000
    book.shift("chat", "a/m", ("p95",), "p95 4 s")
    assert [row.forgiven_at for row in book.rows()] == [forgiven]


def test_a_target_that_is_slow_only_under_load_is_not_tried_in_its_place_all_the_time(
    store: ControlStore, clock: Clock
) -> None:
    level = Level(route="chat", targets=("a/m", "b/m"), p95=2_500_000, errors=10_000)
    in_place, book = 0, Shifts(store)
    looks = 3 * 720  # of three hours, every five seconds
    for _ in range(looks):
        rows = {row.target: row.standing for row in book.rows()}
        is_last = "a/m" in rows and bool(rows["a/m"].misses)
        in_place += not is_last
        seen = {"a/m": Measured(timed=100, p95=1_000_000 if is_last else 3_000_000)}
        if after := judged(level, seen, rows, clock.now, Watch()).misses.get("a/m"):
            book.shift("chat", "a/m", after, "p95")
        else:
            book.take_back("chat", "a/m", "p95")
        clock.now += 5_000_000
    assert len(trail(store)) < 20, "not two each two minutes"
    assert in_place < looks / 10
    book.shift("chat", "a/m", ("p95",), "p95")
    book.take_back("chat", "a/m", "p95", forgive=True)
    assert [row.relapses for row in book.rows()] == [0], "an operator says that it is well"


def test_a_target_that_did_well_for_an_hour_has_not_relapsed(store: ControlStore, clock: Clock) -> None:
    book = Shifts(store)
    found = []
    for minutes in (0, 59, 1, 60, 59):
        clock.now += minutes * 60_000_000
        book.shift("chat", "a/m", ("p95",), "p95 4 s")
        found += [row.relapses for row in book.rows()]
        book.take_back("chat", "a/m", "p95 1 s")
    assert found == [0, 1, 2, 0, 1]


def test_what_came_back_long_ago_is_forgotten_and_what_comes_last_never(store: ControlStore, clock: Clock) -> None:
    book = Shifts(store)
    book.shift("chat", "a/m", ("p95",), "p95 4 s")
    book.shift("chat", "b/m", ("p95",), "p95 4 s")
    book.take_back("chat", "b/m", "p95 1 s")
    book.forget(clock.now)
    assert len(book.rows()) == 2
    book.forget(clock.now + 1)
    assert [row.target for row in book.rows()] == ["a/m"]
