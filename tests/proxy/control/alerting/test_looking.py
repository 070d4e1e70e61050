"""One look over a real control store: linear in what it finds, and all of it or nothing."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gatewatch.alerts.alert import Alert
from gatewatch.config.alert_rules import compiled
from gatewatch.config.alerts import Alert as Written
from gatewatch.control.alerts import Alerts, Heard
from gatewatch.control.store import ControlStore
from gatewatch.ledger.answer import Answer
from proxy.control.alerting.looking import Looking
from tests.kit.acting import Clock

AGES = {f"openai/{number}": 10**13 for number in range(900)}


def alert(name: str = "a", **written: Any) -> Alert:
    return compiled(name, Written.model_validate(written))


def looking(folder: Path, alerts: Sequence[Alert], ages: dict[str, int]) -> Looking:
    def ask(query: str, /, **params: object) -> Answer:
        raise AssertionError(f"nothing here asks for {query}")

    return Looking(
        folder / "control.db", alerts=lambda: alerts, ask=ask, loaded_until=clock, ages=lambda: ages, clock=clock
    )


clock = Clock()


def test_a_thousand_that_begin_to_fire_at_once_are_written_in_a_moment(tmp_path: Path) -> None:
    acting = alert(when="key_age", above="90d", do=["notify", "shift"])
    began = time.monotonic()
    found = looking(tmp_path, [acting], AGES).look([])
    assert len([row for row in found.rows if row.fires]) == 900
    assert time.monotonic() - began < 5  # a tenth of a second; squared, it was seven


def test_an_alert_that_only_tells_is_bounded(tmp_path: Path) -> None:
    found = looking(tmp_path, [alert(when="key_age", above="90d")], AGES).look([])
    assert len(found.rows) == 51


def test_a_look_that_cannot_be_written_has_found_nothing(tmp_path: Path) -> None:
    (tmp_path / "control.db").mkdir()
    with pytest.raises((sqlite3.Error, OSError)):
        looking(tmp_path, [alert(when="key_age", above="90d")], AGES).look([])


def test_what_sinks_have_heard_stands_in_the_store_with_the_next_look_or_at_once(tmp_path: Path) -> None:
    watch = looking(tmp_path, [alert(when="key_age", above="90d")], {"openai/main": 10**13})
    (row,) = watch.look([]).rows
    (row,) = watch.look([Heard(row.id, row.since, "log", True)]).rows
    assert row.told == ("log",)
    watch.note([Heard(row.id, row.since, "ops", True)])
    with ControlStore.open(tmp_path / "control.db") as store:
        assert [each.told for each in Alerts(store).rows()] == [("log", "ops")]
