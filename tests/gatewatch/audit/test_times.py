"""Times are shown as people read them, and nothing else is taken for one."""

from gatewatch.audit.times import with_times

AT = 1_700_000_000_000_000
ISO = "2023-11-14T22:13:20.000000Z"


def test_times_are_found_by_their_names_however_deep_they_stand() -> None:
    told = {"expires_at": AT, "old_valid_until": AT, "keys": [{"revoked_at": AT}, {"revoked_at": None}], "at": AT}
    assert with_times(told) == {
        "expires_at": ISO,
        "old_valid_until": ISO,
        "keys": [{"revoked_at": ISO}, {"revoked_at": None}],
        "at": ISO,
    }


def test_other_numbers_and_texts_stay() -> None:
    told = {"max_tokens": AT, "looked_at": 5, "valid_until": 0, "flat": AT, "ended_at": "yesterday", "seen_at": True}
    assert with_times(told) == told
    assert with_times({"sent_at": 10**30}) == {"sent_at": 10**30}
    assert with_times(None) is None
