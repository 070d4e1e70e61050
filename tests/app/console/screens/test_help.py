"""Help is made from the registry."""

from app.console.actions import Situation, key_name, of_place
from app.console.screens.help import help_text


def test_all_keys_of_a_place_are_there() -> None:
    text = help_text("calls", Situation(selected=True, can_go_back=True)).plain
    for place in ("calls", "list", "everywhere"):
        for action in of_place(place):
            assert action.help.replace("`", "") in text
            assert all(key_name(key) in text for key in action.keys)
    assert "Next window" not in text


def test_what_cannot_be_done_now_says_why() -> None:
    assert "(not now: there is no call here)" in help_text("calls", Situation()).plain
    assert "not now" not in help_text("calls", Situation(selected=True, can_go_back=True)).plain
