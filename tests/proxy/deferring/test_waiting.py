"""Which call is looked at when, by nothing but its own times."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.deferred.entry import Entry
from proxy.deferring.waiting import Waiting, group_of, parts

MINUTE = 60_000_000
START = 1_000 * MINUTE


def entry(id: str = "c1", **fields: Any) -> Entry:
    """Accepted at START, with 100 minutes: late after 90."""
    given: dict[str, Any] = {
        "way": "standard", "accepted_at": START, "deadline": START + 100 * MINUTE, "next_at": START, "kid": "k",
        "key_id": "k", "team": "search", "endpoint": "chat", "route": "chat", "provider": "openai", "model": "m",
    }  # fmt: skip
    return Entry(id=id, **given | fields)


def due(waiting: Waiting, minutes: float) -> list[str]:
    return [each.id for each in waiting.due(START + int(minutes * MINUTE))]


def test_a_call_is_due_when_its_time_has_come_and_once() -> None:
    waiting = Waiting()
    waiting.add(entry(next_at=START + 5 * MINUTE), START)
    assert due(waiting, 4.9) == []
    assert due(waiting, 5) == ["c1"]
    assert due(waiting, 6) == []


@pytest.mark.parametrize("way", ["batch", "off_peak", "standard"])
def test_a_call_that_waits_for_long_is_due_when_it_is_late(way: str) -> None:
    waiting = Waiting()
    waiting.add(entry(way=way, next_at=START + 1000 * MINUTE), START)
    assert due(waiting, 89.9) == []
    assert due(waiting, 90) == ["c1"]


def test_one_that_is_late_already_is_due_now_but_its_next_try_is_waited_for() -> None:
    waiting, now = Waiting(), START + 95 * MINUTE
    waiting.add(entry("c1", way="batch", next_at=START + 1000 * MINUTE), now)
    waiting.add(entry("c2", way="standard", next_at=START + 96 * MINUTE), now)
    waiting.add(entry("c3", way="standard", next_at=START + 1000 * MINUTE), now)
    assert due(waiting, 95) == ["c1"]
    assert due(waiting, 96) == ["c2"]
    assert due(waiting, 100) == ["c3"]


def test_one_that_was_cancelled_is_due_now_and_told_once() -> None:
    waiting = Waiting()
    known = entry(next_at=START + 50 * MINUTE)
    waiting.add(known, START)
    assert waiting.add(entry(cancelled_at=7), START) is known
    assert waiting.add(entry(cancelled_at=7), START) is None
    assert known.cancelled_at == 7
    assert due(waiting, 0) == ["c1"]


def test_to_look_again_and_again_does_not_heap_up() -> None:
    waiting, each = Waiting(), entry(next_at=START + 50 * MINUTE)
    for _ in range(100):
        waiting.add(each, START)
        waiting.look_again(each, START)
    assert len(waiting._due) == 1


def test_calls_for_one_batch_are_taken_together_whoever_of_them_is_due() -> None:
    waiting = Waiting()
    calls = [entry(f"c{n}", way="batch", next_at=START + n * MINUTE) for n in (3, 1, 2)]
    for each in [*calls, entry("other", way="batch", model="n"), entry("direct")]:
        waiting.add(each, START)
    assert [each.id for each in waiting.take(group_of(calls[0]))] == ["c1", "c2", "c3"]
    assert waiting.take(group_of(calls[0])) == []


def test_a_group_is_full_when_it_is_as_large_as_a_batch_may_be() -> None:
    waiting = Waiting()
    for n in range(3):
        waiting.add(entry(f"c{n}", way="batch"), START)
    assert waiting.full(4) == []
    assert waiting.full(3) == [("openai", "m", "chat")]


def test_what_is_forgotten_is_neither_due_nor_gathered() -> None:
    waiting = Waiting()
    waiting.add(entry(way="batch"), START)
    waiting.forget("c1")
    assert (due(waiting, 1000), len(waiting), waiting.full(1)) == ([], 0, [])
    waiting.add(entry(), START)
    waiting.clear()
    assert (due(waiting, 1000), len(waiting), waiting.next_at) == ([], 0, None)


def test_the_calls_of_a_batch_are_those_that_wait_for_it() -> None:
    waiting = Waiting()
    waiting.add(entry("c1", state="batched", batch="b"), START)
    waiting.add(entry("c2", state="queued", batch="b"), START)
    waiting.add(entry("c3", state="batched", batch="other"), START)
    assert waiting.in_batch("b").keys() == {"c1"}


@given(sizes=st.lists(st.integers(0, 50), max_size=30), most=st.integers(1, 8), room=st.integers(1, 100))
def test_parts_have_all_calls_in_their_order_and_no_part_is_too_large(sizes: list[int], most: int, room: int) -> None:
    calls = [entry(f"c{n}", bytes=size) for n, size in enumerate(sizes)]
    found = list(parts(calls, most, room))
    assert [each for part in found for each in part] == calls
    for part in found:
        assert 1 <= len(part) <= most
        assert len(part) == 1 or sum(each.bytes for each in part) <= room
