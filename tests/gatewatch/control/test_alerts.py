"""What fires is kept, with what it has put in force, and told of in the audit trail once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.alerts.silence import Silence
from gatewatch.control.alerts import KEEP_US, AlertRow, Alerts, Effect, Heard, Over
from gatewatch.control.store import ControlStore
from tests.kit.acting import Clock

PAUSE = Effect(kind="pause", scope="key", name="k1")
THROTTLE = Effect(kind="throttle", scope="key", name="k1")
ROW = AlertRow(
    id="velocity|key/k1", alert="velocity", subject="key/k1", state="firing", severity="critical", value="8 ×",
    fired_value="8 ×",
    threshold="5 ×", text="velocity: key/k1: 8 × the usual spend", since=5, changed_at=5,
    actions=(THROTTLE, PAUSE),
)  # fmt: skip
SILENCE = Silence(id="s1", pattern="velocity|*", until=2**62, reason="a load test", created_at=1, created_by="ann")


def changed(**fields: Any) -> AlertRow:
    return msgspec.structs.replace(ROW, **fields)


def clear(book: Alerts, id: str, why: str) -> AlertRow | None:
    """It is over, at 1 ×."""
    book.settle(over=[Over(changed(id=id, value="1 ×", measured=1_000_000, text="velocity: 1 ×"), why)])
    return book.row(id)


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
    Alerts(store).settle(fired=[ROW])
    Alerts(store).settle(fired=[changed(value="9 ×", since=7)])
    with ControlStore.open(tmp_path / "control.db") as later:
        assert Alerts(later).rows() == [ROW]
    assert trail(store) == [("gateway", "alert.fire", ROW.id)]
    (entry,) = store.audit_entries()
    assert entry.after == {
        "severity": "critical", "value": "8 ×", "threshold": "5 ×", "actions": ["throttle key/k1", "pause key/k1"],
    }  # fmt: skip


def test_when_it_is_over_all_is_lifted_but_a_paused_key(store: ControlStore, clock: Clock) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    over = clear(book, ROW.id, "it is 1 × now")
    assert over == changed(
        state="cleared", changed_at=clock.now, actions=(PAUSE,), value="1 ×", measured=1_000_000, text="velocity: 1 ×"
    )
    clear(book, ROW.id, "again")
    assert len(trail(store)) == 2
    newest = store.audit_entries()[0]
    assert (newest.action, newest.after) == (
        "alert.clear", {"why": "it is 1 × now", "still in force": ["pause key/k1"]},
    )  # fmt: skip


def test_what_never_fired_is_not_over(store: ControlStore) -> None:
    assert clear(Alerts(store), ROW.id, "?") is None
    assert trail(store) == []


def test_to_acknowledge_leaves_in_force_what_is(store: ControlStore) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    row = book.acknowledge(ROW.id, "a load test", resume=False)
    assert row is not None
    assert (row.state, row.acknowledged_by, row.note, row.actions) == (
        "acknowledged", "gateway", "a load test", ROW.actions,
    )  # fmt: skip
    cleared = clear(book, ROW.id, "over")
    assert cleared is not None
    assert cleared.actions == (PAUSE,)


def test_to_resume_lifts_everything_at_once_and_it_acts_again_when_it_fires_anew(store: ControlStore) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    row = book.acknowledge(ROW.id, None, resume=True)
    assert row is not None
    assert (row.state, row.actions) == ("acknowledged", ())
    assert store.audit_entries()[0].after == {"note": None, "lifted": ["throttle key/k1", "pause key/k1"]}
    clear(book, ROW.id, "over")
    book.settle(fired=[changed(since=9, changed_at=9)])
    (again,) = book.rows()
    assert (again.state, again.actions, again.acknowledged_by) == ("firing", ROW.actions, None)


def test_a_key_that_is_still_paused_when_its_alert_is_over_is_resumed_by_acknowledging_it(store: ControlStore) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    clear(book, ROW.id, "over")
    assert book.acknowledge(ROW.id, None, resume=False) is None
    row = book.acknowledge(ROW.id, None, resume=True)
    assert row is not None
    assert (row.state, row.actions) == ("cleared", ())
    assert book.acknowledge(ROW.id, None, resume=True) is None
    assert book.acknowledge("no|such", None, resume=True) is None


def test_a_key_that_was_paused_before_is_paused_still_when_its_alert_fires_without_that(store: ControlStore) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    clear(book, ROW.id, "over")
    book.settle(fired=[changed(since=9, actions=())])
    (again,) = book.rows()
    assert again.actions == (PAUSE,)


def test_what_sinks_have_heard_is_noted_one_by_one_and_of_that_firing_alone(store: ControlStore) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    book.hear([Heard(ROW.id, 4, "ops", True), Heard("no|such", 5, "ops", True)])
    assert [row.told for row in book.rows()] == [()]
    book.hear([Heard(ROW.id, 5, "log", True), Heard(ROW.id, 5, "ops", True), Heard(ROW.id, 5, "ops", True)])
    assert [row.told for row in book.rows()] == [("log", "ops")]
    cleared = clear(book, ROW.id, "over")
    assert cleared is not None
    assert cleared.told == ("log", "ops")
    book.hear([Heard(ROW.id, 5, "log", False)])
    assert [row.told for row in book.rows()] == [("ops",)]


def test_what_goes_on_is_renewed_without_a_word_in_the_trail(store: ControlStore) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    book.settle(news=[changed(value="9 ×", measured=9_000_000, severity="info", text="now 9 ×", actions=(PAUSE,))])
    (row,) = book.rows()
    assert (row.value, row.fired_value, row.measured, row.severity) == ("9 ×", "8 ×", 9_000_000, "info")
    assert (row.text, row.actions, row.changed_at) == ("now 9 ×", (PAUSE,), ROW.changed_at)
    assert len(trail(store)) == 1


def test_what_an_operator_has_lifted_meanwhile_is_not_put_in_force_again(store: ControlStore) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    book.acknowledge(ROW.id, None, resume=True)
    book.settle(news=[ROW])
    (row,) = book.rows()
    assert (row.state, row.actions, row.lifted) == ("acknowledged", (), True)


def test_the_command_that_lifts_it_can_be_pasted() -> None:
    assert ROW.lift == "gatewatch alerts ack 'velocity|key/k1' --resume"
    assert changed(actions=()).lift is None


def test_the_list_has_first_what_fires_longest_then_what_is_over_newest_first(
    store: ControlStore, clock: Clock
) -> None:
    book = Alerts(store)
    for n, id in enumerate(("c|x", "a|x", "b|x", "d|x")):
        book.settle(fired=[changed(id=id, since=n)])
    for id in ("c|x", "b|x"):
        clock.now += 1
        clear(book, id, "over")
    assert [row.id for row in book.rows()] == ["a|x", "d|x", "b|x", "c|x"]


def test_old_news_are_forgotten_but_not_what_holds_or_fires(store: ControlStore, clock: Clock) -> None:
    book = Alerts(store)
    book.settle(fired=[ROW])
    clear(book, ROW.id, "over")
    for id in ("a|x", "b|x"):
        book.settle(fired=[changed(id=id, actions=())])
    clear(book, "a|x", "over")
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
