"""Which login user of this machine has which role.

Keeps true: the account that owns the home is a super-admin, whatever stands here, and after every change some login
user is one: nobody locks out the last.
"""

import os
from pathlib import Path

import msgspec

from gatewatch.authority.login_user import account_name
from gatewatch.authority.permissions import RoleName
from gatewatch.control.names import checked_name
from gatewatch.control.teams import Teams
from gatewatch.errors import NotAllowed, NotFound

EVERYBODY = "*"
"""Stands for all who are not named."""


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """A login user's role, or everybody's."""

    name: str
    role: RoleName
    set_at: int
    set_by: str


class Operators(Teams):
    """Whoever reaches a home's files or its socket is a super-admin, unless something else stands here."""

    def role_of(self, login: str) -> RoleName:
        """The role of a login user: their own, else everybody's, else super-admin."""
        if login == self.owner():
            return "super-admin"
        roles = {operator.name: operator.role for operator in self.operators()}
        return roles.get(login) or roles.get(EVERYBODY) or "super-admin"

    def owner(self) -> str | None:
        """The account that owns the home's files; None for a store without a file."""
        path = self.connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
        return account_name(os.stat(Path(path).parent).st_uid) if path else None

    def operators(self) -> list[Operator]:
        """Those whose role was set, by name."""
        rows = self.connection.execute("SELECT name, role, set_at, set_by FROM operators ORDER BY name")
        return [Operator(name=name, role=role, set_at=at, set_by=by) for name, role, at, by in rows]

    def set_role(self, login: str, role: RoleName) -> Operator:
        """Give a login user (or `*`) a role. Raises UsageError for an unfit name, NotAllowed for a lock-out."""
        if login != EVERYBODY:
            checked_name("login user", login)
        self._not_the_owner(login)
        with self.change():
            before = self._operator(login)
            now = Operator(name=login, role=role, set_at=self.clock(), set_by=self.actor.id)
            self.connection.execute(
                "INSERT INTO operators (name, role, set_at, set_by) VALUES (?, ?, ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET role = excluded.role, set_at = excluded.set_at, set_by = excluded.set_by",
                msgspec.structs.astuple(now),
            )
            self._somebody_is_left()
            self.trail.add(
                "role.set", login, before={"role": before.role if before else None}, after={"role": now.role}
            )
            return now

    def unset_role(self, login: str) -> Operator:
        """Take a login user's (or `*`'s) own role away; what it was. Raises NotFound, NotAllowed for a lock-out."""
        with self.change():
            before = self._operator(login)
            if before is None:
                raise NotFound(f"{login} has no role of their own", "`gatewatch roles list` shows who has")
            self.connection.execute("DELETE FROM operators WHERE name = ?", (login,))
            self._somebody_is_left()
            self.trail.add("role.unset", login, before={"role": before.role}, after={"role": None})
            return before

    def _operator(self, login: str) -> Operator | None:
        return next((operator for operator in self.operators() if operator.name == login), None)

    def _not_the_owner(self, login: str) -> None:
        if login == self.owner():
            raise NotAllowed(
                f"{login} owns this home and stays its super-admin", "whoever has the files can change them anyway"
            )

    def _somebody_is_left(self) -> None:
        """Raises NotAllowed where no login user would be a super-admin: not every account can log in."""
        roles = {operator.name: operator.role for operator in self.operators()}
        if roles.get(EVERYBODY, "super-admin") == "super-admin" or self.actor.id == self.owner():
            return
        if "super-admin" not in roles.values():
            raise NotAllowed(
                "no login user would be a super-admin any more",
                f"name one first: `gatewatch roles set {self.actor.id if self.actor.key_id is None else 'LOGIN'}"
                " super-admin`",
            )
