"""Alerts as the engine tells of them, made by hand."""

from typing import Any

import msgspec

from proxy.control.alerting.firing import Firing
from tests.kit.journals import MINUTE, T0


def a_firing(**fields: Any) -> Firing:
    """`slow` of team search, which began a minute before it was found."""
    made = Firing(
        id="slow|team/search",
        alert="slow",
        subject="team/search",
        state="firing",
        severity="warning",
        value="1.4 s",
        threshold="1 s",
        since=T0,
        at=T0 + MINUTE,
        text="p95 of team/search is 1.4 s, above 1 s; nothing is done about it",
    )
    return msgspec.structs.replace(made, **fields)
