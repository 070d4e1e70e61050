"""Circuit breakers: when they open, who tries, and when they are closed again."""

from proxy.routing import Breaking
from proxy.worker.routing.breakers import Breakers

PLACE = ("openai", "main", "gpt-4o")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def made(clock: Clock, **changed: float) -> Breakers:
    return Breakers(Breaking(**changed), clock)  # type: ignore[arg-type]


def fail(breakers: Breakers, times: int, place: tuple[str, str, str] = PLACE, *, answered: bool = True) -> list[bool]:
    return [breakers.failed(*place, answered=answered) for _ in range(times)]


def test_five_failures_in_a_row_open_it_and_a_good_call_between_begins_anew() -> None:
    breakers = made(Clock())
    assert fail(breakers, 4) == [False] * 4
    breakers.went_well(*PLACE)
    assert fail(breakers, 4) == [False] * 4
    assert breakers.standing(*PLACE) == "closed"
    assert fail(breakers, 1) == [True]
    assert breakers.standing(*PLACE) == "open"


def test_half_of_ten_calls_in_ten_seconds_open_it_too() -> None:
    breakers = made(Clock(), failures=100)
    opened = []
    for _ in range(5):
        opened += fail(breakers, 1)
        breakers.went_well(*PLACE)
    assert opened == [False] * 5  # the tenth call was a good one
    assert fail(breakers, 1) == [True]


def test_failures_of_long_ago_count_for_no_share() -> None:
    clock = Clock()
    breakers = made(clock, failures=100)
    fail(breakers, 9)
    clock.now += 11
    assert fail(breakers, 9) == [False] * 9


def test_an_answered_failure_is_the_keys_and_one_without_a_word_is_everybodys() -> None:
    breakers = made(Clock())
    fail(breakers, 5)
    assert breakers.standing("openai", "second", "gpt-4o") == "closed"
    assert breakers.standing("openai", "main", "gpt-4o-mini") == "closed"
    fail(breakers, 5, answered=False)
    assert breakers.standing("openai", "second", "gpt-4o") == "open"
    assert breakers.standing("openai", "second", "gpt-4o-mini") == "closed"


def test_after_the_pause_one_call_tries_and_a_good_one_closes_it() -> None:
    clock = Clock()
    breakers = made(clock)
    fail(breakers, 5)
    clock.now += 4.9
    assert breakers.standing(*PLACE) == "open"
    assert not breakers.begin(*PLACE)
    clock.now += 0.2
    assert breakers.standing(*PLACE) == "due"
    assert breakers.begin(*PLACE)
    assert breakers.standing(*PLACE) == "open"  # for all others
    assert not breakers.begin(*PLACE)
    breakers.went_well(*PLACE)
    assert breakers.standing(*PLACE) == "closed"
    assert not breakers.any_open


def test_each_failed_try_doubles_the_pause_up_to_the_longest() -> None:
    clock = Clock()
    breakers = made(clock, longest=15.0)
    fail(breakers, 5)
    for pause in (5.0, 10.0, 15.0, 15.0):
        clock.now += pause - 0.1
        assert breakers.standing(*PLACE) == "open"
        clock.now += 0.2
        assert breakers.standing(*PLACE) == "due"
        breakers.begin(*PLACE)
        assert fail(breakers, 1) == [True]


def test_a_try_that_tells_nothing_lets_the_next_call_try() -> None:
    clock = Clock()
    breakers = made(clock)
    fail(breakers, 5)
    clock.now += 6
    breakers.begin(*PLACE)
    breakers.undecided(*PLACE)
    assert breakers.standing(*PLACE) == "due"


def test_calls_that_were_under_way_when_it_opened_do_not_make_the_pause_longer() -> None:
    clock = Clock()
    breakers = made(clock)
    fail(breakers, 5)
    assert fail(breakers, 20) == [False] * 20
    clock.now += 5.1
    assert breakers.standing(*PLACE) == "due"


def test_a_try_that_fails_in_another_way_than_what_opened_it_blocks_nothing_for_ever() -> None:
    clock = Clock()
    breakers = made(clock)
    fail(breakers, 5)
    clock.now += 6
    breakers.begin(*PLACE)
    fail(breakers, 1, answered=False)
    assert breakers.standing(*PLACE) == "open"
    clock.now += 6
    assert breakers.standing(*PLACE) == "due"


def test_screens_see_what_is_open_and_how_long() -> None:
    clock = Clock()
    breakers = made(clock)
    fail(breakers, 2, ("openai", "main", "gpt-4o-mini"))
    fail(breakers, 5)
    opened, watched = breakers.states()
    assert (opened.model, opened.state, opened.failures, opened.again_in) == ("gpt-4o", "open", 5, 5.0)
    assert (watched.model, watched.state, watched.failures, watched.again_in) == ("gpt-4o-mini", "closed", 2, 0.0)
    clock.now += 5
    assert breakers.states()[0].state == "half_open"


def test_made_up_models_fill_no_memory_and_open_breakers_are_kept() -> None:
    breakers = made(Clock())
    fail(breakers, 5)
    for number in range(3000):
        fail(breakers, 1, ("openai", "main", f"made-up-{number}"))
    assert len(breakers.states()) <= 1025
    assert breakers.standing(*PLACE) == "open"


def test_one_that_nobody_calls_any_more_is_told_of_for_five_minutes() -> None:
    clock = Clock()
    breakers = made(clock, pause=5.0)
    fail(breakers, 5)
    clock.now += 5 + 299
    assert [each.state for each in breakers.states()] == ["half_open"]
    clock.now += 2
    assert breakers.states() == []
    assert breakers.standing(*PLACE) == "due", "the next call tries all the same"
    assert breakers.begin(*PLACE)
    assert [each.state for each in breakers.states()] == ["half_open"]
    assert fail(breakers, 1) == [True]
    assert [each.state for each in breakers.states()] == ["open"]
