"""What stands as an alarm, and the command that its own text names for it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.finding import Finding

_COMMAND = re.compile("`(gatewatch [^`]+)`")


def of_alarms(alarms: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """One for each. `alarms` as `/v1/live` tells."""
    for alarm in alarms:
        state = "ok" if alarm.get("severity") == "info" else "broken"
        commands = _COMMAND.findall(alarm["text"])
        step = commands[-1] if commands else "The gateway's log says more."
        yield Finding(state, f"alarm {alarm['id']}", alarm["text"], step)
