"""What fires is kept, with what it has put in force, and told of in the audit trail once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.alerts.silence import Silence
from gatewatch.control.alerts import KEEP_US, AlertRow, Alerts, Effect
from gatewatch.control.store import ControlStore
from tests.kit.acting import Clock

PAUSE = Effect(kind="pause", scope="key", name="k1")
THROTTLE = Effect(kind="throttle", scope="key", name="k1")
ROW = AlertRow(
    id="velocity|key/k1", alert="velocity", subject="key/k1", state="firing", severity="critical", value="8 ×",
    threshold="5 ×", text="velocity: key/k1: 8 × the usual spend", since=5, changed_at=5, told=False,
    actions=(THROTTLE, PAUSE),
)  # fmt: skip
SILENCE = Silence(id="s1", pattern="velocity|*", until=2**62, reason="a load test", created_at=1, created_by="ann")


def changed(**fields: Any) -> AlertRow:
    return msgspec.structs.replace(ROW, **fields)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="gateway", clock=clock) as store:
        yield store


def trail(store: ControlStore) -> list[tuple[str, str, str]]:
    return [(entry.actor, entry.action, entry.target) for entry in reversed(store.audit_entries())]


def test_it_fires_once_and_outlives_the_process(store: ControlStore, tmp_path: Path) -> None:
    Alerts(store).fire(ROW)
    Alerts(store).fire(changed(value="9 ×", since=7))
    with ControlStore.open(tmp_path / "control.db") as later:
        assert Alerts(later).rows() == [ROW]
    assert trail(store) == [("gateway", "alert.fire", ROW.id)]
    (entry,) = store.audit_entries()
    assert entry.after == {
        "severity": "critical", "value": "8 ×", "threshold": "5 ×", "actions": ["throttle key/k1", "pause key/k1"],
    }  # fmt: skip


def test_when_it_is_over_all_is_lifted_but_a_paused_key(store: ControlStore, clock: Clock) -> None:
    book = Alerts(store)
    book.fire(ROW)
    over = book.clear(ROW.id, "it is 1 × now")
    assert over == changed(state="cleared", changed_at=clock.now, actions=(PAUSE,))
    assert book.clear(ROW.id, "again") is None
    newest = store.audit_entries()[0]
    assert (newest.action, newest.after) == (
        "alert.clear", {"why": "it is 1 × now", "still in force": ["pause key/k1"]},
    )  # fmt: skip


def test_what_never_fired_is_not_over(store: ControlStore) -> None:
    assert Alerts(store).clear(ROW.id, "?") is None
    assert trail(store) == []


def test_to_acknowledge_leaves_in_force_what_is(store: ControlStore) -> None:
    book = Alerts(store)
    book.fire(ROW)
    row = book.acknowledge(ROW.id, "a load test", resume=False)
    assert row is not None
    assert (row.state, row.acknowledged_by, row.note, row.actions) == (
        "acknowledged", "gateway", "a load test", ROW.actions,
    )  # fmt: skip
    cleared = book.clear(ROW.id, "over")
    assert cleared is not None
    assert cleared.actions == (PAUSE,)


def test_to_resume_lifts_everything_at_once_and_it_acts_again_when_it_fires_anew(store: ControlStore) -> None:
    book = Alerts(store)
    book.fire(ROW)
    row = book.acknowledge(ROW.id, None, resume=True)
    assert row is not None
    assert (row.state, row.actions) == ("acknowledged", ())
    assert store.audit_entries()[0].after == {"note": None, "lifted": ["throttle key/k1", "pause key/k1"]}
    book.clear(ROW.id, "over")
    book.fire(changed(since=9, changed_at=9))
    (again,) = book.rows()
    assert (again.state, again.actions, again.acknowledged_by) == ("firing", ROW.actions, None)


def test_a_key_that_is_still_paused_when_its_alert_is_over_is_resumed_by_acknowledging_it(store: ControlStore) -> None:
    book = Alerts(store)
    book.fire(ROW)
    book.clear(ROW.id, "over")
    assert book.acknowledge(ROW.id, None, resume=False) is None
    row = book.acknowledge(ROW.id, None, resume=True)
    assert row is not None
    assert (row.state, row.actions) == ("cleared", ())
    assert book.acknowledge(ROW.id, None, resume=True) is None
    assert book.acknowledge("no|such", None, resume=True) is None


def test_a_key_that_was_paused_before_is_paused_still_when_its_alert_fires_without_that(store: ControlStore) -> None:
    book = Alerts(store)
    book.fire(ROW)
    book.clear(ROW.id, "over")
    book.fire(changed(since=9, actions=()))
    (again,) = book.rows()
    assert again.actions == (PAUSE,)


def test_what_sinks_were_told_is_noted_of_that_firing_alone(store: ControlStore) -> None:
    book = Alerts(store)
    book.fire(ROW)
    book.note_told([changed(since=4)])
    assert [row.told for row in book.rows()] == [False]
    book.note_told([ROW])
    assert [row.told for row in book.rows()] == [True]
    cleared = book.clear(ROW.id, "over")
    assert cleared is not None
    assert cleared.told
    book.note_told([cleared])
    assert [row.told for row in book.rows()] == [False]


def test_the_list_has_first_what_fires_longest_then_what_is_over_newest_first(
    store: ControlStore, clock: Clock
) -> None:
    book = Alerts(store)
    for n, id in enumerate(("c|x", "a|x", "b|x", "d|x")):
        book.fire(changed(id=id, since=n))
    for id in ("c|x", "b|x"):
        clock.now += 1
        book.clear(id, "over")
    assert [row.id for row in book.rows()] == ["a|x", "d|x", "b|x", "c|x"]


def test_old_news_are_forgotten_but_not_what_holds_or_fires(store: ControlStore, clock: Clock) -> None:
    book = Alerts(store)
    book.fire(ROW)
    book.clear(ROW.id, "over")
    for id in ("a|x", "b|x"):
        book.fire(changed(id=id, actions=()))
    book.clear("a|x", "over")
    clock.now += KEEP_US + 1
    book.forget_old()
    assert {row.id for row in book.rows()} == {ROW.id, "b|x"}


def test_silences_end_by_themselves_or_by_a_word(store: ControlStore, clock: Clock) -> None:
    book = Alerts(store)
    book.silence(SILENCE)
    book.silence(msgspec.structs.replace(SILENCE, id="s2", until=clock.now + 10))
    assert [each.id for each in book.silences()] == ["s2", "s1"]
    clock.now += 10
    assert book.silences() == [SILENCE]
    assert book.unsilence("s2") is None
    assert book.unsilence("s1") == SILENCE
    assert book.silences() == []
    assert [deed for _, deed, _ in trail(store)] == ["alert.silence", "alert.silence", "alert.unsilence"]
