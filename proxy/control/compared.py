"""Both sides of a comparison: what counters have settled, and what the ledger has of the same records."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gatewatch.errors import GatewatchError
from gatewatch.limits.counters import Seeds
from gatewatch.limits.rule import Rule

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

log = logging.getLogger("gatewatch.control")


class Compared(NamedTuple):
    """Some of the counters, by `RULE|NAME`: in their windows as they were at one moment."""

    counted: Mapping[str, int]
    ledger: Mapping[str, int]
    following: int
    """The number of the first counter that is not among them; 0: none is left."""


class Compare(Protocol):
    """Counters, wherever they are."""

    async def compared(self, service: "LedgerService", rules: Sequence[Rule], at: int, begin: int) -> Compared:
        """From the `begin`-th on. `at`: µs. Raises GatewatchError with why that cannot be, TimeoutError."""
        ...

    async def recount(self, rules: Sequence[str]) -> None:
        """The counters of these rules (ids) are wrong: they begin anew, by the ledger. Raises GatewatchError."""
        ...


def load(service: "LedgerService") -> None:
    """All that was journalled so far. Raises GatewatchError."""
    try:
        service.load_once()
    except GatewatchError:
        raise
    except Exception as error:  # whatever the database says
        log.exception("the ledger cannot be loaded; counters are compared the next time")
        raise GatewatchError(f"the ledger cannot be loaded: {error}") from error


def used(seeds: Seeds, rules: Sequence[Rule], at: int) -> dict[str, int]:
    """Counter → what it has in the window of its rule."""
    oldest = {rule.id: rule.window.oldest(at) for rule in rules if rule.window}
    found: dict[str, int] = {}
    for seed in seeds.seeds:
        first = oldest[seed.counter.partition("|")[0]]
        if amount := sum(amount for bucket, amount in seed.buckets.items() if bucket >= first):
            found[seed.counter] = amount
    return found
