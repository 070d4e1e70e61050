"""Virtual keys in the control store: made, rotated, revoked, found.

A key is an identity with a budget and a history; its secrets are versions of it, of which each has a public id (kid)
and at most one is without an end. No secret is ever written here, only its keyed digest.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gatewatch.authority.permissions import RoleName
from gatewatch.control.key_fields import checked_fields, checked_key
from gatewatch.control.names import checked_name
from gatewatch.control.records import (
    KEY_COLUMNS,
    SECRET_COLUMNS,
    KeyRecord,
    SecretRecord,
    key_record,
    secret_record,
)
from gatewatch.control.teams import Teams
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.hidden import hides
from gatewatch.keys import token
from gatewatch.keys.secret_shapes import shown
from gatewatch.keys.token import Environment, Kind
from gatewatch.routing.data_class import DataClass

LONGEST_GRACE_US = 366 * 86_400 * 1_000_000


@hides("secret")
class Rotated(msgspec.Struct, frozen=True):
    """A key after its rotation."""

    key: KeyRecord
    current: SecretRecord
    """The secret that the rotation made."""
    secret: str | None
    """Its text; None where this rotation was made before: then nobody has it here."""


class VirtualKeys(Teams):
    """Every change that decides who may call raises the generation."""

    def create_key(
        self,
        name: str,
        *,
        team: str,
        pepper: bytes,
        project: str | None = None,
        user: str | None = None,
        service: str | None = None,
        environment: Environment = "live",
        kind: Kind = "client",
        role: RoleName | None = None,
        all_teams: bool | None = None,
        models: tuple[str, ...] | None = None,
        routes: tuple[str, ...] | None = None,
        dialects: tuple[str, ...] | None = None,
        networks: tuple[str, ...] | None = None,
        region: str | None = None,
        data_class: DataClass | None = None,
        max_uses: int | None = None,
        max_tokens: int | None = None,
        max_picos: int | None = None,
        expires_at: int | None = None,
        create_team: bool = False,
        secret: str | None = None,
    ) -> tuple[KeyRecord, str]:
        """A new key and its secret, which exists nowhere else from here on.

        `secret`: one that the caller has minted, to have put it somewhere safe first.

        A project or service that is not known yet is made with it; a team only where `create_team` says so. An admin
        key is an admin's, for its own team, unless told otherwise; a super-admin's is for all teams. Raises NotFound
        for an unknown team, UsageError for what does not fit.
        """
        secret = secret or token.mint(kind, environment)
        kid = token.parse(secret)
        assert kid is not None
        record = self.new_record(
            kid,
            name=name,
            team=team,
            project=project,
            user=user,
            service=service,
            environment=environment,
            kind=kind,
            role=role,
            all_teams=all_teams,
            models=models,
            routes=routes,
            dialects=dialects,
            networks=networks,
            region=region,
            data_class=data_class,
            max_uses=max_uses,
            max_tokens=max_tokens,
            max_picos=max_picos,
            expires_at=expires_at,
        )
        with self.change():
            self._add_key(record, create_team)
            self._add_secret(record, kid, 1, secret, pepper, None)
        return record, secret

    def new_record(self, key_id: str, **fields: Any) -> KeyRecord:
        """A key as it would be, made now by the actor. Raises UsageError for what does not fit."""
        now = self.clock()
        role, all_teams = fields.get("role"), fields.get("all_teams")
        if fields["kind"] == "admin":
            fields["role"] = role = role or "admin"
            if all_teams is None:
                all_teams = role == "super-admin" and fields.get("project") is None
        kept = checked_fields(fields, now) | {"all_teams": bool(all_teams)}
        return checked_key(KeyRecord(id=key_id, created_at=now, created_by=self.actor.id, **kept))

    def rotate_key(
        self,
        reference: str,
        *,
        pepper: bytes,
        grace_us: int,
        rotation_id: str | None = None,
        secret: str | None = None,
    ) -> Rotated:
        """A new secret for a key; the one it replaces is good for `grace_us` more. Everything else stays as it is.

        With a rotation id that the key has seen, nothing is changed and no secret returned. Secrets that were in
        their grace already keep their own end; where there is no grace, every older one ends now, with the calls that
        came with it. `secret`: one that the caller has minted, to have put it somewhere safe first. Raises what `key`
        raises, NotAllowed for a key that has ended, UsageError for a grace that is none.
        """
        if not 0 <= grace_us <= LONGEST_GRACE_US:
            raise UsageError("the grace of an old secret is between nothing and a year", "as in 10m")
        if rotation_id is not None:
            checked_name("rotation", rotation_id)
        with self.change():
            record = self.key(reference)
            secrets = self.secrets(record.id)
            for known in secrets:
                if rotation_id is not None and known.rotation_id == rotation_id:
                    return Rotated(record, known, None)
            now = self.clock()
            if (state := record.state(now)) != "active":
                raise NotAllowed(f"key {record.name!r} ({record.id}) is {state}", "make another one")
            secret = secret or token.mint(record.kind, record.environment)
            kid = token.parse(secret)
            assert kid is not None
            self.connection.execute(
                "UPDATE key_secrets SET valid_until = ?1 WHERE key_id = ?2"
                " AND (valid_until IS NULL OR ?1 = 0 AND valid_until > 0)",
                (now + grace_us if grace_us else 0, record.id),
            )
            version = max((known.version for known in secrets), default=0) + 1
            current = self._add_secret(record, kid, version, secret, pepper, rotation_id)
            self.trail.add(
                "key.rotate",
                record.id,
                before={"version": version - 1, "kid": secrets[-1].kid if secrets else None},
                after={"version": version, "kid": kid, "old_valid_until": now + grace_us, "rotation_id": rotation_id},
            )
            return Rotated(record, current, secret)

    def end_old_secrets(self, reference: str) -> list[SecretRecord]:
        """Ends every replaced secret at once, with the calls that came with one. Those that it ended.

        Also one whose grace is over: calls that it has begun may still run.
        """
        with self.change():
            record = self.key(reference)
            ended = [known for known in self.secrets(record.id) if known.valid_until]
            for known in ended:
                self.connection.execute("UPDATE key_secrets SET valid_until = 0 WHERE kid = ?", (known.kid,))
            if ended:
                self.trail.add("key.end_grace", record.id, after={"kids": [known.kid for known in ended]})
            return ended

    def secrets(self, key_id: str) -> list[SecretRecord]:
        """All secrets that the key has had, the newest last."""
        rows = self.connection.execute(
            f"SELECT {SECRET_COLUMNS} FROM key_secrets WHERE key_id = ? ORDER BY version",  # noqa: S608
            (key_id,),
        )
        return [secret_record(row) for row in rows]

    def revoke_key(self, reference: str) -> KeyRecord:
        """Ends a key for good; one that is revoked already stays as it was. Raises what `key` raises."""
        with self.change():
            record = self.key(reference)
            if record.revoked_at is not None:
                return record
            revoked = msgspec.structs.replace(record, revoked_at=self.clock(), revoked_by=self.actor.id)
            self.connection.execute(
                "UPDATE virtual_keys SET revoked_at = ?, revoked_by = ? WHERE id = ?",
                (revoked.revoked_at, revoked.revoked_by, record.id),
            )
            self.trail.add(
                "key.revoke", record.id, before={"revoked_at": None}, after={"revoked_at": revoked.revoked_at}
            )
            return revoked

    def keys(self, team: str | None = None) -> list[KeyRecord]:
        """All keys, revoked ones too, oldest first."""
        rows = self.connection.execute(
            f"SELECT {KEY_COLUMNS} FROM virtual_keys WHERE ?1 IS NULL OR team = ?1 ORDER BY created_at, id",  # noqa: S608
            (team,),
        )
        return [key_record(row) for row in rows]

    def key(self, reference: str, *, reach: Callable[[KeyRecord], bool] = lambda _: True) -> KeyRecord:
        """The key with this id, else the only one with this name, else the only one whose id starts so.

        Of several with one name it is the only active one. `reach`: which keys are known at all. A whole secret is
        understood as its id.

        Raises NotFound, or UsageError where several fit; what might be a secret is never repeated.
        """
        shown_as = shown(reference)
        reference = self._id_of_kid(token.parse(reference) or reference) if reference.isascii() else ""
        by_name, starts = "name = ?1", "substr(id, 1, length(?1)) = ?1 AND length(?1) >= 3"
        for condition in ("id = ?1", by_name, starts):
            rows = self.connection.execute(
                f"SELECT {KEY_COLUMNS} FROM virtual_keys WHERE {condition} ORDER BY created_at, id",  # noqa: S608
                (reference,),
            )
            fits = [record for record in map(key_record, rows) if reach(record)]
            if condition == by_name:
                fits = [record for record in fits if record.state(self.clock()) == "active"] or fits
            if len(fits) == 1:
                return fits[0]
            if fits:
                listed = ", ".join(f"{key.id} ({key.state(self.clock())})" for key in fits[:10])
                raise UsageError(f"{len(fits)} keys fit {shown_as}: {listed}", "give the id")
        raise NotFound(f"there is no key {shown_as}", "`gatewatch keys list` shows their ids and names")

    def record_use(self, last_used: Mapping[str, int]) -> None:
        """When secrets (by kid) were last used, in µs, and with them their keys; an earlier time changes nothing."""
        with self.change():
            self.connection.executemany(
                "UPDATE key_secrets SET last_used_at = max(ifnull(last_used_at, 0), ?1) WHERE kid = ?2",
                [(at, kid) for kid, at in last_used.items()],
            )
            self.connection.executemany(
                "UPDATE virtual_keys SET last_used_at = max(ifnull(last_used_at, 0), ?1)"
                " WHERE id = (SELECT key_id FROM key_secrets WHERE kid = ?2)",
                [(at, kid) for kid, at in last_used.items()],
            )

    def _id_of_kid(self, reference: str) -> str:
        """The key of the secret with that public id; anything else as it is."""
        row = self.connection.execute("SELECT key_id FROM key_secrets WHERE kid = ?", (reference,)).fetchone()
        return str(row[0]) if row else reference

    def _add_key(self, record: KeyRecord, create_team: bool) -> None:
        """Inside a change: the key without a secret, with the team, project and service that it needs."""
        if create_team and self._find_team(record.team) is None:
            self._add_team(record.team, "control")
        self.team(record.team)
        self._bind_owner(record)
        self.insert("virtual_keys", record)
        self.trail.add("key.create", record.id, after=_told(record))

    def _bind_owner(self, record: KeyRecord) -> None:
        """Makes the project and the service of a key where there are none. Raises UsageError."""
        if record.project is not None and all(known.name != record.project for known in self.projects(record.team)):
            self._add_project(record.team, record.project)
        if record.service is not None:
            self._bind_service(record.service, record.team)

    def _add_secret(
        self, record: KeyRecord, kid: str, version: int, secret: str, pepper: bytes, rotation_id: str | None
    ) -> SecretRecord:
        made = SecretRecord(
            kid=kid,
            key_id=record.id,
            version=version,
            created_at=self.clock(),
            created_by=self.actor.id,
            rotation_id=rotation_id,
        )
        self.insert("key_secrets", made, digest=token.digest(pepper, secret))
        return made


def _told(record: KeyRecord) -> dict[str, object]:
    """A key as the audit trail tells it: what was given, not what is empty."""
    return {name: value for name, value in msgspec.to_builtins(record).items() if value is not None}
