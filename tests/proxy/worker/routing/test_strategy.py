"""Which target is asked first, by each strategy."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.routing import Strategy, Target
from proxy.worker.routing.measured import STALE, Measured
from proxy.worker.routing.strategy import Strategies
from proxy.worker.routing.turns import GiveBack
from tests.kit.planning import A, B, C, Clock, route

MS = 1000


def free(_target: Target) -> int:
    return 0


def roomy(_target: Target) -> float:
    return 1.0


class Stage:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.measured = Measured(clock)
        self.strategies = Strategies(self.measured)

    def order(
        self,
        strategy: Strategy,
        *targets: Target,
        cost: Callable[[Target], int | None] = free,
        headroom: Callable[[Target], float] = roomy,
        stream: bool = True,
        behind: bool = False,
    ) -> list[Target]:
        made = route(*targets, strategy=strategy)
        self.taken: list[GiveBack] = []
        return self.strategies.order(made, [*targets], cost, headroom, self.taken, stream=stream, behind=behind)

    def asks_nobody(self) -> None:
        """The call that was ordered last."""
        for give_back in self.taken:
            give_back()

    def streamed(self, target: Target, first_byte_ms: int) -> None:
        self.measured.answered(target.provider, target.model, first_byte_ms * MS, True)


@pytest.fixture
def stage(clock: Clock) -> Stage:
    return Stage(clock)


def weighted(*weights: int) -> list[Target]:
    return [Target(provider=f"p{at}", model="m", weight=weight) for at, weight in enumerate(weights)]


# weight


@given(st.lists(st.integers(1, 12), min_size=2, max_size=5), st.integers(1, 3))
def test_shares_by_weight_are_exact_over_each_round(weights: list[int], rounds: int) -> None:
    stage, targets = Stage(Clock()), weighted(*weights)
    firsts = Counter(stage.order("weight", *targets)[0].provider for _ in range(rounds * sum(weights)))
    assert firsts == {f"p{at}": rounds * weight for at, weight in enumerate(weights)}


def test_turns_are_spread_evenly_and_the_same_each_time() -> None:
    """As nginx's smooth weighted round robin is documented: 5, 1, 1 gives a a b a c a a."""
    for _ in range(2):
        stage, targets = Stage(Clock()), weighted(5, 1, 1)
        assert "".join(stage.order("weight", *targets)[0].provider[1] for _ in range(7)) == "0010200"


def test_every_target_follows_behind_the_first(stage: Stage) -> None:
    for _ in range(20):
        assert sorted(target.provider for target in stage.order("weight", *weighted(3, 2, 1))) == ["p0", "p1", "p2"]


def test_calls_that_go_elsewhere_first_take_no_turn(stage: Stage) -> None:
    targets = weighted(2, 1)
    firsts = []
    for _ in range(30):
        stage.order("weight", *targets, behind=True)
        firsts.append(stage.order("weight", *targets)[0].provider)
    assert Counter(firsts) == {"p0": 20, "p1": 10}


# latency


def test_each_target_is_measured_before_any_is_preferred(stage: Stage) -> None:
    assert [stage.order("latency", A, B, C)[0] for _ in range(3)] == [A, B, C]


def test_the_fastest_comes_first_and_the_others_follow_by_speed(stage: Stage) -> None:
    for target, speed in ((A, 900), (B, 300), (C, 600)):
        stage.streamed(target, speed)
    assert stage.order("latency", A, B, C) == [B, C, A]


def test_one_that_is_being_measured_gets_no_second_call_before_it_had_its_time(stage: Stage) -> None:
    stage.streamed(A, 300)
    assert [stage.order("latency", A, B)[0] for _ in range(10)] == [B] + [A] * 9
    stage.clock.now += STALE
    stage.streamed(A, 300)
    assert [stage.order("latency", A, B)[0] for _ in range(3)] == [B, A, A]


def test_a_target_that_slows_down_is_left_with_the_next_call(stage: Stage) -> None:
    stage.streamed(A, 300)
    stage.streamed(B, 500)
    assert stage.order("latency", A, B)[0] is A
    stage.streamed(A, 5000)
    assert stage.order("latency", A, B)[0] is B


def test_a_target_that_was_left_is_looked_at_by_one_call_in_fifty(stage: Stage) -> None:
    stage.streamed(A, 300)
    stage.streamed(B, 500)
    firsts = []
    for _ in range(500):  # ten a second
        stage.clock.now += 0.1
        stage.streamed(A, 300)
        firsts.append(stage.order("latency", A, B)[0])
    assert 1 <= firsts.count(B) <= 10
    assert firsts.count(B) * STALE <= 50 + STALE


def test_a_target_that_is_fast_again_comes_back_by_itself(stage: Stage) -> None:
    """A is asked where it stands first, and answers as it does at the time."""
    firsts = []
    for number in range(3000):
        stage.clock.now += 0.1
        first = stage.order("latency", A, B)[0]
        is_slow = 300 <= number < 900
        stage.streamed(first, 800 if first is B else 6000 if is_slow else 200)
        firsts.append(first)
    assert firsts[:300].count(A) > 280
    assert firsts[310:900].count(A) < 30, "while it is slow it is only looked at"
    assert firsts[-600:].count(A) > 560, "two minutes later it has its calls again"


def test_streams_and_plain_calls_are_judged_apart(stage: Stage) -> None:
    stage.streamed(A, 100)
    stage.streamed(B, 900)
    stage.measured.ended("a", "m", 9_000 * MS, 50, False)
    stage.measured.ended("b", "m", 1_000 * MS, 50, False)
    assert stage.order("latency", A, B, stream=True)[0] is A
    assert stage.order("latency", A, B, stream=False)[0] is B


# cost, headroom, order


def test_the_cheapest_comes_first_and_what_has_no_price_last(stage: Stage) -> None:
    costs = {A: None, B: 30, C: 7}
    assert stage.order("cost", A, B, C, cost=costs.__getitem__) == [C, B, A]


def test_the_one_with_the_most_room_comes_first_and_among_equals_the_order_holds(stage: Stage) -> None:
    room = {A: 0.4, B: 0.9, C: 0.4}
    assert stage.order("headroom", A, B, C, headroom=room.__getitem__) == [B, A, C]


@pytest.mark.parametrize("strategy", ["order", "weight", "latency", "cost", "headroom"])
def test_a_single_target_is_what_it_is(stage: Stage, strategy: Strategy) -> None:
    assert stage.order(strategy, A) == [A]


def test_in_order_means_as_it_stands(stage: Stage) -> None:
    assert stage.order("order", C, A, B) == [C, A, B]
