"""A day is kept until its last moment is as old as it may become."""

from gatewatch.ledger.keeping import CLASSES, DAY_US, TABLES, Keeping

MIDNIGHT = 20_000 * DAY_US


def test_a_day_goes_at_midnight() -> None:
    keeping = Keeping(calls=7 * DAY_US)
    assert keeping.before("calls", MIDNIGHT) == MIDNIGHT - 7 * DAY_US
    assert keeping.before("calls", MIDNIGHT - 1) == MIDNIGHT - 8 * DAY_US
    assert keeping.before("calls", MIDNIGHT + DAY_US - 1) == MIDNIGHT - 7 * DAY_US


def test_what_is_kept_for_ever_never_goes() -> None:
    assert Keeping().before("calls", MIDNIGHT) is None
    assert Keeping().before("days", MIDNIGHT) is None


def test_bodies_and_segments_are_never_kept_longer_than_calls() -> None:
    keeping = Keeping(calls=7 * DAY_US, bodies=14 * DAY_US, journal=3 * DAY_US)
    assert (keeping.of("bodies"), keeping.of("journal")) == (7 * DAY_US, 3 * DAY_US)
    assert Keeping(bodies=14 * DAY_US).of("bodies") == 14 * DAY_US
    assert Keeping(calls=DAY_US, journal=None).of("journal") == DAY_US
    assert Keeping(calls=DAY_US).of("minutes") == 100 * DAY_US


def test_every_class_says_where_it_is() -> None:
    assert set(CLASSES) == set(TABLES) == set(Keeping.__struct_fields__)
    assert CLASSES[0] == "bodies"
