"""Whoever asks for much at once gets a share of the threads, and is told when it is too much."""

import asyncio
import threading

import pytest

from proxy.control.lanes import Busy, Lane
from tests.kit.waiting import until


class Work:
    """Stands still until it is let go."""

    def __init__(self) -> None:
        self.running = 0
        self.go_on = threading.Event()
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self.running += 1
        assert self.go_on.wait(30)
        return "done"


async def test_one_actor_has_never_all_the_threads() -> None:
    lane, slow = Lane("questions", threads=3, running=2, jobs=9), Work()
    greedy = [asyncio.create_task(lane.run("ada", slow)) for _ in range(9)]
    await until(lambda: slow.running, lambda running: running == 2)
    assert await lane.run("bob", lambda: "quick") == "quick"
    assert slow.running == 2
    slow.go_on.set()
    assert await asyncio.gather(*greedy) == ["done"] * 9
    lane.close()


async def test_what_is_too_much_is_said_and_over_when_the_work_is() -> None:
    lane, slow = Lane("questions", threads=3, running=1, jobs=2), Work()
    two = [asyncio.create_task(lane.run("ada", slow)) for _ in range(2)]
    await until(lambda: slow.running, lambda running: running == 1)
    with pytest.raises(Busy, match="2 questions of ada") as refused:
        await lane.run("ada", slow)
    assert "ask again" in refused.value.next_step
    slow.go_on.set()
    await asyncio.gather(*two)
    assert await lane.run("ada", lambda: "again") == "again"
    lane.close()


async def test_who_does_not_wait_for_the_answer_has_its_thread_all_the_same() -> None:
    lane, slow = Lane("questions", threads=4, running=1, jobs=2), Work()
    impatient = asyncio.create_task(lane.run("ada", slow))
    await until(lambda: slow.running, lambda running: running == 1)
    impatient.cancel()
    next_one = asyncio.create_task(lane.run("ada", slow))
    gone = asyncio.create_task(lane.run("ada", slow))
    await asyncio.wait([gone])
    assert isinstance(gone.exception(), Busy)
    assert slow.running == 1
    slow.go_on.set()
    assert await next_one == "done"
    lane.close()


async def test_who_leaves_while_waiting_has_nothing_in_the_lane() -> None:
    lane, slow = Lane("questions", threads=2, running=1, jobs=2), Work()
    first, second = (asyncio.create_task(lane.run("ada", slow)) for _ in range(2))
    await until(lambda: slow.running, lambda running: running == 1)
    second.cancel()
    await asyncio.wait([second])
    third = asyncio.create_task(lane.run("ada", lambda: "third"))
    slow.go_on.set()
    assert (await first, await third) == ("done", "third")
    lane.close()


async def test_what_the_work_raises_is_raised_and_its_place_is_free_again() -> None:
    lane = Lane("changes", threads=1, running=1, jobs=1)

    def fails() -> None:
        raise KeyError("no")

    for _ in range(3):
        with pytest.raises(KeyError):
            await lane.run("ada", fails)
    lane.close()
