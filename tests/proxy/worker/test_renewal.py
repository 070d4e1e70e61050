"""What is lent for a while: renewed in time, by one for all, and never waited for in vain."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from proxy.worker import renewal
from proxy.worker.renewal import RETRY_AFTER, CannotSign, Lent, Renewed, reason

BEFORE = 300.0


class Lender:
    """Lends 1, 2, 3, …; each ends in `lasts` seconds of its own clock."""

    def __init__(self) -> None:
        self.fetched = 0
        self.threads: set[int] = set()
        self.lasts = 3600.0
        self.time = 1000.0
        self.failure: Exception | None = None
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Semaphore(0)

    def __call__(self) -> Lent[int]:
        self.fetched += 1
        self.threads.add(threading.get_ident())
        self.asked.release()
        assert self.open.wait(30)
        if self.failure:
            raise self.failure
        ends_at = self.time + self.lasts
        return Lent(self.fetched, lambda seconds: self.time + seconds >= ends_at)

    def renewed(self) -> Renewed[int]:
        return Renewed(self, BEFORE, lambda: self.time)


async def settled(renewed: Renewed[int], value: int) -> None:
    """Until the renewal behind the calls is over."""
    async with asyncio.timeout(30):
        while await renewed.get() != value:
            await asyncio.sleep(0)


async def test_it_is_fetched_once_in_a_thread_of_its_own_and_then_at_hand() -> None:
    lender = Lender()
    renewed = lender.renewed()
    assert [await renewed.get() for _ in range(3)] == [1, 1, 1]
    assert lender.fetched == 1
    assert threading.get_ident() not in lender.threads


async def test_one_fetches_for_all_who_wait() -> None:
    lender = Lender()
    lender.open.clear()
    renewed = lender.renewed()
    waiting = [asyncio.create_task(renewed.get()) for _ in range(50)]
    await asyncio.to_thread(lender.asked.acquire)
    waiting.append(asyncio.create_task(renewed.get()))
    lender.open.set()
    assert await asyncio.gather(*waiting) == [1] * 51
    assert lender.fetched == 1


async def test_it_is_renewed_before_its_end_while_calls_go_on() -> None:
    lender = Lender()
    renewed = lender.renewed()
    await renewed.get()
    lender.time += 3600 - BEFORE
    lender.open.clear()
    assert [await renewed.get() for _ in range(5)] == [1] * 5
    await asyncio.to_thread(lender.asked.acquire)
    assert await renewed.get() == 1
    lender.open.set()
    await settled(renewed, 2)
    assert lender.fetched == 2


async def test_who_comes_after_its_end_waits_for_the_next() -> None:
    lender = Lender()
    renewed = lender.renewed()
    await renewed.get()
    lender.time += 3600
    assert await renewed.get() == 2


async def test_a_renewal_that_fails_leaves_what_is_at_hand_and_is_tried_again_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lender = Lender()
    renewed = lender.renewed()
    await renewed.get()
    lender.time += 3600 - BEFORE
    lender.failure = CannotSign("no network")
    assert await renewed.get() == 1
    await _over(renewed)
    assert [await renewed.get() for _ in range(5)] == [1] * 5
    assert lender.fetched == 2
    assert [record.message for record in caplog.records] == ["no network"]
    lender.time += RETRY_AFTER
    lender.failure = None
    assert await renewed.get() == 1
    await settled(renewed, 3)


async def test_without_anything_at_hand_a_failure_is_told_at_once_until_it_is_time_to_try_again() -> None:
    lender = Lender()
    lender.failure = CannotSign("no such profile")
    renewed = lender.renewed()
    for _ in range(5):
        with pytest.raises(CannotSign, match="no such profile"):
            await renewed.get()
    assert lender.fetched == 1
    lender.time += RETRY_AFTER
    lender.failure = None
    assert await renewed.get() == 2


async def test_what_ends_at_once_is_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lender = Lender()
    lender.lasts = 0
    renewed = lender.renewed()
    assert [await renewed.get() for _ in range(3)] == [1, 2, 3]


async def test_a_call_that_is_given_up_leaves_the_fetching_to_the_others() -> None:
    lender = Lender()
    lender.open.clear()
    renewed = lender.renewed()
    first, second = asyncio.create_task(renewed.get()), asyncio.create_task(renewed.get())
    await asyncio.to_thread(lender.asked.acquire)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    lender.open.set()
    assert await second == 1


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "PATIENCE", 0.0)
    lender = Lender()
    lender.open.clear()
    renewed = lender.renewed()
    with pytest.raises(CannotSign, match="no credentials came within 0 s"):
        await renewed.get()
    lender.open.set()
    await _over(renewed)
    assert await renewed.get() == 1


async def test_whatever_a_library_raises_is_an_answer() -> None:
    lender = Lender()
    lender.failure = RuntimeError("token=canary-0123456789abcdef")
    with pytest.raises(CannotSign) as caught:
        await lender.renewed().get()
    assert str(caught.value).startswith("credentials could not be had: RuntimeError")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError(), "x: ValueError"),
        (ValueError("a\n  b"), "x: ValueError: a b"),
        (ValueError("said", {"access_token": "secret"}), "x: ValueError: said"),
        (ValueError("y" * 2000), "x: ValueError: " + "y" * 300),
        (ValueError("key AKIASANDBOX000000000"), "x: ValueError: key [secret]"),
    ],
)
def test_a_reason_is_one_short_line_without_secrets(error: Exception, told: str) -> None:
    assert reason("x", error) == told


async def _over(renewed: Renewed[int]) -> None:
    under_way: Callable[[], object] = lambda: renewed._fetching  # noqa: E731
    async with asyncio.timeout(30):
        while under_way() is not None:
            await asyncio.sleep(0)
