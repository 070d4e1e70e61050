"""A call id is a UUIDv7: it sorts by time and tells its own."""

import time
import uuid

import pytest

from gatewatch.ids import milliseconds_of, new_call_id


def test_an_id_is_a_uuid_of_version_7_and_of_the_rfc_variant() -> None:
    made = uuid.UUID(new_call_id())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_an_id_bounds_the_time_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = milliseconds_of(new_call_id())
    after = time.time_ns() // 1_000_000
    assert before <= made <= after


def test_the_time_of_the_rfc_s_example_is_read() -> None:
    # RFC 9562, appendix A.6: 2022-02-22 14:22:22.00 GMT-05:00
    assert milliseconds_of("017F22E2-79B0-7CC3-98C4-DC0C0C07398F") == 1_645_557_742_000


def test_ids_sort_by_the_microsecond_in_which_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1_645_557_742_000_000_000, 1_645_557_742_002_000_000, 1_000))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    made = [new_call_id() for _ in range(2000)]
    assert made == sorted(made)


def test_ids_of_one_instant_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_645_557_742_000_000_000)
    assert len({new_call_id() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "call-1", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "'; DROP TABLE calls --"])
def test_anything_else_is_no_call_id(text: str) -> None:
    with pytest.raises(ValueError, match=r"UUID"):
        milliseconds_of(text)
