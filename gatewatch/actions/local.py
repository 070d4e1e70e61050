"""Performs actions on a home's files, where no gateway runs or inside the one that does."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import msgspec

from gatewatch.actions.acting import Acting, Gateway
from gatewatch.authority.actor import Actor
from gatewatch.control.store import ControlStore
from gatewatch.ledger.reader import LedgerReader
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault


@contextmanager
def acting_on(
    home: Home,
    actor: Actor,
    *,
    open_vault: Callable[[ControlStore], Vault],
    open_ledger: Callable[[], LedgerReader],
    declared_teams: Callable[[], Sequence[str]],
    gateway: Gateway | None = None,
) -> Iterator[Acting]:
    """An actor at work on a home, in this thread. Raises ControlStoreError.

    A login user gets the role that the store has for them; an admin key brings its own.
    """
    with ControlStore.open(home.control, actor=actor) as store:
        if actor.key_id is None:
            store.become(msgspec.structs.replace(actor, role=store.role_of(actor.id)))
        yield Acting(
            home,
            store,
            open_vault=cache(lambda: open_vault(store)),
            open_ledger=open_ledger,
            declared_teams=declared_teams,
            gateway=gateway,
        )
