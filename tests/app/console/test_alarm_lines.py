"""Few lines for many alarms: the worst is never the one that is left out."""

from typing import Any

from app.console.alarm_lines import alarm_lines
from app.console.snapshot import Question, Snapshot
from tests.kit.console_stage import LIVE, NOW


def alarm(id: str, severity: str = "warning", text: str = "x") -> dict[str, Any]:
    return {"id": id, "severity": severity, "text": text, "since": NOW}


def told(*alarms: dict[str, Any], width: int = 80, rows: int = 2, ledger: tuple[str, ...] = ()) -> list[str]:
    snapshot = Snapshot(NOW, Question(), live=LIVE | {"alarms": alarms}, fresh={"alarms": ledger})
    return [each.plain for each in alarm_lines(snapshot, width, rows)]


def test_one_alarm_is_told_in_full() -> None:
    (said,) = told(alarm("config", text="y" * 200))
    assert said.endswith("y" * 200)


def test_of_several_each_has_a_line_and_the_worst_the_first() -> None:
    assert told(alarm("a"), alarm("b", "info"), alarm("c", "critical"), rows=3) == [
        "✗ critical since 11:00 x", "▲ warning since 11:00 x", "· info since 11:00 x",
    ]  # fmt: skip
    long = told(alarm("a", text="y" * 200), alarm("b"))
    assert [len(line) for line in long] == [80, 23]
    assert long[0].endswith("…")


def test_how_many_more_there_are_is_told_with_where_to_see_them() -> None:
    alerts = [alarm(f"alert:budget-80|team/t{n}") for n in range(4)]
    assert told(*alerts)[1] == "+3: gatewatch alerts list"
    assert told(alarm("alert:x", "critical"), *alerts, alarm("disk"))[1] == "+5: gatewatch doctor"
    assert told(*alerts, ledger=("one line was quarantined",))[1] == "+4: gatewatch doctor"


def test_an_older_gateway_that_tells_no_severity_warns() -> None:
    assert told({"id": "disk", "text": "full", "since": NOW})[0].startswith("▲ warning since")
