"""Every action: named by its noun and deed, asked for with a struct that takes nothing unknown."""

import msgspec
import pytest

from gatewatch.actions.action import Action
from gatewatch.actions.reach import WITHIN_ONE_TEAM
from gatewatch.actions.registry import actions
from gatewatch.authority.permissions import PERMISSIONS


@pytest.mark.parametrize("action", actions().values(), ids=lambda action: action.name)
def test_an_action_is_named_by_noun_and_deed_and_takes_nothing_unknown(action: "Action[msgspec.Struct]") -> None:
    noun, _, deed = action.name.partition(".")
    assert noun.isidentifier()
    assert deed.replace(".", "_").isidentifier()
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"nonsense": 1}, action.asked)


def test_what_changes_something_is_not_for_those_who_only_look() -> None:
    changed = [each.name for each in actions().values() if each.changes and each.permission in PERMISSIONS["user"]]
    assert changed == ["keys.found"], "which takes the secret of each key that it flags"


def test_what_is_kept_to_a_team_exists() -> None:
    assert set(actions()) >= WITHIN_ONE_TEAM
