"""What counters had when it was last written down, for a start while the ledger cannot be read.

Keeps true: what is read back of a rule is what that very rule counts: one that counts something else now has nothing.
"""

from collections.abc import Iterable

import msgspec

from gatewatch.control.transactions import Transactions
from gatewatch.limits.counters import Seeds
from gatewatch.limits.rule import Rule


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """As it stands in the store."""

    counting: dict[str, str]
    """Id of a rule → what it counted: `Rule.counting`."""
    seeds: Seeds


class CounterCheckpoint:
    """Works on a store's connection, in its thread."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    def write(self, at: int, rules: Iterable[Rule], seeds: Seeds) -> None:
        """In place of the last one. `at`: µs since the epoch. Raises ControlStoreError."""
        checkpoint = Checkpoint(counting={rule.id: rule.counting for rule in rules}, seeds=seeds)
        text = msgspec.json.encode(checkpoint).decode()
        with self._store.change():
            self._store.connection.execute("INSERT OR REPLACE INTO counter_checkpoint VALUES (1, ?, ?)", (at, text))

    def read(self, rules: Iterable[Rule]) -> Seeds | None:
        """What is known of these rules; None of none of them. Raises sqlite3.Error."""
        row = self._store.connection.execute("SELECT seeds FROM counter_checkpoint").fetchone()
        if row is None:
            return None
        checkpoint = msgspec.json.decode(row[0], type=Checkpoint)
        known = {rule.id for rule in rules if checkpoint.counting.get(rule.id) == rule.counting}
        if not known:
            return None
        return Seeds(
            rules=tuple(sorted(known)),
            seeds=tuple(seed for seed in checkpoint.seeds.seeds if seed.counter.partition("|")[0] in known),
            positions=checkpoint.seeds.positions,
        )
