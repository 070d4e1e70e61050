"""The control store: who may call, and what was changed by whom.

Every change is one transaction together with its audit entry; what decides who may call also raises the generation
(by triggers, so a change by any tool counts), which workers compare. No secret is ever written here. A store object
belongs to the thread that opened it; any number of processes may have one open.
"""

import os
import pwd
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gatewatch.control.audit import AuditTrail
from gatewatch.control.names import checked_models, checked_name
from gatewatch.control.records import (
    KEY_COLUMNS,
    AuditEntry,
    KeyRecord,
    Project,
    ProviderKeyNote,
    Team,
    key_record,
    now_us,
)
from gatewatch.control.schema import ControlStoreError, connect
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys import token
from gatewatch.keys.secret_shapes import shown
from gatewatch.keys.token import Environment, Kind
from gatewatch.prices import overrides
from gatewatch.prices.row import PriceRow


class ControlStore:
    """Open with `ControlStore.open(path)`; a context manager. `actor` stands in the audit trail and in `created_by`."""

    def __init__(self, connection: sqlite3.Connection, actor: str, clock: Callable[[], int]) -> None:
        self._connection = connection
        self._trail = AuditTrail(connection, actor, clock)
        self.actor = actor
        self.clock = clock

    @classmethod
    def open(cls, path: Path, *, actor: str | None = None, clock: Callable[[], int] = now_us) -> "ControlStore":
        """Opens, makes or migrates the store; `actor` defaults to this user. Raises ControlStoreError."""
        return cls(connect(path), actor or f"cli:{_user()}", clock)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "ControlStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # teams and projects

    def create_team(self, name: str) -> Team:
        """Raises UsageError where the name is unfit or taken (in any case of its letters)."""
        checked_name("team", name)
        with self._change():
            return self._add_team(name, "control")

    def declare_team(self, name: str) -> Team:
        """The team as owned by the configuration file, made where it does not exist yet. Changes nothing twice."""
        checked_name("team", name)
        with self._change():
            team = self._find_team(name) or self._add_team(name, "config")
            if team.managed_by != "config":
                self._connection.execute("UPDATE teams SET managed_by = 'config' WHERE name = ?", (name,))
                self._trail.add(
                    "team.declare", name, before={"managed_by": team.managed_by}, after={"managed_by": "config"}
                )
            return msgspec.structs.replace(team, managed_by="config")

    def teams(self) -> list[Team]:
        rows = self._connection.execute("SELECT name, created_at, created_by, managed_by FROM teams ORDER BY name")
        return [Team(name=n, created_at=at, created_by=by, managed_by=owner) for n, at, by, owner in rows]

    def team(self, name: str) -> Team:
        """Raises NotFound, naming the command that makes a team."""
        if (team := self._find_team(name)) is None:
            raise NotFound(
                f"there is no team {shown(name)}",
                "make it with `gatewatch teams create NAME`, or add --create-team",
            )
        return team

    def projects(self, team: str | None = None) -> list[Project]:
        rows = self._connection.execute(
            "SELECT team, name, created_at, created_by FROM projects WHERE ?1 IS NULL OR team = ?1 ORDER BY team, name",
            (team,),
        )
        return [Project(team=t, name=n, created_at=at, created_by=by) for t, n, at, by in rows]

    def create_project(self, team: str, name: str) -> Project:
        """Raises NotFound for the team, UsageError where the name is unfit or taken."""
        checked_name("project", name)
        with self._change():
            self.team(team)
            return self._add_project(team, name)

    # virtual keys

    def create_key(
        self,
        name: str,
        *,
        team: str,
        pepper: bytes,
        project: str | None = None,
        environment: Environment = "live",
        kind: Kind = "client",
        models: tuple[str, ...] | None = None,
        expires_at: int | None = None,
        create_team: bool = False,
    ) -> tuple[KeyRecord, str]:
        """A new key and its secret, which exists nowhere else from here on.

        A project that the team does not have yet is made with it; a team only where `create_team` says so. Raises
        NotFound for an unknown team, UsageError for unfit names, models or a time of expiry that has passed.
        """
        checked_name("key", name)
        checked_name("team", team)
        if project is not None:
            checked_name("project", project)
        now = self.clock()
        if expires_at is not None and expires_at <= now:
            raise UsageError("the key would have expired already", "give --expires a time to come")
        secret = token.mint(kind, environment)
        kid = token.parse(secret)
        assert kid is not None
        record = KeyRecord(
            kid=kid,
            name=name,
            kind=kind,
            team=team,
            project=project,
            environment=environment,
            models=None if models is None else checked_models(models),
            created_at=now,
            created_by=self.actor,
            expires_at=expires_at,
        )
        with self._change():
            if create_team and self._find_team(team) is None:
                self._add_team(team, "control")
            self.team(team)
            if project is not None and all(known.name != project for known in self.projects(team)):
                self._add_project(team, project)
            listed = None if record.models is None else msgspec.json.encode(record.models).decode()
            self._insert("keys", record, models=listed, digest=token.digest(pepper, secret))
            self._trail.add("key.create", kid, after=_told(record))
        return record, secret

    def revoke_key(self, reference: str) -> KeyRecord:
        """Ends a key for good; one that is revoked already stays as it was. Raises what `key` raises."""
        with self._change():
            record = self.key(reference)
            if record.revoked_at is not None:
                return record
            revoked = msgspec.structs.replace(record, revoked_at=self.clock(), revoked_by=self.actor)
            self._connection.execute(
                "UPDATE keys SET revoked_at = ?, revoked_by = ? WHERE kid = ?",
                (revoked.revoked_at, revoked.revoked_by, record.kid),
            )
            self._trail.add(
                "key.revoke", record.kid, before={"revoked_at": None}, after={"revoked_at": revoked.revoked_at}
            )
            return revoked

    def keys(self, team: str | None = None) -> list[KeyRecord]:
        """All keys, revoked ones too, oldest first."""
        rows = self._connection.execute(
            f"SELECT {KEY_COLUMNS} FROM keys WHERE ?1 IS NULL OR team = ?1 ORDER BY created_at, kid",  # noqa: S608
            (team,),
        )
        return [key_record(row) for row in rows]

    def key(self, reference: str) -> KeyRecord:
        """The key with this id, else the only one with this name, else the only one whose id starts so.

        A whole secret is understood as its id. Raises NotFound, or UsageError where several fit; the text of something
        that might be a secret is never repeated.
        """
        reference = token.parse(reference) or reference
        keys = self.keys()
        for fits in (
            [key for key in keys if key.kid == reference],
            [key for key in keys if key.name == reference],
            [key for key in keys if len(reference) >= 3 and key.kid.startswith(reference)],
        ):
            if len(fits) == 1:
                return fits[0]
            if fits:
                listed = ", ".join(f"{key.kid} ({key.state(self.clock())})" for key in fits[:10])
                raise UsageError(f"{len(fits)} keys fit {shown(reference)}: {listed}", "give the id")
        raise NotFound(f"there is no key {shown(reference)}", "`gatewatch keys list` shows their ids and names")

    def record_use(self, last_used: Mapping[str, int]) -> None:
        """When keys (by kid) were last used, in µs; an earlier time than the known one changes nothing."""
        with self._change():
            self._connection.executemany(
                "UPDATE keys SET last_used_at = max(ifnull(last_used_at, 0), ?) WHERE kid = ?",
                [(at, kid) for kid, at in last_used.items()],
            )

    def generation(self) -> int:
        """Rises with every change of keys and teams."""
        return int(self._connection.execute("SELECT n FROM generation").fetchone()[0])

    # prices

    def add_price(self, row: PriceRow) -> None:
        """A price of the operator's own. Raises UsageError where one begins at that time under its conditions."""
        with self._change():
            try:
                overrides.add(self._connection, row)
            except ValueError as error:
                raise UsageError(str(error), "give it another beginning with --from") from None
            self._trail.add("price.set", f"{row.provider}/{row.model}", after=msgspec.to_builtins(row))

    def prices(self) -> list[PriceRow]:
        """The operator's prices in the order in which they were added."""
        return overrides.load(self._connection)

    # provider keys, settings, audit

    def provider_keys(self) -> list[ProviderKeyNote]:
        rows = self._connection.execute("SELECT name, version, set_at, set_by FROM provider_keys ORDER BY name")
        return [ProviderKeyNote(name=n, version=version, set_at=at, set_by=by) for n, version, at, by in rows]

    def note_provider_key(self, name: str) -> ProviderKeyNote:
        """Notes that the key of that name was put into the vault just now."""
        checked_name("provider key", name)
        with self._change():
            self._connection.execute(
                "INSERT INTO provider_keys (name, version, set_at, set_by) VALUES (?, 1, ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET version = version + 1, set_at = excluded.set_at, set_by = excluded.set_by",
                (name, self.clock(), self.actor),
            )
            (note,) = (note for note in self.provider_keys() if note.name == name)
            self._trail.add("provider_key.set", name, after={"version": note.version})
            return note

    def setting(self, name: str) -> str | None:
        row = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, name: str, value: str) -> None:
        """Stores a setting of this home. Not for secrets: it stands readable in the audit trail too."""
        with self._change():
            before = self.setting(name)
            self._connection.execute(
                "INSERT INTO settings VALUES (?1, ?2, ?3)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = excluded.set_at",
                (name, value, self.clock()),
            )
            self._trail.add("setting.set", name, before={"value": before}, after={"value": value})

    def audit(self, action: str, target: str, *, result: str = "ok", **after: object) -> None:
        """Notes what was done, or refused, outside of this store."""
        with self._change():
            self._trail.add(action, target, after=after or None, result=result)

    def audit_entries(self, limit: int = 100) -> list[AuditEntry]:
        """Newest first."""
        return self._trail.entries(limit)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One transaction: all of it or nothing. Raises ControlStoreError where the file cannot be written."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise ControlStoreError(
                f"the control store cannot be changed: {error}", "see `gatewatch doctor`"
            ) from error
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _find_team(self, name: str) -> Team | None:
        return next((team for team in self.teams() if team.name == name), None)

    def _add_team(self, name: str, managed_by: str) -> Team:
        for team in self.teams():
            if team.name.lower() == name.lower():
                raise UsageError(f"there is a team {team.name!r} already", "names may not differ by case alone")
        team = Team(name=name, created_at=self.clock(), created_by=self.actor, managed_by=managed_by)
        self._insert("teams", team)
        self._trail.add("team.create", name, after={"managed_by": managed_by})
        return team

    def _add_project(self, team: str, name: str) -> Project:
        for project in self.projects(team):
            if project.name.lower() == name.lower():
                raise UsageError(
                    f"team {team!r} has a project {project.name!r} already", "names may not differ by case alone"
                )
        project = Project(team=team, name=name, created_at=self.clock(), created_by=self.actor)
        self._insert("projects", project)
        self._trail.add("project.create", f"{team}/{name}")
        return project

    def _insert(self, table: str, record: msgspec.Struct, **further: object) -> None:
        row = msgspec.structs.asdict(record) | further
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", row)  # noqa: S608


def _told(record: KeyRecord) -> dict[str, object]:
    """A key as the audit trail tells it: what was given, not what is empty."""
    return {name: value for name, value in msgspec.to_builtins(record).items() if value is not None}


def _user() -> str:
    """Who runs this, by the operating system's account; the environment could claim anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
