"""One alert as it is judged: what is watched, told apart by what, from where on it fires, from where on it is over."""

from typing import Literal, get_args

import msgspec

from gatewatch.alerts.amount import Unit
from gatewatch.alerts.metric import METRICS, Metric, MetricName, Per

Deed = Literal["notify", "step_down", "shift", "throttle", "pause"]
Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The least severe first."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Times in microseconds."""

    name: str
    when: MetricName
    per: Per
    only: tuple[str, ...] | None = None
    """Names of `per`; None: any."""
    unit: Unit
    bound: int
    """In the unit."""
    below: bool = False
    """It fires below the bound, instead of from the bound on."""
    clear: int
    """Below it (with `below`: from it on) it is over."""
    window: int
    lasting: int = 0
    """How long it has to be so before it fires."""
    clear_for: int = 0
    """How long it has to be over before it clears."""
    least: int = 0
    """Calls that have to be seen before it may fire."""
    floor: int = 0
    """Picodollars in ten minutes: less is never taken for the usual."""
    do: tuple[Deed, ...] = ("notify",)
    severity: Severity = "warning"

    @property
    def metric(self) -> Metric:
        return METRICS[self.when]

    def is_over(self, value: int) -> bool:
        """Whether the value is one to fire at."""
        return value < self.bound if self.below else value >= self.bound

    def is_calm(self, value: int) -> bool:
        """Whether the value is one to clear at."""
        return value >= self.clear if self.below else value < self.clear


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of one subject."""

    subject: str
    """As scopes are written: `team/search`; of a budget its counter."""
    scope: str
    name: str
    """What actions are about."""
    value: int
    """In the alert's unit."""
    weight: int = 0
    """How many calls it is made of."""
    detail: str = ""
    """More about it, for people."""


def id_of(alert: str, subject: str) -> str:
    """Of what fires, wherever it is kept."""
    return f"{alert}|{subject}"
