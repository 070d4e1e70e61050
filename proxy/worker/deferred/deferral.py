"""What a worker knows of a deferred call on its way, beside what it knows of any call."""

from typing import Literal

from gatewatch.deferred.entry import Entry, Way
from proxy.settings import Route

Purpose = Literal["taking", "passing", "running"]


class Deferral:
    """Belongs to one call in flight."""

    __slots__ = ("deadline", "entry", "next_at", "purpose", "route", "way")

    def __init__(self, purpose: Purpose, way: Way, deadline: int, entry: Entry | None = None) -> None:
        self.purpose = purpose
        """It is let in; passes all that a call has to pass once more, for a batch; or is sent to its targets."""
        self.way = way
        self.deadline = deadline
        self.next_at = 0
        """When its way is open."""
        self.entry = entry
        """As it was stored; None: it is not yet."""
        self.route: Route | None = None
        """Of a call that has passed: where it may go."""

    @property
    def is_later(self) -> bool:
        """Whether it was taken before: its row is written when its reply is safe."""
        return self.entry is not None
