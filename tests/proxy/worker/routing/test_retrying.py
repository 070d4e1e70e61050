"""How often a target is asked again, and after how long."""

from proxy.worker.routing.retrying import RetryBudget, backoff


def test_tries_again_are_a_fifth_of_the_calls_and_two_to_begin_with() -> None:
    budget = RetryBudget(0.2)
    taken = 0
    for _ in range(1000):
        budget.called("openai", "gpt-4o")
        while budget.take("openai", "gpt-4o"):
            taken += 1
    assert 200 <= taken <= 203


def test_one_target_does_not_spend_anothers() -> None:
    budget = RetryBudget(0.2)
    assert [budget.take("openai", "gpt-4o") for _ in range(3)] == [True, True, False]
    assert budget.take("openai", "gpt-4o-mini")
    assert budget.take("claude", "gpt-4o")


def test_after_a_quiet_minute_there_are_two_again() -> None:
    budget = RetryBudget(0.2)
    while budget.take("openai", "gpt-4o"):
        pass
    for _ in range(60):
        budget.tick()
    assert [budget.take("openai", "gpt-4o") for _ in range(3)] == [True, True, False]


def test_waits_grow_and_are_never_all_the_same() -> None:
    first, second = {backoff(1, None) for _ in range(50)}, {backoff(2, None) for _ in range(50)}
    assert 0.05 <= min(first) <= max(first) <= 0.1
    assert 0.1 <= min(second) <= max(second) <= 0.2
    assert len(first) > 10


def test_what_the_provider_asks_for_is_waited() -> None:
    assert backoff(1, 1.5) == 1.5
