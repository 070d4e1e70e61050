"""Who carries rotations out: the control process in threads of its own, or a command where no gateway runs."""

from typing import NamedTuple, Protocol

from gatewatch.control.provider_rotations import Rotation
from gatewatch.control.transactions import Transactions
from gatewatch.hidden import hides


@hides("secret")
class Wish(NamedTuple):
    """A rotation as it is asked for."""

    provider: str
    key: str | None = None
    """Which of its keys; None: the only one."""
    secret: str | None = None
    """The new key; None: the provider makes it."""
    keep_old: bool = False
    drain_us: int | None = None
    """How long calls that began with the old key may take; None: as long as the longest deadline of a call."""


class Outlook(NamedTuple):
    """What a rotation would do."""

    provider: str
    key: str
    """Which of the provider's keys."""
    entry: str
    """The vault's name of it."""
    version: int | None
    set_at: int | None
    """µs since the epoch; None: it was never noted."""
    mints: bool
    """Whether the provider's admin API makes the new key."""
    ends: bool
    """Whether it ends the old one."""
    by_hand: str
    """What an operator does to end the old one."""
    drain_us: int
    shared_with: tuple[str, ...]
    """Other providers that are called with the same secret."""


class Rotator(Protocol):
    """`store` is the asking actor's. Every method raises GatewatchError."""

    def outlook(self, store: Transactions, provider: str, key: str | None) -> Outlook:
        """Raises NotFound for what is not configured, UsageError for what is not in the vault."""

    def begin(self, store: Transactions, wish: Wish) -> Rotation:
        """Begins one; a running gateway goes on with it by itself, else it is over when this returns."""

    def resume(self, store: Transactions, id: str, *, keep_old: bool) -> Rotation:
        """Goes on with one that nobody works at, or that failed."""

    def cancel(self, store: Transactions, id: str) -> Rotation:
        """Rolls one back that has not switched yet."""

    def abandon(self, store: Transactions, id: str) -> Rotation:
        """Gives one up as it stands, with what may be left of it. Needs no vault, provider or configuration."""
