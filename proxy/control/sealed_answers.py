"""Forgets secrets of rotations that are kept for a lost answer, once nobody waits for them any more."""

import asyncio
import logging
import sqlite3

from gatewatch.actions.keys.redelivery import forget_delivered
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault

SWEEP_SECONDS = 60.0

log = logging.getLogger("gatewatch.control")


async def keep_forgetting(home: Home, vault: Vault, seconds: float = SWEEP_SECONDS) -> None:
    """At once and ever again, in a thread: a vault may be slow. A vault that fails is tried again."""
    while True:
        try:
            await asyncio.to_thread(_forget, home, vault)
        except (GatewatchError, sqlite3.Error, OSError) as error:
            log.warning("secrets of finished rotations were not taken out of the vault: %s", error)
        await asyncio.sleep(seconds)


def _forget(home: Home, vault: Vault) -> None:
    with ControlStore.open(home.control, actor="gateway") as store:
        if gone := forget_delivered(home, store, vault):
            log.info("the vault keeps %d secrets of finished rotations no more", gone)
