"""One registry: what can be done, where, by which key, and why not."""

from collections import Counter
from pathlib import Path

import pytest

from app.console.actions import ACTIONS, FOOTERS, PLACE_NAMES, Action, Situation, key_name, key_table, of_place

PAGE = Path(__file__).resolve().parents[3] / "docs" / "console.md"


def test_the_key_table_in_the_documentation_is_this_registry() -> None:
    begin, end = "<!-- keys: made from app/console/actions.py -->\n", "<!-- /keys -->"
    table = PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0]
    assert table == key_table(), "put what `python -m app.console.actions` prints between the two marks"


@pytest.mark.parametrize("place", FOOTERS)
def test_a_footer_has_at_most_eight_keys_that_work_there(place: str) -> None:
    assert len(FOOTERS[place]) <= 8
    works = {action.id for where in (place, "list", "everywhere") for action in of_place(where)}
    assert set(FOOTERS[place]) <= works
    width = sum(len(f"{key_name(ACTIONS[name].keys[0])} {ACTIONS[name].name}") for name in FOOTERS[place])
    assert width + 2 * (len(FOOTERS[place]) - 1) <= 78, "it has to fit into 80 cells"


@pytest.mark.parametrize("place", FOOTERS)
def test_a_key_means_one_thing_in_one_place(place: str) -> None:
    keys = Counter(key for where in (place, "list", "everywhere") for action in of_place(where) for key in action.keys)
    assert [key for key, times in keys.items() if times > 1] == []


def test_every_action_has_a_place_a_key_and_a_help_line() -> None:
    for action in ACTIONS.values():
        assert action.places
        assert set(action.places) <= set(PLACE_NAMES)
        assert action.keys
        assert action.help[0].isupper()
        assert not action.help.endswith(".")


def test_keys_arrive_over_ssh_and_through_tmux() -> None:
    """Letters, digits, arrows, what has been on every keyboard, and ctrl with a letter."""
    plain = {"slash", "colon", "question_mark", "space", "tab", "shift+tab", "escape", "enter"}
    plain |= {"up", "down", "left", "right", "home", "end", "pageup", "pagedown"}
    for action in ACTIONS.values():
        for key in action.keys:
            assert key in plain or len(key) == 1 or (key.startswith("ctrl+") and len(key) == 6), key


def test_what_is_not_possible_says_why() -> None:
    now = Situation()
    assert ACTIONS["list.open"].reason_against(now) == "the list is empty"
    assert ACTIONS["view.copy"].reason_against(now) == "there is no call here"
    assert ACTIONS["go.back"].reason_against(now) == "this is where it began"
    assert ACTIONS["calls.older"].reason_against(Situation(no_older=True)) == "there are no older calls that match"
    assert ACTIONS["app.quit"].reason_against(now) is None


def test_what_changes_the_gateway_is_refused_by_a_read_only_console() -> None:
    revoke = Action("keys.revoke", "revoke", "Revoke a key", ("r",), "screen.revoke", ("keys",), changes=True)
    assert revoke.reason_against(Situation(read_only=True)) == "this console is read-only"
    assert revoke.reason_against(Situation()) is None


def test_actions_that_are_not_possible_yet_still_have_their_screens() -> None:
    assert {place for action in ACTIONS.values() for place in action.places} == set(PLACE_NAMES)
