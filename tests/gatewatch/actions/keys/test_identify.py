"""A secret turned up somewhere: whose is it?"""

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys import token
from tests.kit.acting import Stage


def test_a_secret_is_recognised_also_within_text_and_also_when_it_works_no_more(stage: Stage) -> None:
    made = stage.key("app")
    stage.do("keys.rotate", key="app", grace_us=0)
    stage.do("keys.revoke", key="app")
    found = stage.do("keys.identify", text=f'export KEY="{made["secret"]}"  # oops')
    assert (found["id"], found["state"], found["genuine"]) == (made["id"], "revoked", True)
    assert found["secret_version"]["version"] == 1
    assert made["secret"][20:] not in repr(found)


def test_a_part_or_an_invention_names_the_key_but_is_not_its_secret(stage: Stage) -> None:
    made = stage.key("app")
    other = token.mint("client", "live")
    for text in (made["secret"][:30], made["secret"][:-1] + "!", made["secret"][:20] + other[20:]):
        found = stage.do("keys.identify", text=text)
        assert (found["id"], found["genuine"]) == (made["id"], False)


def test_what_is_no_key_of_ours_is_not_found_and_never_repeated(stage: Stage) -> None:
    stage.key("app")
    stranger = token.mint("client", "live")
    with pytest.raises(NotFound) as unknown:
        stage.do("keys.identify", text=stranger)
    assert stranger[20:] not in str(unknown.value)
    with pytest.raises(UsageError) as nothing:
        stage.do("keys.identify", text="sk-proj-abcdefghijklmnop1234567890")
    assert "abcdefgh" not in str(nothing.value)


def test_another_teams_key_is_not_told(stage: Stage) -> None:
    made = stage.key("app")
    with pytest.raises(NotFound):
        stage.do("keys.identify", Actor(id="key:x", role="user", team="billing"), text=made["secret"])
