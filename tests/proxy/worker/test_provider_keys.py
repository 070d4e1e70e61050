"""Who gets which key."""

from collections import Counter
from typing import Any

import pytest

from proxy.settings import ProviderKey
from proxy.worker.key_fault import KeyFault
from proxy.worker.provider_keys import ProviderKeys
from proxy.worker.quarantine import Quarantine
from proxy.worker.rate_waits import RateWaits

REFUSED = KeyFault("refused", "401")


def key(id: str, **fields: Any) -> ProviderKey:
    return ProviderKey(id=id, secret=f"sk-{id}", version=f"v-{id}", **fields)


class Choice:
    """Keys of one provider, and a clock."""

    def __init__(self, *keys: ProviderKey) -> None:
        self.now = 0.0
        self.quarantine = Quarantine(lambda: self.now)
        self.all = {each.id: each for each in keys}
        self.keys = ProviderKeys("p", keys, self.quarantine, RateWaits(lambda: self.now))

    def next(self, team: str | None = "search", route: str = "chat", model: str = "m", tried: Any = ()) -> str | None:
        chosen = self.keys.choose(team, route, model, tried)
        return chosen.id if chosen else None

    def hold(self, id: str, model: str = "m", fault: KeyFault = REFUSED) -> None:
        self.quarantine.failed("p", self.all[id], model, fault, again=False)


def test_one_key_serves_everything_once_a_call() -> None:
    choice = Choice(key("only"))
    assert choice.next() == "only"
    assert choice.next(tried=("only",)) is None


def test_keys_take_turns_by_weight_evenly_spread_and_the_same_way_each_time() -> None:
    first, second = (Choice(key("a", weight=5), key("b"), key("c")) for _ in range(2))
    turns = [first.next() for _ in range(14)]
    assert turns == [*"aabacaa"] * 2  # nginx's own example of its smooth weighted round robin
    assert [second.next() for _ in range(14)] == turns


def test_over_many_calls_the_shares_are_the_weights() -> None:
    choice = Choice(key("a", weight=3), key("b", weight=2), key("c", weight=1))
    assert Counter(choice.next() for _ in range(600)) == {"a": 300, "b": 200, "c": 100}


def test_a_key_that_is_bound_serves_its_team_first_and_nobody_else() -> None:
    choice = Choice(key("any"), key("ours", teams=("search",)))
    assert {choice.next("search") for _ in range(9)} == {"ours"}
    assert {choice.next("billing") for _ in range(9)} == {"any"}
    assert {choice.next(None) for _ in range(9)} == {"any"}


def test_a_key_may_be_bound_to_routes_or_to_a_team_on_a_route() -> None:
    choice = Choice(key("any"), key("fast", routes=("fast",)), key("both", teams=("search",), routes=("slow",)))
    assert choice.next("billing", "fast") == "fast"
    assert choice.next("billing", "slow") == "any"
    assert choice.next("search", "slow") == "both"


def test_when_the_bound_keys_are_held_the_others_help_out() -> None:
    choice = Choice(key("any"), key("ours", teams=("search",)))
    choice.hold("ours")
    assert choice.next("search") == "any"


def test_without_a_key_for_the_team_there_is_none() -> None:
    choice = Choice(key("theirs", teams=("billing",)))
    assert choice.next("search") is None
    assert choice.keys.for_call("search", "chat") == []


def test_held_keys_are_left_out_and_the_others_keep_their_shares() -> None:
    choice = Choice(key("a", weight=2), key("b"), key("c", weight=3))
    choice.hold("c")
    assert Counter(choice.next() for _ in range(30)) == {"a": 20, "b": 10}
    choice.hold("a")
    choice.hold("b")
    assert choice.next() is None


def test_a_key_that_is_held_for_one_model_serves_the_others() -> None:
    choice = Choice(key("only"))
    choice.hold("only", "gpt-4o", KeyFault("refused", "403", for_model=True))
    assert choice.next(model="gpt-4o") is None
    assert choice.next(model="gpt-4o-mini") == "only"


def test_what_was_tried_is_not_tried_again_by_the_same_call() -> None:
    choice = Choice(key("a"), key("b"), key("c"))
    tried: tuple[str, ...] = ()
    while (chosen := choice.next(tried=tried)) is not None:
        tried += (chosen,)
    assert sorted(tried) == ["a", "b", "c"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_key_whose_time_has_come_is_tried_by_one_call(count: int) -> None:
    choice = Choice(*(key(f"k{number}") for number in range(count)))
    choice.hold("k0")
    choice.now = 61
    assert choice.next() == "k0"
    assert choice.quarantine.try_again("p", choice.all["k0"], "m")
    assert choice.next() == ("k1" if count > 1 else None)


def test_where_only_held_keys_are_left_one_call_at_a_time_tries_them() -> None:
    choice = Choice(key("a"), key("b"))
    choice.hold("a")
    choice.hold("b")
    choice.now = 61
    assert choice.next() == "a"
    choice.quarantine.try_again("p", choice.all["a"], "m")
    assert choice.next() is None
    choice.quarantine.failed("p", choice.all["a"], "m", REFUSED, again=True)
    assert choice.next(tried=("a",)) == "b"


def test_a_key_that_waits_for_its_rate_is_left_out_while_others_serve() -> None:
    choice = Choice(key("a"), key("b"), key("ours", teams=("search",)))
    choice.keys.waits.put("ours", "m", 5.0)
    choice.keys.waits.put("a", "m", 9.0)
    assert {choice.next() for _ in range(4)} == {"b"}
    assert choice.next(tried=("b",)) == "ours", "the one that waits for the shortest time"
    choice.keys.waits.put("b", "m", 2.0)
    assert choice.next() == "b"
    assert choice.next(tried=("b",)) is None
    choice.now = 9.0
    assert choice.next() == "ours"


def test_when_a_call_may_come_again() -> None:
    choice = Choice(key("a"), key("b"))
    assert choice.keys.soonest(None, "chat", "m", ("a", "b")) is None
    choice.keys.waits.put("a", "m", 9.0)
    assert choice.keys.soonest(None, "chat", "m", ("a",)) == 1.0
    assert choice.keys.soonest(None, "chat", "m", ("a", "b")) == 9.0
    choice.keys.waits.put("b", "m", 3600.0)
    choice.hold("a")
    assert choice.keys.soonest(None, "chat", "m", ("b",)) == 3600.0


def test_a_providers_models_are_listed_with_any_key_that_is_free() -> None:
    choice = Choice(key("theirs", teams=("billing",)), key("slow", routes=("slow",)))
    assert choice.keys.for_listing() is choice.all["theirs"]
    choice.hold("theirs")
    choice.now = 61
    assert choice.keys.for_listing() is choice.all["slow"], "a key that is due is tried by a call"
    choice.hold("slow")
    assert choice.keys.for_listing() is None
