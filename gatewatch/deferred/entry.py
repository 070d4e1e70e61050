"""A deferred call as its store knows it, and a provider's batch that some of them are in.

Times are microseconds since the epoch, UTC. What callers wrote and are told is no part of it: `Text`.
"""

from typing import Literal

import msgspec

from gatewatch.call import Attempt, Call

State = Literal["queued", "submitting", "batched", "running", "ended", "done", "deleted"]
"""`submitting`: on its way into a batch. `ended`: its reply is safe, and its row not yet in the journal. `deleted`: all
that is known is that it was there."""
Way = Literal["batch", "off_peak", "standard"]
"""By a provider's batch API, in the hours in which its model is cheaper, or as any other call."""

WAITING: tuple[State, ...] = ("queued", "submitting", "batched", "running")


class Entry(msgspec.Struct, kw_only=True):
    """One call."""

    id: str
    """The id of the call."""
    state: State = "queued"
    way: Way
    accepted_at: int
    deadline: int
    next_at: int = 0
    """It need not be looked at before."""
    kid: str
    """The secret of the key that it came with."""
    key_id: str
    team: str | None
    environment: str | None = None
    user: str | None = None
    """Whose key it is, if it is a person's."""
    endpoint: str
    route: str
    """What was asked for."""
    provider: str
    model: str
    """The target that it is reckoned with."""
    routed_by: str | None = None
    """What decided over the order of its route, where it went into a batch."""
    tries: int = 0
    lost_picos: int = 0
    """What tries may have cost that are over."""
    held_tokens: int | None = None
    held_picos: int | None = None
    """What is held of its key's caps; None: the key has none."""
    batch: str | None = None
    began_at: int | None = None
    """When it was handed to a provider last."""
    cancelled_at: int | None = None
    status: int | None = None
    """Of its reply."""
    ended_at: int | None = None
    bytes: int = 0
    """Of all that is stored of it."""

    @property
    def told(self) -> str:
        """Its state, for callers and operators."""
        if self.state == "deleted":
            return "deleted"
        if self.status is not None:
            return "completed" if self.status == 200 else "cancelled" if self.cancelled_at else "failed"
        if self.cancelled_at:
            return "cancelling"
        return "queued" if self.state == "queued" else "running"


class Text(msgspec.Struct, kw_only=True):
    """What it was asked."""

    headers: dict[str, str]
    body: bytes
    call: Call
    """As it was let in."""
    earlier: list[Attempt] = []
    """Tries that are over."""


class Ended(msgspec.Struct, kw_only=True):
    """How it ended: what its caller is told, and its row."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    call: Call
    attempts: list[Attempt]


class Batch(msgspec.Struct, kw_only=True):
    """Calls that were handed to a provider together."""

    id: str
    provider: str
    key_id: str
    dialect: str
    model: str
    endpoint: str
    upstream_id: str | None = None
    """What the provider calls it; None: it is on its way."""
    submitted_at: int
    next_at: int
    """It need not be asked about before."""
    looks: int = 0
    stopping: bool = False
    """Whether the provider was asked to end it."""
