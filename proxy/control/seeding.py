"""What counters begin with: by the ledger, or, while it cannot be read, by its last checkpoint and the journal behind.

Keeps true: either way it is all that was journalled before it was asked for, calls of dead workers included, to the
picodollar; what it says goes up to positions that it names. To be called in threads.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gatewatch.control.counter_checkpoint import CounterCheckpoint
from gatewatch.control.records import now_us
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.limits.counters import Seeds
from gatewatch.limits.rule import Rule
from gatewatch.paths import Home

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

log = logging.getLogger("gatewatch.control")


class Seeding:
    """Of one home."""

    def __init__(self, home: Home, service: "LedgerService", clock: Callable[[], int] = now_us) -> None:
        self._home = home
        self._service = service
        self._clock = clock

    def now(self, rules: Sequence[Rule]) -> Seeds:
        """Of these rules. Raises OSError where neither the ledger nor the journal can be read."""
        try:
            return self.by_ledger(rules)
        except GatewatchError as error:
            log.warning("limits and budgets are counted from the journal: %s", error.title)
        except Exception:  # whatever the database does: calls are held to what was spent
            log.exception("limits and budgets are counted from the journal, for the ledger failed")
        return self.by_journal(rules)

    def by_ledger(self, rules: Sequence[Rule]) -> Seeds:
        """When all that was journalled so far is loaded. Raises GatewatchError, OSError, or what DuckDB raises."""
        self._service.load_once()
        return self._service.seeds(rules, self._clock())

    def by_journal(self, rules: Sequence[Rule]) -> Seeds:
        """From the last checkpoint on; as far back as windows reach for rules that it does not have. Raises OSError."""
        from gatewatch.limits.journal_tail import Part, counted_by_journal  # imported where it is needed: seldom

        known = self._checkpoint(rules)
        parts = [Part([rule for rule in rules if rule.id in known.rules], known)]
        parts.append(Part([rule for rule in rules if rule.id not in known.rules], Seeds(rules=())))
        return counted_by_journal(self._home, [part for part in parts if part.rules], self._clock())

    def write_checkpoint(self, rules: Sequence[Rule]) -> None:
        """What the ledger has now. Raises GatewatchError."""
        seeds = self._service.seeds(rules, self._clock())
        with ControlStore.open(self._home.control, actor="gateway") as store:
            CounterCheckpoint(store).write(self._clock(), rules, seeds)

    def _checkpoint(self, rules: Sequence[Rule]) -> Seeds:
        try:
            with ControlStore.open(self._home.control, actor="gateway") as store:
                return CounterCheckpoint(store).read(rules) or Seeds(rules=())
        except (GatewatchError, sqlite3.Error, ValueError) as error:
            log.warning("the checkpoint of counters cannot be read; the journal is read from further back: %s", error)
            return Seeds(rules=())
