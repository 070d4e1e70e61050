"""The decorator that makes a function an action."""

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import Action, action
from gatewatch.authority.permissions import Permission


class Asked(msgspec.Struct):
    name: str


def test_a_function_becomes_an_action_that_knows_what_it_takes() -> None:
    @action("teams.greet", Permission.TEAMS_VIEW, Asked, changes=False)
    def greet(acting: Acting, asked: Asked) -> str:
        del acting
        return f"hello {asked.name}"

    assert isinstance(greet, Action)
    assert (greet.name, greet.permission, greet.asked, greet.changes) == (
        "teams.greet",
        Permission.TEAMS_VIEW,
        Asked,
        False,
    )
