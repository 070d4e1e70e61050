"""Alarms as the doctor tells of them."""

from typing import Any

import pytest

from app.alarm_findings import of_alarms


@pytest.mark.parametrize(
    ("alarm", "state", "step"),
    [
        (
            {"severity": "info", "text": "drained: see `gatewatch x`. `gatewatch routes undrain openai` ends it."},
            "ok",
            "gatewatch routes undrain openai",
        ),
        (
            {"severity": "warning", "text": "Stopped. `gatewatch routes canary chat --share 5%` begins again."},
            "broken",
            "gatewatch routes canary chat --share 5%",
        ),
        ({"text": "The recorder failed"}, "broken", "The gateway's log says more."),
    ],
)  # fmt: skip
def test_the_next_step_is_the_command_that_an_alarm_names(alarm: dict[str, Any], state: str, step: str) -> None:
    (found,) = of_alarms([alarm | {"id": "x"}])
    assert (found.state, found.area, found.what, found.next_step) == (state, "alarm x", alarm["text"], step)
