"""Performs actions on a home's files, where no gateway runs or inside the one that does."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from logging import getLogger
from typing import TYPE_CHECKING

import msgspec

from gatewatch.actions.acting import Acting, Gateway
from gatewatch.actions.unasked_sealing import LATER, newest, seal_unasked
from gatewatch.audit.sealing import seal_trail
from gatewatch.audit.second_sink import SecondSink
from gatewatch.authority.actor import Actor
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.keys.leaks import Reaction
from gatewatch.ledger.reader import LedgerReader
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Rotator
from gatewatch.vault.interface import Vault

if TYPE_CHECKING:
    from gatewatch.config import Config

log = getLogger("gatewatch.audit")


@contextmanager
def acting_on(
    home: Home,
    actor: Actor,
    *,
    open_vault: Callable[[ControlStore], Vault],
    open_ledger: Callable[[], LedgerReader],
    declared_teams: Callable[[], Sequence[str]],
    gateway: Gateway | None = None,
    second_sink: Callable[[], SecondSink | None] = lambda: None,
    rotator: Callable[[Acting], Rotator] | None = None,
    leak_reaction: Callable[[str], Reaction] = lambda _: "alert",
    configuration: "Callable[[], Config | None]" = lambda: None,
    recognised: bool = False,
) -> Iterator[Acting]:
    """An actor at work on a home, in this thread. Raises ControlStoreError.

    A login user gets the role that the store has for them, unless they were `recognised` before and have it.
    """
    with ControlStore.open(home.control, actor=actor) as store:
        if actor.key_id is None and not recognised:
            store.become(msgspec.structs.replace(actor, role=store.role_of(actor.id)))
        vault = cache(lambda: open_vault(store))
        acting = Acting(
            home,
            store,
            open_vault=vault,
            open_ledger=open_ledger,
            declared_teams=declared_teams,
            gateway=gateway,
            second_sink=second_sink,
            rotator=rotator,
            leak_reaction=leak_reaction,
            configuration=configuration,
        )
        before = newest(store)
        try:
            yield acting
        finally:
            is_open = bool(vault.cache_info().currsize)
            if gateway is None and (is_open or newest(store) != before):
                _seal(acting, is_open=is_open)


def _seal(acting: Acting, *, is_open: bool) -> None:
    """What cannot be sealed now is sealed by whoever opens the vault next, and that is said."""
    try:
        sink = acting.second_sink()
        if is_open:
            problems = [*seal_trail(acting.home, acting.store, acting.open_vault(), sink).problems.values()]
        else:
            problems = seal_unasked(acting.home, sink)
    except (GatewatchError, OSError, sqlite3.Error) as error:
        problems = [f"the newest entry {LATER} ({error})"]
    for problem in problems:
        log.warning("the audit trail: %s", problem)
