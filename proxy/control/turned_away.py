"""Somebody who is not let in, and how that is said."""

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed


class TurnedAway(NotAllowed):
    """Not let in. `actor` is who it may have been, for the audit trail; None where this is not to stand there."""

    def __init__(
        self,
        status: int,
        title: str,
        next_step: str = "",
        *,
        actor: Actor | None = None,
        reason: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(title, next_step)
        self.status = status
        self.retry_after = retry_after
        """Seconds."""
        self.actor = actor
        self.reason = reason
        """For the audit trail, never for the caller."""
