"""What people read of an alert says what, where, how much, from where on and what was done; nothing in it is markup."""

from typing import Any

import msgspec

from gatewatch.alerts.alert import Alert, Reading
from gatewatch.control.alerts import AlertRow, Effect
from proxy.control.alerting.words import MOST_TEXT, firing_of, line, threshold_text, value_text

ALERT = Alert(name="slow", when="p95", per="team", unit="time", bound=2_000_000, clear=1_600_000, window=1)
READING = Reading(subject="team/search", scope="team", name="search", value=2_440_000, detail="31 calls in 5m")
PAUSE = Effect(kind="pause", scope="key", name="k1")


def row(**changed: Any) -> AlertRow:
    fields: dict[str, Any] = {
        "id": "slow|team/search", "alert": "slow", "subject": "team/search", "state": "firing", "severity": "warning",
        "value": "2.4 s", "threshold": "2 s", "text": "slow: team/search", "since": 5, "changed_at": 5,
    }  # fmt: skip
    return AlertRow(**fields | changed)


def test_one_line_says_all_of_it() -> None:
    assert line(ALERT, READING, (), None) == (
        "slow: team/search: 2.4 s p95 latency (31 calls in 5m); fires from 2 s on."
    )
    assert line(ALERT, READING, (PAUSE,), "app of search").endswith(
        "fires from 2 s on. In force: pause key/k1."
        " A paused key stays paused until `gatewatch alerts ack 'slow|team/search' --resume`."
    )
    assert "team/search (app of search): " in line(ALERT, READING, (), "app of search")


def test_below_is_said_so() -> None:
    idle = msgspec.structs.replace(ALERT, name="idle", when="calls", unit="count", bound=5, below=True)
    assert threshold_text(idle) == "below 5"
    assert line(idle, msgspec.structs.replace(READING, value=0, detail=""), (), None) == (
        "idle: team/search: 0 calls; fires below 5."
    )
    assert value_text(idle, READING) == "2440000"


def test_names_that_callers_chose_are_harmless_and_bounded() -> None:
    evil = msgspec.structs.replace(READING, subject="user/\x1b[31m\n" + "x" * 1000)
    said = line(ALERT, evil, (), None)
    assert "\x1b" not in said
    assert "\n" not in said
    assert len(said) <= MOST_TEXT


def test_sinks_are_told_of_what_stays_when_it_is_over() -> None:
    assert firing_of(row()).state == "firing"
    over = firing_of(row(state="cleared", changed_at=9, actions=(PAUSE,)))
    assert (over.state, over.since, over.at, over.actions) == ("cleared", 5, 9, ("pause key/k1",))
    assert over.text == (
        "Over: slow: team/search Still in force: pause key/k1."
        " A paused key stays paused until `gatewatch alerts ack 'slow|team/search' --resume`."
    )
    assert firing_of(row(state="acknowledged")).state == "firing"
