"""What an action works with: the actor, the home's control store, and what it opens only when it needs it.

Keeps true: a key or a team outside of the actor's reach (its team, its project, its environment) is not found; what it
makes is never more than it has.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from gatewatch.audit.second_sink import SecondSink
from gatewatch.authority.actor import Actor
from gatewatch.authority.permissions import Permission
from gatewatch.control.records import KeyRecord
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, NotFound
from gatewatch.keys.leaks import Reaction
from gatewatch.keys.secret_shapes import shown
from gatewatch.ledger.reader import LedgerReader
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Rotator
from gatewatch.vault.interface import Vault

if TYPE_CHECKING:
    from gatewatch.config import Config


class Gateway(Protocol):
    """A gateway that runs, as actions inside its control process see it."""

    def live(self) -> dict[str, Any]:
        """What `/v1/live` tells."""

    @property
    def rotator(self) -> Rotator:
        """Carries rotations of providers' keys out."""

    def refresh(self) -> None:
        """Take changed provider keys now: read every secret again and hand new settings to the workers."""

    def test_alert_sink(self, name: str) -> dict[str, Any]:
        """Tell a sink of an alert that is none; how that went. Raises GatewatchError where it is not taken."""

    def alerts_changed(self) -> None:
        """Look at once what operators acknowledged, silenced or lifted."""

    def rules_changed(self) -> None:
        """Take limits, budgets and grants of operators as they are in the store now."""

    def routes_changed(self) -> None:
        """Take canaries, drains and rollbacks as they are in the store now."""

    def invalidate_cache(self, said: dict[str, str]) -> dict[str, int]:
        """Have no worker give the kept replies any more of which all is true that is said: `route`, `model`, `tag`,
        `team`. How many there were, and how many of the workers have said so."""

    def verify_counters(self) -> dict[str, Any]:
        """Compare the workers' counters with the ledger now, and set right those that differ."""


class Acting:
    """One actor at work on one home. Used in one thread, for one action."""

    def __init__(
        self,
        home: Home,
        store: ControlStore,
        *,
        open_vault: Callable[[], Vault],
        open_ledger: Callable[[], LedgerReader],
        declared_teams: Callable[[], Sequence[str]],
        gateway: Gateway | None = None,
        second_sink: Callable[[], SecondSink | None] = lambda: None,
        rotator: Callable[["Acting"], Rotator] | None = None,
        leak_reaction: Callable[[str], Reaction] = lambda _: "alert",
        configuration: "Callable[[], Config | None]" = lambda: None,
    ) -> None:
        self.home = home
        self.store = store
        """Writes to the audit trail as the actor."""
        self.open_vault = open_vault
        """Raises VaultError."""
        self.open_ledger = open_ledger
        """Raises GatewatchError; to be closed by whoever opened it."""
        self.declared_teams = declared_teams
        """Names of the teams that the configuration file declares. Raises ConfigError."""
        self.gateway = gateway
        """None where none runs."""
        self.second_sink = second_sink
        """Where the audit trail goes beside the store by the configuration; None without one. Raises ConfigError."""
        self.leak_reaction = leak_reaction
        """What the policy says of a key of that team that stands in a prompt, or a file. Raises ConfigError."""
        self.configuration = configuration
        """The configuration file's content; None where there is no file. Raises ConfigError."""
        self._rotator = rotator

    @property
    def actor(self) -> Actor:
        return self.store.actor

    def require(self, permission: Permission) -> None:
        """Raises NotAllowed. For rights beside the one that the action itself takes."""
        if not self.actor.may(permission):
            raise not_permitted(self.actor, permission)

    def rotator(self) -> Rotator:
        """Who carries rotations out: the gateway that runs, else whoever performs the action. Raises NotAllowed."""
        if self.gateway is not None:
            return self.gateway.rotator
        if self._rotator is None:
            raise NotAllowed("keys of providers cannot be rotated from here", "gatewatch providers rotate-key")
        return self._rotator(self)

    def pepper(self) -> bytes:
        """The key under which secrets are stored; opens the vault. Raises VaultError."""
        from gatewatch.vault.pepper import get_or_create_pepper

        return get_or_create_pepper(self.home, self.store, self.open_vault())

    def key(self, reference: str) -> KeyRecord:
        """The virtual key that is meant, if it is within reach. Raises NotFound, UsageError."""
        record = self.seen_key(reference)
        if record.kind == "admin":
            self.require(Permission.ADMIN_KEYS_MANAGE)
        return record

    def seen_key(self, reference: str) -> KeyRecord:
        """As `key`, only to be looked at: admin keys too."""
        return self.store.key(reference, reach=self._reaches)

    def keys(self, team: str | None = None) -> list[KeyRecord]:
        """The keys within reach, of one team or all, oldest first. Raises NotFound."""
        if team is not None:
            self.check_reach(team)
        return [key for key in self.store.keys(team or self.actor.team) if self._reaches(key)]

    def _reaches(self, key: KeyRecord) -> bool:
        """A key of all teams is not one team's business, also where it is of that team."""
        actor = self.actor
        return (
            actor.reaches(key.team)
            and (actor.team is None or not key.all_teams)
            and actor.project in (None, key.project)
            and (not actor.test_only or key.environment == "test")
        )

    def check_reach(self, team: str) -> None:
        """Raises NotFound for a team that does not exist, or is not the actor's business: it is not told which."""
        if not self.actor.reaches(team):
            raise NotFound(f"there is no team {shown(team)}", "`gatewatch teams list` shows those that there are")
        self.store.team(team)

    def own_key(self) -> KeyRecord | None:
        """The admin key that the actor came with."""
        return None if self.actor.key_id is None else self.store.key(self.actor.key_id)


def not_permitted(actor: Actor, permission: Permission) -> NotAllowed:
    """The error of an actor without a right."""
    return NotAllowed(
        f"{actor.id} has the role {actor.role}, which does not include {permission}",
        "ask a super-admin: `gatewatch roles list` shows who may do what",
    )
