"""How long a key is left out that its provider has asked to wait with."""

from proxy.worker.rate_waits import REMEMBERED, RateWaits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_key_waits_for_one_model_until_the_provider_may_be_asked_again() -> None:
    clock = Clock()
    waits = RateWaits(clock)
    waits.put("a", "m", 7.0)
    clock.now = 2.0
    assert waits.left("a", "m") == 5.0
    assert waits.left("a", "other") is None
    assert waits.left("b", "m") is None
    clock.now = 7.0
    assert waits.left("a", "m") is None


def test_it_is_left_out_for_a_minute_at_most_though_it_is_known_how_long_it_wants_to_wait() -> None:
    clock = Clock()
    waits = RateWaits(clock)
    waits.put("a", "m", 86_400.0)
    clock.now = 59.0
    assert waits.left("a", "m") == 86_341.0
    clock.now = 60.0
    assert waits.left("a", "m") is None


def test_a_key_that_was_served_waits_no_more() -> None:
    waits = RateWaits(Clock())
    waits.put("a", "m", 7.0)
    waits.end("a", "m")
    waits.end("a", "never")
    assert waits.left("a", "m") is None


def test_callers_who_make_up_models_fill_no_memory() -> None:
    waits = RateWaits(Clock())
    for number in range(2 * REMEMBERED):
        waits.put("a", f"made-up-{number}", 60.0)
    kept = [number for number in range(2 * REMEMBERED) if waits.left("a", f"made-up-{number}")]
    assert kept == [*range(REMEMBERED, 2 * REMEMBERED)]
