"""What the tries of a call have in common."""

from collections.abc import Callable

from proxy.settings import Caps, Deadlines, Route, Target
from proxy.worker.inbound import Inbound
from proxy.worker.tries import Tries

FIRST, SECOND = Target(provider="openai", model="gpt-4o"), Target(provider="second", model="gpt-4o")


def made(inbound: Callable[..., Inbound]) -> Tries:
    route = Route(name="chat", targets=(FIRST, SECOND), deadlines=Deadlines(total=30.0), patience=2.0)
    return Tries(inbound(), route, {}, Caps(), 3)


async def test_another_try_at_the_same_target_is_a_retry_and_one_at_the_next_is_none(
    inbound: Callable[..., Inbound],
) -> None:
    tries = made(inbound)
    assert [tries.begin(target) for target in (FIRST, FIRST, SECOND)] == [True, False, True]
    assert tries.inbound.call.retries == 1
    assert tries.left == 0


async def test_what_was_passed_over_is_noted_once_for_each_reason(inbound: Callable[..., Inbound]) -> None:
    tries = made(inbound)
    for why in ("breaker_open", "breaker_open", "context_window"):
        tries.pass_over(FIRST, why)
    assert tries.inbound.call.passed_over == [["openai/gpt-4o", "breaker_open"], ["openai/gpt-4o", "context_window"]]


async def test_there_is_one_deadline_over_all_of_them(inbound: Callable[..., Inbound]) -> None:
    tries = made(inbound)
    assert 29.0 < tries.seconds_left() <= 30.0
