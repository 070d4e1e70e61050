"""Which login user of this machine has which role."""

from gatewatch.authority.permissions import RoleName
from gatewatch.control.teams import Teams

EVERYBODY = "*"


class Operators(Teams):
    """Whoever reaches a home's files or its socket is a super-admin, unless something else stands here."""

    def role_of(self, login: str) -> RoleName:
        """The role of a login user: their own, else everybody's, else super-admin."""
        roles = self.roles()
        return roles.get(login) or roles.get(EVERYBODY) or "super-admin"

    def roles(self) -> dict[str, RoleName]:
        """Login user (or `*`) → role, as far as they were set."""
        return dict(self.connection.execute("SELECT name, role FROM operators ORDER BY name").fetchall())
