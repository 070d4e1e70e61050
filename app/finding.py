"""What `gatewatch doctor` says of one thing that it looked at."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that was looked at."""

    state: str
    """ok, missing (something is not set up yet), unused (it could be used in place of something else) or broken."""
    area: str
    what: str
    next_step: str = ""
