"""Who is next."""

from gatewatch.call import Call
from proxy.worker.pacing.line import OLDEST_EVERY, Line, Waiting


def call(priority: str | None = None) -> Call:
    return Call(call_id="c", started_at=1, priority=priority)


class Waiters:
    """A line, and names for who stands in it."""

    def __init__(self, longest: int = 100) -> None:
        self.line = Line(longest)
        self.names: dict[Waiting, str] = {}
        self.came = 0

    def enter(self, name: str, priority: str | None = None) -> bool:
        self.came += 1
        waiting = Waiting(call(priority), float(self.came))
        self.names[waiting] = name
        return self.line.enter(waiting)

    def next(self) -> str | None:
        waiting = self.line.next()
        return self.names[waiting] if waiting else None

    def outcomes(self) -> dict[str, object]:
        return {name: waiting.future.result() for waiting, name in self.names.items() if waiting.future.done()}


async def test_urgent_before_others_batch_behind_them_deferred_last_and_each_class_as_it_came() -> None:
    waiters = Waiters()
    came = (("d1", "deferred"), ("b1", "batch"), ("n1", None), ("u1", "urgent"), ("b2", "batch"), ("n2", None))
    for name, priority in came:
        assert waiters.enter(name, priority)
    assert [waiters.next() for _ in range(7)] == ["u1", "n1", "n2", "b1", "b2", "d1", None]
    assert not waiters.line


async def test_every_eighth_turn_is_the_oldest_ones_so_that_nobody_waits_for_ever() -> None:
    waiters = Waiters()
    waiters.enter("batch", "batch")
    turns = []
    for number in range(OLDEST_EVERY):
        waiters.enter(f"u{number}", "urgent")
        turns.append(waiters.next())
    assert turns == [*(f"u{number}" for number in range(OLDEST_EVERY - 1)), "batch"]


async def test_a_line_that_is_full_takes_no_more_of_the_same_class() -> None:
    waiters = Waiters(2)
    assert waiters.enter("n1")
    assert waiters.enter("n2")
    assert not waiters.enter("n3")
    assert not waiters.enter("b1", "batch")
    assert len(waiters.line) == 2


async def test_in_a_full_line_the_last_batch_call_makes_room_for_a_better_one() -> None:
    waiters = Waiters(2)
    waiters.enter("b1", "batch")
    waiters.enter("b2", "batch")
    assert waiters.enter("n1")
    assert waiters.outcomes() == {"b2": "full"}
    assert waiters.enter("u1", "urgent")
    assert waiters.outcomes() == {"b2": "full", "b1": "full"}
    assert [waiters.next(), waiters.next()] == ["u1", "n1"]


async def test_who_leaves_frees_the_place_at_once() -> None:
    waiters = Waiters(1)
    waiters.enter("n1")
    waiters.line.leave(next(iter(waiters.names)))
    waiters.line.leave(next(iter(waiters.names)))
    assert waiters.enter("n2")
    assert waiters.next() == "n2"
