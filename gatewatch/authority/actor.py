"""Who does something: a login user of this machine, or an admin key."""

import msgspec

from gatewatch.authority.permissions import PERMISSIONS, Permission, RoleName


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Stands in the audit trail with everything that it does or tries."""

    id: str
    """A login name, `key:<id>` of an admin key, or `gateway`."""
    role: RoleName = "super-admin"
    source: str | None = None
    """From where: a process of this machine, or an address."""
    team: str | None = None
    """The only team whose things it may touch; None: every team's."""
    project: str | None = None
    """The only project within its team whose keys it may touch."""
    test_only: bool = False
    """It came with a test key: test keys are its business, and nothing else that could be changed."""
    key_id: str | None = None
    """The admin key that it came with: what it makes is never more than this key may."""
    request_id: str | None = None

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    def reaches(self, team: str | None) -> bool:
        """Whether things of that team (None: of no team) are its business."""
        return self.team is None or team == self.team
