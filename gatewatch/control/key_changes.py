"""What is done to virtual keys beside making, rotating and revoking them: edited, imported, recognised."""

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gatewatch.control.key_fields import checked_fields, checked_key
from gatewatch.control.records import LISTS, SECRET_COLUMNS, KeyRecord, SecretRecord, secret_record
from gatewatch.control.virtual_keys import VirtualKeys
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.keys import token

EDITABLE = (
    *("name", "project", "user", "service", "models", "routes", "dialects", "networks"),
    *("region", "data_class", "max_uses", "max_tokens", "max_picos", "expires_at"),
)
"""A key never changes its kind, its team or its environment: those are what its calls are charged and trusted by."""

_ID = re.compile(f"[0-9A-Za-z]{{{token.KID_LENGTH}}}")


class Used(msgspec.Struct, frozen=True):
    """What a key with caps has used so far, and what its calls in flight may use at most."""

    uses: int = 0
    tokens: int = 0
    picos: int = 0
    held_tokens: int = 0
    held_picos: int = 0


class KeyChanges(VirtualKeys):
    """Part of the control store."""

    def edit_key(
        self, reference: str, changes: Mapping[str, Any], check: Callable[[KeyRecord], None] | None = None
    ) -> KeyRecord:
        """The key with those fields changed; None takes one away. `check` may refuse what it would be, by raising.

        Raises what `key` raises, NotAllowed for a key that has ended, UsageError for what does not fit or
        cannot be edited.
        """
        for field in changes:
            if field not in EDITABLE:
                raise UsageError(f"a key's {field} cannot be changed", "make another key")
        with self.change():
            record = self.key(reference)
            if (state := record.state(self.clock())) != "active":
                raise NotAllowed(f"key {record.name!r} ({record.id}) is {state}", "make another one")
            edited = checked_key(msgspec.structs.replace(record, **checked_fields(changes, self.clock())))
            if check is not None:
                check(edited)
            before, after = msgspec.to_builtins(record), msgspec.to_builtins(edited)
            changed = [field for field in changes if before[field] != after[field]]
            if not changed:
                return record
            self._bind_owner(edited)
            kept = {field: after[field] for field in changed}
            for field in kept.keys() & set(LISTS):
                kept[field] = None if kept[field] is None else msgspec.json.encode(kept[field]).decode()
            settings = ", ".join(f"{field} = :{field}" for field in kept)
            self.connection.execute(
                f"UPDATE virtual_keys SET {settings} WHERE id = :id",  # noqa: S608 - names of EDITABLE
                kept | {"id": record.id},
            )
            self.trail.add(
                "key.edit",
                record.id,
                before={field: before[field] for field in changed},
                after={field: after[field] for field in changed},
            )
            return edited

    def import_key(self, key_id: str, *, create_team: bool, **fields: Any) -> KeyRecord:
        """A key that another home has, under its id and without a secret: `rotate_key` gives it one.

        One that is here already as it is told, and has no secret yet, stays as it is: somebody asks again. Raises
        UsageError where the id is taken otherwise, or what is told of the key does not fit.
        """
        if _ID.fullmatch(key_id) is None:
            raise UsageError("what is given as the key's id is none", f"an id has {token.KID_LENGTH} letters or digits")
        record = self.new_record(key_id, **fields)
        with self.change():
            taken = self.connection.execute(
                "SELECT team, all_teams FROM virtual_keys"
                " WHERE id = ?1 OR id = (SELECT key_id FROM key_secrets WHERE kid = ?1)",
                (key_id,),
            ).fetchone()
            if taken and self.actor.team is not None and (taken != (self.actor.team, False)):
                raise UsageError(f"the id {key_id} cannot be taken", "import it with an admin key of all teams")
            if taken and self._is_imported(record):
                return self.key(key_id)
            if taken:
                raise UsageError(f"there is a key {key_id} already", "`gatewatch keys edit` changes it")
            self._add_key(record, create_team)
        return record

    def _is_imported(self, record: KeyRecord) -> bool:
        known = self.key(record.id)
        same = msgspec.structs.replace(record, created_at=known.created_at, created_by=known.created_by)
        return known == same and not self.secrets(known.id)

    def rotation(self, key_id: str, rotation_id: str) -> SecretRecord | None:
        """The secret that this rotation of the key has made."""
        row = self.connection.execute(
            f"SELECT {SECRET_COLUMNS} FROM key_secrets WHERE key_id = ? AND rotation_id = ?",  # noqa: S608
            (key_id, rotation_id),
        ).fetchone()
        return secret_record(row) if row else None

    def is_secret(self, kid: str, secret: str, pepper: bytes) -> bool:
        """Whether that text is the secret with that public id, valid or not."""
        row = self.connection.execute("SELECT digest FROM key_secrets WHERE kid = ?", (kid,)).fetchone()
        return row is not None and hmac.compare_digest(row[0], token.digest(pepper, secret))

    def used(self, key_id: str) -> Used:
        """Counted for keys with caps only."""
        row = self.connection.execute(
            "SELECT uses, tokens, picos, held_tokens, held_picos FROM key_allowances WHERE key_id = ?", (key_id,)
        ).fetchone()
        return Used(*(row or ()))

    def networks_used(self, key_id: str) -> list[tuple[str, int]]:
        """The networks that the key was used from and since when (µs), the oldest first."""
        rows = self.connection.execute(
            "SELECT network, first_used_at FROM key_networks WHERE key_id = ? ORDER BY first_used_at", (key_id,)
        )
        return [(str(network), int(at)) for network, at in rows]
