"""What is written of refusals: every refused change, and of refused looks enough to be seen."""

import logging
from pathlib import Path

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.control.denials import MOST, WINDOW_SECONDS, Denials


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


EVE = Actor(id="eve", role="none", source="192.0.2.1", request_id="r1")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


def noted(home: Home) -> list[tuple[str, str, str]]:
    with ControlStore.open(home.control) as store:
        return [(each.actor, each.action, each.target) for each in reversed(store.audit_entries(1000))]


def test_every_refused_change_is_noted_with_who_and_why(home: Home) -> None:
    denials = Denials(home)
    for _ in range(3):
        denials.note(EVE, "control.snapshot", "-", "no right", changes=True)
    assert noted(home) == [("eve", "control.snapshot", "-")] * 3
    with ControlStore.open(home.control) as store:
        (entry, *_) = store.audit_entries(1)
    assert (entry.result, entry.role, entry.source, entry.request_id) == ("denied", "none", "192.0.2.1", "r1")
    assert entry.after == {"reason": "no right"}


def test_a_refused_look_is_noted_once_a_minute_for_each_actor_and_thing(home: Home) -> None:
    clock = Clock()
    denials = Denials(home, clock)
    for _ in range(3):
        denials.note(EVE, "control.live", "-", "no right", changes=False)
        denials.note(EVE, "keys.list", "-", "no right", changes=False)
        denials.note(Actor(id="bob", role="none"), "control.live", "-", "no right", changes=False)
    assert noted(home) == [("eve", "control.live", "-"), ("eve", "keys.list", "-"), ("bob", "control.live", "-")]
    clock.now += WINDOW_SECONDS
    denials.note(EVE, "control.live", "-", "no right", changes=False)
    assert len(noted(home)) == 4


def test_looks_of_ever_new_actors_do_not_fill_the_disk(home: Home) -> None:
    denials = Denials(home, Clock())
    for n in range(MOST + 50):
        denials.note(Actor(id=f"eve{n}", role="none"), "control.live", "-", "no right", changes=False)
    assert len(noted(home)) == MOST


def test_what_cannot_be_written_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "gatewatch.control"):
        Denials(Home(tmp_path / "nowhere")).note(EVE, "control.snapshot", "-", "no right", changes=True)
    assert "not in the audit trail (control.snapshot by eve)" in caplog.text
