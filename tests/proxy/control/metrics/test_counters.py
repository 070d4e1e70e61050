"""Counters are the sums of what batches add, and strangers cannot fill them."""

from collections.abc import Iterator
from typing import Any

from gatewatch.ledger.batch_counts import (
    LATENCY_US,
    OVERHEAD_US,
    TOKEN_CLASSES,
    TOKENS,
    TTFT_US,
    AgainCount,
    BatchCounts,
    Bins,
    CallCount,
    RefusalCount,
    Times,
    TryCount,
    Usage,
)
from proxy.control.metrics.counters import Counters


def counters(most: int = 100) -> Counters:
    return Counters(most=most, provider_name=lambda name: {"eu": "openai"}.get(name, name))


def batch(**parts: Any) -> BatchCounts:
    return BatchCounts(**{name: parts.get(name, []) for name in BatchCounts._fields})


def a_call(**fields: Any) -> CallCount:
    made = CallCount("chat", "bot", "eu", "gpt", "search", "ok", None, None, 1)
    return made._replace(**fields)


def one(bounds: tuple[int, ...], value: int) -> Bins:
    place = next((n for n, bound in enumerate(bounds) if value <= bound), len(bounds))
    return Bins(tuple(int(n == place) for n in range(len(bounds) + 1)), value)


def test_batches_add_up() -> None:
    made = counters()
    used = Usage("search", "bot", "eu", "gpt", "computed", 2, 10**30 + 1, tuple(range(len(TOKEN_CLASSES))))
    tried = TryCount("eu", "gpt", "ok", None, 4)
    refused = RefusalCount("limits.x", "search", 1)
    for _ in range(3):
        made.take(batch(calls=[a_call(calls=2)], usage=[used], tries=[tried], refusals=[refused]))
    assert dict(made.calls) == {("chat", "bot", "eu", "gpt", "search", "", "ok", ""): [6]}
    assert dict(made.cost) == {("bot", "eu", "gpt", "search", "computed"): [6, 3 * 10**30 + 3]}
    assert dict(made.tokens)["bot", "eu", "gpt", "search"] == [3 * n for n in range(len(TOKEN_CLASSES))]
    assert dict(made.tries) == {("eu", "gpt", "", "ok"): [12]}
    assert dict(made.refusals) == {("limits.x", "search"): [3]}


def test_times_stand_under_opentelemetrys_names() -> None:
    made = counters()
    times = Times(
        "messages", "eu", "gpt", None,
        one(LATENCY_US, 15_000), None, one(OVERHEAD_US, 900), one(TOKENS, 5), one(TOKENS, 64),
    )  # fmt: skip
    made.take(batch(times=[times, times]))
    ((labels, amounts),) = made.latency.series
    assert labels == ("chat", "eu", "openai", "gpt", "")
    assert amounts == [0, 2, *[0] * (len(LATENCY_US) - 1), 30_000]
    assert not len(made.ttft.series)
    assert len(TTFT_US) == len(made.ttft.bounds)


def test_paths_that_strangers_invent_are_one_series() -> None:
    made = counters(most=5)
    made.take(
        batch(calls=[a_call(endpoint=f"/wp-admin/{n}", route=None, provider=None, model=None) for n in range(99)])
    )
    made.take(batch(calls=[a_call()]))
    assert {labels[0]: amount for labels, (amount,) in made.calls} == {"other": 99, "chat": 1}
    assert made.calls.folded == 0


def test_a_batch_that_could_not_be_counted_is_counted_as_lost() -> None:
    made = counters()
    made.take(None)
    assert made.lost_batches == 1


def test_nothing_is_added_while_it_is_read() -> None:
    made = counters()

    def reading() -> Iterator[None]:
        with made.still():
            yield
            assert not made._lock.acquire(blocking=False)

    list(reading())
    made.take(batch(calls=[a_call()]))
    assert len(made.calls) == 1


def test_retries_and_failovers_are_two_counters_of_the_target_that_failed() -> None:
    made = counters()
    again = [AgainCount("eu", "gpt", False, 2), AgainCount("eu", "gpt", True, 3), AgainCount("us", "gpt", True, 1)]
    made.take(batch(again=again))
    made.take(batch(again=again[:1]))
    assert dict(made.retries) == {("eu", "gpt"): [4]}
    assert dict(made.failovers) == {("eu", "gpt"): [3], ("us", "gpt"): [1]}
