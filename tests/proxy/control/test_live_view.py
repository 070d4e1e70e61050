"""What of the live state is whose business."""

from gatewatch.authority.actor import Actor
from proxy.control.live_view import live_for

LIVE = {
    "version": "1",
    "pid": 7,
    "home": "/home",
    "listen": "http://apps",
    "started_at": 1,
    "config": {"version": "v", "path": "/etc/x", "warnings": ["team zebra"]},
    "vault": {"backend": "file"},
    "workers": [
        {
            "pid": 8,
            "config_version": "v",
            "draining": False,
            "in_flight": 3,
            "keys_used": {"zebrakid": 1},
            "rss_mb": 1.0,
        }
    ],
    "alarms": [{"name": "x", "text": "zebra", "since": 1}],
}


def test_who_has_all_teams_sees_all_of_it() -> None:
    assert live_for(Actor(id="alice"), LIVE) == LIVE


def test_a_key_of_one_team_is_told_that_the_gateway_is_there_and_nothing_that_others_do() -> None:
    assert live_for(Actor(id="key:x", team="search"), LIVE) == {
        "version": "1",
        "listen": "http://apps",
        "started_at": 1,
        "config": {"version": "v"},
        "workers": [{"pid": 8, "config_version": "v", "draining": False}],
        "alarms": [],
        "team": "search",
    }


def test_what_is_added_to_the_live_state_is_not_told_to_one_team_by_itself() -> None:
    more = LIVE | {"calls": ["zebra"], "workers": [{**LIVE["workers"][0], "calls": ["zebra"]}]}  # type: ignore[index]
    assert "zebra" not in str(live_for(Actor(id="key:x", team="search"), more))
