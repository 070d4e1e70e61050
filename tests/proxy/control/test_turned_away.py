"""Somebody who is not let in."""

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed
from proxy.control.turned_away import TurnedAway


def test_it_is_a_refusal_with_a_status_and_keeps_its_reason_to_itself() -> None:
    away = TurnedAway(401, "No.", "Ask.", actor=Actor(id="nobody"), reason="revoked: abcdefgh")
    assert isinstance(away, NotAllowed)
    assert (away.status, away.exit_code, away.retry_after) == (401, 4, None)
    assert "abcdefgh" not in str(away)
