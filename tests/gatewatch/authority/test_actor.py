"""Who acts, and what is their business."""

from gatewatch.authority.actor import Actor
from gatewatch.authority.permissions import Permission


def test_an_actor_may_what_its_role_says() -> None:
    assert Actor(id="uwe", role="user").may(Permission.KEYS_VIEW)
    assert not Actor(id="uwe", role="user").may(Permission.KEYS_CREATE)
    assert not Actor(id="eve", role="none").may(Permission.LIVE_READ)


def test_a_team_bounds_what_is_reached_and_none_does_not() -> None:
    everybody, lead = Actor(id="root"), Actor(id="key:x", team="search")
    assert everybody.reaches("search")
    assert everybody.reaches(None)
    assert lead.reaches("search")
    assert not lead.reaches("chat")
    assert not lead.reaches("Search")
    assert not lead.reaches(None)
