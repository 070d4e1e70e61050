"""What is kept of calls, and how long, as it stands in the configuration file."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from gatewatch.config.section import Section
from gatewatch.config.values import Duration, Size
from gatewatch.ledger.keeping import DAY_US

KIB = 2**10

OnOff = Literal["off", "on"]


def _a_day(value: int) -> int:
    if value < DAY_US:
        raise ValueError("at least 1d: things are deleted by whole days (UTC)")
    return value


def _a_body(value: int) -> int:
    if not KIB <= value <= 4096 * KIB:
        raise ValueError("1KiB to 4MiB")
    return value


Kept = Annotated[Duration, AfterValidator(_a_day)]
BodySize = Annotated[Size, AfterValidator(_a_body)]


class Retention(Section):
    """How long things are kept. A day (UTC) is deleted whole, once its last moment is so long ago."""

    calls: Kept | None = None
    """Calls, their attempts and refusals that were only counted; left out: for ever. Not shorter than the longest
    window of a limit or a budget."""
    bodies: Kept = 14 * DAY_US
    """Prompts and replies; never longer than calls."""
    minutes: Kept = 100 * DAY_US
    """Sums per minute. Older times are told by the hour."""
    hours: Kept = 800 * DAY_US
    """Sums per hour. Older times are told by the day."""
    days: Kept | None = None
    """Sums per day; left out: for ever."""
    journal: Kept = 400 * DAY_US
    """What `gatewatch ledger rebuild` makes the ledger from; never longer than calls."""


class Ledger(Section):
    """What is kept of calls."""

    bodies: OnOff = "off"
    """Whether prompts and replies are kept, redacted. Models and teams may say otherwise."""
    body_size: BodySize = 256 * KIB
    """So much of each prompt and each reply; what is cut off is counted."""
    retention: Retention = Retention()
    """How long."""
