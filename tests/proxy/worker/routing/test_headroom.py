"""What is left of a provider's limits for a call: by the best of the keys that may serve it."""

from typing import Any

import pytest

from gatewatch.control.key_hold import KeyHold
from gatewatch.control.records import now_us
from proxy.rate_limits import Limit, RateLimits
from proxy.settings import KeyCap, Pacing, Provider, ProviderKey
from proxy.worker.pacing.pacing import Pacing as Lanes
from proxy.worker.quarantine import Quarantine
from proxy.worker.routing.headroom import Headroom
from tests.kit.planning import A, asked, provider


def key(id: str, **bound: Any) -> ProviderKey:
    return ProviderKey(id=id, secret="s", version="v", **bound)


class Stage:
    def __init__(self, *keys: ProviderKey, caps: tuple[KeyCap, ...] = ()) -> None:
        self.lanes, self.quarantine = Lanes(Pacing(keys=caps)), Quarantine()
        self.providers: dict[str, Provider] = {"a": provider("a", keys=keys or (key("main"),))}

    def said(self, id: str, remaining: int, limit: int = 100) -> None:
        """The provider has told the key so."""
        lane = self.lanes.lane("a", id, "m")
        turn = lane.begin(asked().call)
        assert turn
        lane.learn(RateLimits(requests=Limit(limit=limit, remaining=remaining, reset=3600.0)), turn)
        turn.end()

    def left(self, team: str = "search") -> float:
        return Headroom(self.lanes, self.quarantine, team, "r", self.providers)(A)


def test_what_is_not_known_counts_as_half() -> None:
    assert Stage().left() == 0.5


@pytest.mark.parametrize("remaining", [0, 30, 90])
def test_the_share_that_the_provider_says_is_left(remaining: int) -> None:
    stage = Stage()
    stage.said("main", remaining)
    assert stage.left() == pytest.approx(remaining / 100, abs=0.02)


def test_the_best_key_counts() -> None:
    stage = Stage(key("one"), key("two"))
    stage.said("one", 10)
    assert stage.left() == 0.5, "of the other nothing is known"
    stage.said("two", 80)
    assert stage.left() == pytest.approx(0.8, abs=0.02)


def test_a_key_that_is_not_for_the_call_counts_for_nothing() -> None:
    stage = Stage(key("one"), key("two", teams=("billing",)))
    stage.said("one", 20)
    stage.said("two", 90)
    assert stage.left("search") == pytest.approx(0.2, abs=0.02)
    assert stage.left("billing") == pytest.approx(0.9, abs=0.02)


def test_a_key_in_quarantine_has_nothing_left() -> None:
    stage = Stage()
    stage.said("main", 90)
    now = now_us()
    held = KeyHold(
        provider="a", key_id="main", version="v", kind="refused", reason="401", since=now, until=now + 10**9, failures=1
    )
    stage.quarantine.replace((held,))
    assert stage.left() == 0.0


def test_a_provider_that_asks_to_wait_has_nothing_left() -> None:
    stage = Stage()
    stage.lanes.lane("a", "main", "m").limited(60.0)
    assert stage.left() == 0.0


def test_a_cap_of_ours_counts_as_well() -> None:
    stage = Stage(caps=(KeyCap(provider="a", key="main", model="m", most=4),))
    turns = [stage.lanes.lane("a", "main", "m").begin(asked().call) for _ in range(3)]
    assert all(turns)
    assert stage.left() == 0.25
