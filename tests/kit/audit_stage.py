"""A home with a sealed audit trail, and what somebody can do who may write its files, but not open its vault."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from gatewatch.audit.anchor import AnchorPlace, Kept
from gatewatch.audit.audit_key import find_audit_key
from gatewatch.audit.sealing import Sealed, seal_trail
from gatewatch.audit.seals import AuditKey
from gatewatch.audit.second_sink import SecondSink
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.interface import Description


class MemoryVault:
    """A vault for one test, with the shape of the others; what it keeps can be looked at."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.entries.get(name)

    def set(self, name: str, secret: str) -> None:
        self.entries[name] = secret

    def delete(self, name: str) -> None:
        self.entries.pop(name, None)

    def names(self) -> list[str]:
        return sorted(self.entries)

    def describe(self) -> Description:
        return Description("memory", "a test")


class Stage(NamedTuple):
    """One home."""

    home: Home
    vault: MemoryVault

    @property
    def sink(self) -> SecondSink:
        return SecondSink(self.home.audit_file)

    def write(self, count: int, *, begin: int = 1) -> None:
        """So many entries, as the gateway writes them."""
        with ControlStore.open(self.home.control, actor="alice") as store:
            for n in range(begin, begin + count):
                store.audit("price.set", f"openai/model-{n}", usd=n)

    def seal(self, sink: SecondSink | None = None) -> Sealed:
        with ControlStore.open(self.home.control, actor="gateway") as store:
            return seal_trail(self.home, store, self.vault, sink or self.sink)

    @property
    def key(self) -> AuditKey:
        key = find_audit_key(self.vault)
        assert key is not None
        return key

    @property
    def kept(self) -> Kept:
        kept = AnchorPlace(self.vault, self.home.audit_anchor).read(self.key)
        assert kept is not None
        return kept

    @contextmanager
    def tampering(self) -> Iterator[sqlite3.Connection]:
        """The store in the hands of somebody who has got rid of its triggers."""
        connection = sqlite3.connect(self.home.control, isolation_level=None)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        try:
            yield connection
        finally:
            connection.close()


def chain_again(connection: sqlite3.Connection) -> None:
    """Reckons every hash anew, as anybody can who has read how: no key is needed. By hand, without our code."""
    cursor = connection.execute("SELECT * FROM audit ORDER BY seq")
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    connection.execute("DELETE FROM audit_chain")
    last = "0" * 64
    for row in rows:
        last = hash_by_hand(last, row)
        connection.execute("INSERT INTO audit_chain VALUES (?, ?)", (row["seq"], last))


def hash_by_hand(previous: str, row: dict[str, Any]) -> str:
    """`before` and `after` as the store has them, or as a line does."""
    entry = {**row}
    for side in ("before", "after"):
        if isinstance(entry[side], dict):
            entry[side] = json.dumps(entry[side], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(previous.encode() + text.encode()).hexdigest()


@contextmanager
def lines_of(path: Path) -> Iterator[list[str]]:
    """The lines of a file, to be changed in place."""
    lines = path.read_text().splitlines()
    yield lines
    path.write_text("".join(line + "\n" for line in lines))
