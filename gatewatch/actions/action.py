"""An action: its name, the permission that it takes, what it is asked and what it does."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.authority.permissions import Permission

Asked = TypeVar("Asked", bound=msgspec.Struct)


class Action(Generic[Asked]):
    """One thing that can be done. Made by the decorator `action` beside its code, listed in `registry`."""

    def __init__(
        self,
        name: str,
        permission: Permission,
        asked: type[Asked],
        run: Callable[[Acting, Asked], Any],
        *,
        changes: bool,
    ) -> None:
        self.name = name
        """`keys.rotate`: the noun, then the deed. The path of the control API and the `action` of the audit trail."""
        self.permission = permission
        self.asked = asked
        self.run = run
        """Does it; its answer is made of structs, lists and JSON values. Raises GatewatchError."""
        self.changes = changes
        """Whether it changes something: then a read-only face does not offer it, and a denied try is audited."""


def action(
    name: str, permission: Permission, asked: type[Asked], *, changes: bool
) -> Callable[[Callable[[Acting, Asked], Any]], Action[Asked]]:
    """Make a function an action."""

    def made(run: Callable[[Acting, Asked], Any]) -> Action[Asked]:
        return Action(name, permission, asked, run, changes=changes)

    return made
