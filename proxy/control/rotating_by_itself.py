"""A rotation that nobody asked for: begun where a policy says so, not again within a day after it came to nothing."""

import logging
from collections.abc import Callable

from gatewatch.control.provider_rotations import ProviderRotations, Rotation
from gatewatch.control.store import ControlStore
from gatewatch.control.transactions import Transactions
from gatewatch.errors import GatewatchError
from gatewatch.rotation.rotator import Wish

DAY_US = 86_400_000_000

Begin = Callable[[Transactions, Wish], Rotation]
"""As a rotator does it."""

log = logging.getLogger("gatewatch.control")


def rotate(store: ControlStore, begin: Begin, provider: str, key: str, entry: str, why: str) -> str | None:
    """Begins a rotation, unless one stands or has just failed; what is in its way."""
    rotations = ProviderRotations(store)
    if (standing := rotations.standing(entry)) is not None:
        return None if standing.state == "running" else f"its rotation stopped: {standing.detail.failure}"
    last = rotations.last(entry)
    if last is not None and last.state in ("rolled-back", "abandoned") and store.clock() - last.started_at < DAY_US:
        return f"the last rotation was {last.state.replace('-', ' ')}: {last.detail.failure}"
    try:
        begun = begin(store, Wish(provider=provider, key=key))
    except GatewatchError as error:
        return error.title
    log.info("rotation %s of %s: %s", begun.id, provider, why)
    return None


def command(provider: str, key: str, reference: str) -> str:
    """What an operator does in its place."""
    return f"gatewatch providers rotate-key {provider}" + ("" if key == reference else f" --key {key}")
