"""The control store: who may call, and what was changed by whom.

Every change is one transaction together with its audit entry; what decides who may call also raises the generation
(by triggers, so a change by any tool counts), which workers compare. No secret is ever written here. A store object
belongs to the thread that opened it; any number of processes may have one open.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.authority.login_user import login_user
from gatewatch.control.key_changes import KeyChanges
from gatewatch.control.names import checked_name
from gatewatch.control.operators import Operators
from gatewatch.control.records import AuditEntry, ProviderKeyNote, now_us
from gatewatch.control.rules import Rules
from gatewatch.control.schema import connect
from gatewatch.errors import UsageError
from gatewatch.prices import overrides
from gatewatch.prices.row import PriceRow


class ControlStore(KeyChanges, Operators, Rules):
    """Open with `ControlStore.open(path)`; a context manager. `actor` stands in the audit trail and in `created_by`."""

    @classmethod
    def open(cls, path: Path, *, actor: Actor | str | None = None, clock: Callable[[], int] = now_us) -> "ControlStore":
        """Opens, makes or migrates the store; `actor` defaults to this process's user. Raises ControlStoreError."""
        acting = Actor(id=actor) if isinstance(actor, str) else actor or login_user()
        return cls(connect(path), acting, clock)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> "ControlStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def generation(self) -> int:
        """Rises with every change of keys and teams."""
        return int(self.connection.execute("SELECT n FROM generation").fetchone()[0])

    # prices

    def add_price(self, row: PriceRow) -> None:
        """A price of the operator's own. Raises UsageError where one begins at that time under its conditions."""
        with self.change():
            before = overrides.replaced_by(self.connection, row)
            try:
                overrides.add(self.connection, row)
            except ValueError as error:
                raise UsageError(str(error), "give it another beginning with --from") from None
            self.trail.add(
                "price.set",
                f"{row.provider}/{row.model}",
                before=None if before is None else msgspec.to_builtins(before),
                after=msgspec.to_builtins(row),
            )

    def prices(self) -> list[PriceRow]:
        """The operator's prices in the order in which they were added."""
        return overrides.load(self.connection)

    # provider keys, settings, audit

    def provider_keys(self) -> list[ProviderKeyNote]:
        rows = self.connection.execute("SELECT name, version, set_at, set_by FROM provider_keys ORDER BY name")
        return [ProviderKeyNote(name=n, version=version, set_at=at, set_by=by) for n, version, at, by in rows]

    def note_provider_key(self, name: str) -> ProviderKeyNote:
        """Notes that the key of that name was put into the vault just now."""
        checked_name("provider key", name)
        with self.change():
            known = [note.version for note in self.provider_keys() if note.name == name]
            self.connection.execute(
                "INSERT INTO provider_keys (name, version, set_at, set_by) VALUES (?, 1, ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET version = version + 1, set_at = excluded.set_at, set_by = excluded.set_by,"
                " provider_id = NULL",
                (name, self.clock(), self.actor.id),
            )
            (note,) = (note for note in self.provider_keys() if note.name == name)
            before = {"version": known[0]} if known else None
            self.trail.add("provider_key.set", name, before=before, after={"version": note.version})
            return note

    def setting(self, name: str) -> str | None:
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, name: str, value: str) -> None:
        """Stores a setting of this home. Not for secrets: it stands readable in the audit trail too."""
        with self.change():
            before = self.setting(name)
            self.connection.execute(
                "INSERT INTO settings VALUES (?1, ?2, ?3)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = excluded.set_at",
                (name, value, self.clock()),
            )
            self.trail.add("setting.set", name, before={"value": before}, after={"value": value})

    def audit(
        self,
        action: str,
        target: str,
        *,
        result: str = "ok",
        before: Mapping[str, object] | None = None,
        **after: object,
    ) -> None:
        """Notes what was done, or refused, outside of this store."""
        with self.change():
            self.trail.add(action, target, before=before, after=after or None, result=result)

    def audit_entries(self, limit: int = 100) -> list[AuditEntry]:
        """Newest first."""
        return self.trail.entries(limit)
