"""Keys of providers that must not be used for now, as the control store has them.

Keeps true: a hold is of one secret of one key (its version), so that a new secret is free at once; each has one audit
entry at its beginning and one at its end. No secret stands here, nor a word that a provider said.
"""

import msgspec

from gatewatch.control.key_hold import KeyHold
from gatewatch.control.transactions import Transactions

_COLUMNS = ", ".join(KeyHold.__struct_fields__)
_VALUES = ", ".join(f":{name}" for name in KeyHold.__struct_fields__)


class ProviderQuarantine:
    """Works on a store's connection, in its thread and as its actor."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    def holds(self) -> list[KeyHold]:
        """Oldest first."""
        rows = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM provider_key_quarantine ORDER BY since, provider, key_id, model"  # noqa: S608
        )
        return [msgspec.convert(dict(zip(KeyHold.__struct_fields__, row, strict=True)), KeyHold) for row in rows]

    def put(self, hold: KeyHold) -> None:
        """A new hold, or what has become of one: only its beginning is audited."""
        with self._store.change():
            known = self._of(hold)
            self._store.connection.execute(
                f"INSERT OR REPLACE INTO provider_key_quarantine ({_COLUMNS}) VALUES ({_VALUES})",  # noqa: S608
                msgspec.structs.asdict(hold),
            )
            if known is None or known.version != hold.version:
                self._store.trail.add("provider_key.quarantine", _target(hold), after=_told(hold))

    def lift(self, hold: KeyHold, why: str) -> bool:
        """End a hold; False where there is none of that secret any more."""
        with self._store.change():
            if (known := self._of(hold)) is None or known.version != hold.version:
                return False
            self._store.connection.execute(
                "DELETE FROM provider_key_quarantine WHERE provider = ? AND key_id = ? AND model = ?", hold.place
            )
            after = {"why": why}
            self._store.trail.add("provider_key.quarantine.lift", _target(hold), before=_told(known), after=after)
        return True

    def _of(self, hold: KeyHold) -> KeyHold | None:
        return next((each for each in self.holds() if each.place == hold.place), None)


def _target(hold: KeyHold) -> str:
    return f"{hold.provider}/{hold.key_id}"


def _told(hold: KeyHold) -> dict[str, object]:
    told = msgspec.structs.asdict(hold)
    return {name: told[name] for name in ("model", "version", "kind", "reason", "since", "failures")}
