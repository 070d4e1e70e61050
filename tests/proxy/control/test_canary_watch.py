"""Canaries go on step by step, over restarts; and are stopped when calls fail there that do not elsewhere."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control.route_overrides import MadeOverride, RouteOverrides
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.ledger.answer import Answer
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from proxy.control.canary_watch import CanaryWatch
from tests.kit.acting import Clock
from tests.kit.journals import MINUTE, a_call, attempt, closing, segment

CANARY: dict[str, Any] = {"id": "canary:chat", "kind": "canary", "route": "chat", "target": "openai/new", "share": 500}


class Watched:
    """One home with a real ledger."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").make()
        self.clock = Clock()
        self.store = ControlStore.open(self.home.control, actor="gateway", clock=self.clock)
        self.book = RouteOverrides(self.store)
        self.service = LedgerService(self.home, clock=self.clock)
        self.changes = 0
        self.held_back: set[str] = set()
        self.watch = self.begun()
        self._calls = self._segments = 0

    def begun(self, ask: Callable[..., Answer] | None = None) -> CanaryWatch:
        return CanaryWatch(self.store, ask or self.service.ask, self.changed, lambda: self.held_back)

    def changed(self) -> None:
        self.changes += 1

    def put(self, **fields: Any) -> MadeOverride:
        return self.book.put(MadeOverride(**CANARY | {"since": self.clock.now - 300 * MINUTE} | fields))

    def called(self, model: str, *, good: int = 0, bad: int = 0, ago: int = MINUTE // 2, **row: Any) -> None:
        lines = []
        self._segments += 1
        for number in range(good + bad):
            self._calls += 1
            call = a_call(self._calls, at_us=self.clock.now - ago, route="chat", model=model, **row)
            status: dict[str, Any] = {"status": "error", "http_status": 500} if number < bad else {}
            lines.append(attempt(call, model=model, **status) + closing(call))
        segment(self.home, *lines, sequence=self._segments)
        self.service.load_once()

    @property
    def canary(self) -> MadeOverride:
        made = self.book.get("canary:chat")
        assert made is not None
        return made


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.service.close()
    made.store.close()


async def test_one_that_fails_more_often_than_the_others_is_stopped(watched: Watched) -> None:
    watched.put()
    watched.called("new", good=15, bad=5)
    watched.called("gpt-4o", good=99, bad=1)
    await watched.watch.look()
    assert (watched.canary.share, watched.changes) == (0, 1)
    assert watched.canary.halted == "25.0% of 20 tries failed there; 1.0% of 100 at the other targets"
    newest = watched.store.audit_entries()[0]
    assert (newest.action, newest.target, newest.actor) == ("route.canary_halt", "chat", "gateway")
    await watched.watch.look()
    assert watched.changes == 1


@pytest.mark.parametrize(
    ("canary", "others"),
    [({"good": 0, "bad": 19}, {"good": 100}), ({"good": 19, "bad": 1}, {}), ({"good": 10, "bad": 10}, {"bad": 20})],
)
async def test_too_few_tries_or_no_worse_ones_stop_nothing(
    watched: Watched, canary: dict[str, int], others: dict[str, int]
) -> None:
    watched.put()
    watched.called("new", **canary)
    watched.called("gpt-4o", **others)
    await watched.watch.look()
    assert (watched.canary.halted, watched.changes) == (None, 0)


async def test_an_hour_that_went_well_hides_no_bad_minute(watched: Watched) -> None:
    watched.put()
    watched.called("new", good=1000, ago=10 * MINUTE)
    watched.called("new", good=10, bad=10)
    watched.called("gpt-4o", good=100)
    await watched.watch.look()
    assert watched.canary.halted is not None


async def test_with_few_calls_it_is_looked_further_back(watched: Watched) -> None:
    watched.put()
    watched.called("new", bad=20, ago=100 * MINUTE)
    await watched.watch.look()
    assert watched.canary.halted is not None


async def test_what_was_before_it_is_not_its_fault(watched: Watched) -> None:
    watched.put(since=watched.clock.now - MINUTE)
    watched.called("new", bad=30, ago=2 * MINUTE)
    await watched.watch.look()
    assert watched.canary.halted is None


async def test_steps_are_taken_when_they_are_due_and_never_two_at_once(watched: Watched) -> None:
    watched.put(steps=("5%", "25%", "100%"), step=1, every=MINUTE, next_at=watched.clock.now + MINUTE)
    await watched.watch.look()
    assert watched.canary.share == 500
    watched.clock.now += MINUTE
    watched.called("new", good=20)
    watched.clock.now += 60 * MINUTE  # as if nobody had been there for an hour
    again = watched.begun()
    await again.look()
    await again.look()
    assert (watched.canary.share, watched.changes) == (2500, 1)
    watched.clock.now += MINUTE
    watched.called("new", good=20)
    await again.look()
    assert (watched.canary.share, watched.canary.next_at) == (10_000, None)


async def test_one_that_is_to_be_stopped_takes_no_step(watched: Watched) -> None:
    watched.put(steps=("5%", "25%"), step=1, every=MINUTE, next_at=watched.clock.now)
    watched.called("new", bad=20)
    await watched.watch.look()
    assert (watched.canary.share, watched.canary.step) == (0, 1)


async def test_nobody_goes_on_blindly(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    def away(query: str, /, **params: object) -> Answer:
        raise GatewatchError(f"the ledger cannot be asked for {query}")

    watched.put(steps=("5%", "25%"), step=1, every=MINUTE, next_at=watched.clock.now)
    ask: Callable[..., Answer] = away
    await watched.begun(ask).look()
    assert (watched.canary.share, watched.changes) == (500, 0)
    assert "canary:chat is not judged" in caplog.text


async def test_a_step_wants_tries_that_went_well_since_the_one_before(watched: Watched) -> None:
    watched.put(steps=("5%", "25%"), step=1, every=MINUTE, next_at=watched.clock.now)
    watched.called("new", good=100, ago=2 * MINUTE)
    watched.called("new", good=19, bad=1)
    await watched.watch.look()
    assert watched.canary.share == 500
    watched.called("new", good=1)
    await watched.watch.look()
    assert watched.canary.share == 2500


async def test_one_that_gets_no_calls_yet_begins_in_time(watched: Watched) -> None:
    watched.put(share=0, steps=("search", "25%"), step=0, every=MINUTE, next_at=watched.clock.now)
    await watched.watch.look()
    assert watched.canary.teams == ("search",)


async def test_one_whose_calls_could_not_be_sent_there_is_stopped(watched: Watched) -> None:
    """As where the provider has refused its key: the gateway asks no more."""
    watched.put()
    watched.called("gpt-4o", good=20, passed_over=[["openai/new", "upstream_auth"]])
    watched.called("gpt-4o", good=100)
    await watched.watch.look()
    assert watched.canary.halted == "100.0% of 20 tries failed there; 0.0% of 120 at the other targets"


async def test_one_that_is_held_back_takes_no_step(watched: Watched) -> None:
    watched.put(steps=("5%", "25%"), step=1, every=MINUTE, next_at=watched.clock.now)
    watched.called("new", good=20)
    watched.held_back = {"canary:chat"}
    await watched.watch.look()
    assert watched.canary.share == 500
    watched.held_back = set()
    await watched.watch.look()
    assert watched.canary.share == 2500


async def test_one_whose_target_is_drained_takes_no_step_until_it_is_not(watched: Watched) -> None:
    watched.put(steps=("5%", "25%"), step=1, every=MINUTE, next_at=watched.clock.now)
    watched.called("new", good=20)
    watched.book.put(MadeOverride(id="drain:openai", kind="drain", target="openai"))
    await watched.watch.look()
    assert watched.canary.share == 500
    watched.book.lift("drain:openai")
    await watched.watch.look()
    assert watched.canary.share == 2500
