"""What a rotation works with beside the store and the vault: each part is small, and made elsewhere."""

from typing import NamedTuple, Protocol

from gatewatch.errors import GatewatchError
from gatewatch.hidden import hides


class ProbeFailed(GatewatchError):
    """The provider does not take the new key, or does not answer. No message holds a secret."""

    def __init__(self, title: str, next_step: str = "", *, for_now: bool = False) -> None:
        super().__init__(title, next_step)
        self.for_now = for_now
        """Whether another try may find it otherwise."""


class AdminRefused(GatewatchError):
    """The provider's admin API did not do what it was asked. No message holds a secret."""


class NoAnswer(AdminRefused):
    """It is not known whether the provider's admin API did what it was asked, or will yet."""


@hides("secret")
class Minted(NamedTuple):
    """A key that a provider has made."""

    secret: str
    id: str
    """What the provider calls it."""


class Prober(Protocol):
    """Tries a key at its provider."""

    async def probe(self, secret: str) -> None:
        """Returns where the provider takes the key. Raises ProbeFailed, within a bounded time."""


class KeyMaker(Protocol):
    """A provider's admin API. Every method raises AdminRefused, within a bounded time."""

    mints: bool
    """Whether it makes keys. If not, it only ends them."""
    settling: float
    """Seconds that a new key may take to be known everywhere; 0: it is at once."""

    async def mint(self, name: str, beside: str | None) -> Minted:
        """A new key of that name; `beside`: the secret in use, which must stay good."""

    async def revoke(self, id: str) -> None:
        """Ends a key; nothing happens where there is none of that id."""

    async def identify(self, secret: str) -> str | None:
        """What the provider calls the key, where it tells that without doubt."""

    async def named(self, name: str) -> list[str]:
        """The ids of the keys with that name."""


class Fleet(Protocol):
    """The workers of a running gateway. Asked from the rotation's thread."""

    def refresh(self) -> None:
        """Read every secret again and hand new settings to the workers, soon."""

    def epoch_with(self, provider: str, secret: str) -> int | None:
        """Of the settings in force, where this provider is called with this secret in them."""

    def behind(self, epoch: int) -> list[int]:
        """Workers that do not have the settings of that epoch yet."""

    def in_flight_before(self, epoch: int) -> int:
        """Calls in flight that began under earlier settings."""

    def problem(self) -> str | None:
        """Why new settings are not taken."""


class Parts(NamedTuple):
    """Everything for one rotation."""

    provider: str
    """Whose calls carry the key: another one than at the beginning where the configuration has a new name for it."""
    prober: Prober
    maker: KeyMaker | None
    """None: the operator makes and ends keys."""
    fleet: Fleet | None
    """None: no gateway runs, and nothing has to be switched or drained."""
    by_hand: str
    """Where an operator ends a key of this provider."""
    gone: GatewatchError | None = None
    """Why all that is left is to roll back: the configuration knows the key no more."""
