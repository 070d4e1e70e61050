"""What batch APIs have in common, as they are used here."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, NamedTuple, Protocol

from proxy.worker.channel import Channel


class Line(NamedTuple):
    """One call of a batch."""

    id: str
    body: bytes
    """The request, as the provider would be sent it alone."""


class Look(NamedTuple):
    """How a batch is."""

    is_over: bool
    results: tuple[str, ...] = ()
    """Where what became of its calls stands: paths below the base URL."""
    why: str = ""
    """Where it is over without any: what the provider says."""
    leftovers: tuple[str, ...] = ()
    """What lies there of it when it is over: paths below the base URL."""


class Result(NamedTuple):
    """What became of one call."""

    id: str
    kind: Literal["answered", "expired", "cancelled"]
    """`expired`, `cancelled`: it was not made."""
    status: int = 0
    body: bytes = b""
    """Of its reply, as if it had been sent alone."""
    request_id: str | None = None


class BatchApi(Protocol):
    """One form. All of it raises Said and Away."""

    async def submit(self, channel: Channel, url: str, lines: Sequence[Line], mark: str, more: bytes) -> str:
        """Hand calls over; what the provider calls the batch. `url`: the path that each is for. `mark`: our name for
        it. `more`: header lines."""
        ...

    async def look(self, channel: Channel, id: str, more: bytes) -> Look:
        """How it is."""
        ...

    def results(self, channel: Channel, look: Look, more: bytes) -> AsyncIterator[Result]:
        """What became of its calls, in any order. Those that are left out were not made."""
        ...

    async def tidy(self, channel: Channel, look: Look, more: bytes) -> None:
        """What was asked and answered need not lie there any longer."""
        ...

    async def stop(self, channel: Channel, id: str, more: bytes) -> None:
        """Ask the provider to end it."""
        ...
