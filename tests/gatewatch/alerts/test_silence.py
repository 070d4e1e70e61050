"""Which alerts a silence is about, and until when."""

import pytest

from gatewatch.alerts.silence import Silence, is_silenced


def silence(pattern: str, until: int = 100) -> Silence:
    return Silence(id="s", pattern=pattern, until=until, reason="why", created_at=0, created_by="ann")


@pytest.mark.parametrize(
    ("pattern", "covers"),
    [
        ("slow", True),
        ("slow|team/search", True),
        ("slow|team/*", True),
        ("*|team/search", True),
        ("*", True),
        ("s*w", True),
        ("slo", False),
        ("Slow", False),
        ("slow|team/sea", False),
        ("team/search", False),
    ],
)
def test_a_pattern_is_an_alert_or_an_alert_with_its_subject(pattern: str, covers: bool) -> None:
    assert silence(pattern).covers("slow|team/search") is covers


def test_it_ends_by_itself() -> None:
    assert is_silenced("slow|gateway", [silence("other"), silence("slow")], 99)
    assert not is_silenced("slow|gateway", [silence("slow")], 100)
    assert not is_silenced("slow|gateway", [], 0)
