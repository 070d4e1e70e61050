"""Rotations of providers' keys where no gateway runs: carried out by the command itself, from beginning to end.

Keeps true: meanwhile no gateway starts, and no workers serve that a dead one left behind: they would go on with a key
that is ended.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gatewatch.authority.actor import Actor
from gatewatch.config import Loaded
from gatewatch.control.provider_rotations import ProviderRotations, Rotation
from gatewatch.control.store import ControlStore
from gatewatch.control.transactions import Transactions
from gatewatch.errors import NotAllowed
from gatewatch.paths import Home
from gatewatch.rotation.procedure import Procedure
from gatewatch.rotation.remains import remains
from gatewatch.rotation.rotator import Outlook, Wish
from gatewatch.vault.interface import Vault
from proxy.control import rotation_beginning
from proxy.control.home_lock import HomeLock
from proxy.control.worker_processes import workers_left_behind


class RotationsAlone:
    """As `Rotator` promises. `tell` hears of every change."""

    def __init__(
        self, home: Home, load: Callable[[], Loaded], open_vault: Callable[[], Vault], tell: Callable[[Rotation], None]
    ) -> None:
        self._home = home
        self._load = load
        self._open_vault = open_vault
        self._tell = tell

    def outlook(self, store: Transactions, provider: str, key: str | None) -> Outlook:
        return rotation_beginning.outlook(store, self._load(), self._open_vault(), self._home.control, provider, key)

    def begin(self, store: Transactions, wish: Wish) -> Rotation:
        with self._alone():
            loaded, vault = self._load(), self._open_vault()
            rotation = rotation_beginning.begun(store, loaded, vault, self._home.control, wish)
            self._tell(rotation)
            return self._carried_out(loaded, vault, rotation)

    def resume(self, store: Transactions, id: str, *, keep_old: bool) -> Rotation:
        with self._alone():
            loaded, vault = self._load(), self._open_vault()
            return self._carried_out(loaded, vault, ProviderRotations(store).reopen(id, keep_old=keep_old))

    def cancel(self, store: Transactions, id: str) -> Rotation:
        with self._alone():
            loaded, vault, rotations = self._load(), self._open_vault(), ProviderRotations(store)
            rotations.cancel(id)
            return self._carried_out(loaded, vault, rotations.reopen(id))

    def abandon(self, store: Transactions, id: str) -> Rotation:
        rotations = ProviderRotations(store)
        return rotations.abandon(id, remains(rotations.get(id)))

    def _carried_out(self, loaded: Loaded, vault: Vault, rotation: Rotation) -> Rotation:
        actor = Actor(id=rotation.started_by, source=f"rotation {rotation.id}")
        parts = rotation_beginning.parts_of(loaded, rotation, vault, self._home.control, None)
        with ControlStore.open(self._home.control, actor=actor) as store:
            return asyncio.run(Procedure(rotation, ProviderRotations(store), vault, parts, self._tell).run())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Raises NotAllowed."""
        lock = HomeLock(self._home.lock)
        try:
            if workers_left_behind(self._home.journal):
                raise NotAllowed(
                    "workers of a gateway whose control process is gone still serve with the old key",
                    "start the gateway (`gatewatch serve`), it takes them over; then rotate again",
                )
            yield
        finally:
            lock.release()
