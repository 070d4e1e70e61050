"""One kept reply: its bytes as its caller got them, and what a row has to say of it."""

import msgspec

OVERHEAD_BYTES = 2048
"""What an entry takes beside its reply."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`body` and `last` together are the reply. Of a stream, the comment on its cost stands between them."""

    tenant: str
    """Who may be given it: `team:NAME` or `key:ID`."""
    team: str | None
    route: str
    requested: str
    """The model that was asked for."""
    provider: str
    model: str
    tags: tuple[str, ...]
    call_id: str
    """Of the call that bought it."""
    cost_picos: int | None
    """What that cost; None: nobody knows."""
    served_model: str | None
    dialect: str | None
    finish_reason: str | None
    dropped_params: list[str]
    degraded: str | None
    body: bytes
    last: bytes
    born: float
    """When it was whole: seconds of `time.monotonic` here, of `time.time` in the shared store."""

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.body) + len(self.last) + OVERHEAD_BYTES
