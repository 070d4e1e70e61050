"""What operators put over routes: kept, stepped on, stopped, ended; each of it in the audit trail once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.route_overrides import MadeOverride, RouteOverrides, covers, id_of, view
from gatewatch.control.store import ControlStore
from tests.kit.acting import MINUTE, Clock

CANARY = MadeOverride(
    id="canary:chat", kind="canary", route="chat", target="groq/llama", share=500,
    steps=("5%", "search", "100%"), step=1, every=MINUTE, next_at=MINUTE,
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="ann", clock=clock) as opened:
        yield opened


@pytest.fixture
def book(store: ControlStore) -> RouteOverrides:
    return RouteOverrides(store)


def deeds(store: ControlStore) -> list[tuple[str, str]]:
    return [(each.action, each.target) for each in reversed(store.audit_entries())]


def test_ids_are_those_that_rows_of_calls_have() -> None:
    assert id_of("canary", "chat") == "canary:chat"
    assert id_of("drain", "openai/gpt-4o") == "drain:openai/gpt-4o"
    assert id_of("drain", "openai", "chat") == "drain:openai|chat"


def test_what_is_put_stands_until_it_is_lifted(book: RouteOverrides, store: ControlStore, clock: Clock) -> None:
    made = book.put(CANARY)
    assert (made.created_at, made.created_by) == (clock.now, "ann")
    assert book.standing() == [made]
    assert book.lift("canary:chat") == made
    assert book.lift("canary:chat") is None
    assert book.standing() == []
    assert deeds(store) == [("route.canary", "chat"), ("route.canary_lift", "chat")]


def test_what_has_a_time_is_over_then_and_that_is_noted_by_whoever_looks(
    book: RouteOverrides, store: ControlStore, clock: Clock
) -> None:
    drain = MadeOverride(id="drain:openai", kind="drain", target="openai", until=clock.now + MINUTE, reason="slow")
    book.put(drain)
    assert book.end_those_over() == []
    clock.now += MINUTE
    assert book.standing() == []
    assert book.get("drain:openai") is None
    assert [each.id for each in book.end_those_over()] == ["drain:openai"]
    assert deeds(store) == [("route.drain", "openai"), ("route.drain_end", "openai")]
    newest = store.audit_entries()[0]
    assert newest.before is not None
    assert newest.before["reason"] == "slow"
    assert newest.after == {"why": "its time was over"}


def test_steps_are_taken_one_after_the_other(book: RouteOverrides, store: ControlStore, clock: Clock) -> None:
    made = book.put(CANARY)
    second = book.take_step(made)
    assert second is not None
    assert (second.share, second.teams, second.next_at) == (500, ("search",), clock.now + MINUTE)
    third = book.take_step(second)
    assert third is not None
    assert (third.share, third.teams, third.next_at) == (10_000, ("search",), None)
    assert deeds(store)[1:] == [("route.canary_step", "chat")] * 2
    newest = store.audit_entries()[0]
    assert newest.before is not None
    assert newest.after is not None
    assert (newest.before["share"], newest.after["share"], newest.after["step"]) == ("5%", "100%", "100%")


def test_nothing_is_decided_over_what_has_changed_meanwhile(book: RouteOverrides, store: ControlStore) -> None:
    seen = book.put(CANARY)
    book.lift("canary:chat")
    assert book.take_step(seen) is None
    assert book.halt(seen, "bad") is None
    assert deeds(store) == [("route.canary", "chat"), ("route.canary_lift", "chat")]


def test_a_canary_that_is_stopped_gets_no_calls_and_says_why(book: RouteOverrides, store: ControlStore) -> None:
    book.halt(book.put(CANARY), "half of 20 tries failed")
    (halted,) = book.standing()
    assert (halted.share, halted.teams, halted.next_at) == (0, (), None)
    assert view(halted)["halted"] == "half of 20 tries failed"
    assert deeds(store)[-1] == ("route.canary_halt", "chat")


def test_it_is_shown_without_what_is_not_set(book: RouteOverrides) -> None:
    shown = view(book.put(CANARY))
    assert {"share": "5%", "steps": ["search", "100%"], "every": "1m", "target": "groq/llama"}.items() <= shown.items()
    assert shown.keys().isdisjoint({"version", "halted", "until", "reason", "teams"})


@pytest.mark.parametrize(
    ("drained", "target", "covered"),
    [
        ("groq", "groq/llama", True),
        ("groq/llama", "groq/llama", True),
        ("groq/llama", "groq/llama-2", False),
        ("groq", "groq2/llama", False),
        ("groq/org", "groq/org/llama", False),
    ],
)
def test_a_provider_covers_its_targets(drained: str, target: str, covered: bool) -> None:
    assert covers(drained, target) is covered


def test_a_drain_of_one_route_drains_no_other() -> None:
    drain = MadeOverride(id="drain:groq|chat", kind="drain", target="groq", route="chat")
    assert drain.drains("chat", "groq/llama")
    assert not drain.drains("other", "groq/llama")
    assert not CANARY.drains("chat", "groq/llama")
