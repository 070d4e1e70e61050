"""Deeds go out in their turn, in portions, and again where nobody confirmed them."""

import pytest

from gatewatch.limits.shared import deeds as deeds_module
from gatewatch.limits.shared.deeds import AT_ONCE, Deed, Deeds


def owing(count: int) -> Deeds:
    deeds = Deeds()
    for _ in range(count):
        deeds.add((), (), None)
    return deeds


def sent(deeds: Deeds) -> list[int]:
    said: list[Deed] = []
    deeds.send(said.append)
    return [deed.number for deed in said]


def test_no_more_are_on_their_way_than_a_reservation_may_wait_for() -> None:
    deeds = owing(3 * AT_ONCE)
    assert sent(deeds) == [*range(1, AT_ONCE + 1)]
    assert sent(deeds) == []
    assert not deeds.confirmed(1)
    assert deeds.confirmed(AT_ONCE - 1)
    assert sent(deeds) == [*range(AT_ONCE + 1, 2 * AT_ONCE)]
    assert len(deeds) == 3 * AT_ONCE - (AT_ONCE - 1)


def test_what_was_not_confirmed_is_sent_again_before_what_was_not_sent() -> None:
    deeds = owing(AT_ONCE + 2)
    sent(deeds)
    deeds.confirmed(3)
    deeds.begin_again(5)
    assert [deed.number for deed in deeds] == [*range(6, AT_ONCE + 3)]
    assert sent(deeds)[:2] == [6, 7]


def test_a_new_deed_is_told_as_a_later_one_than_all_that_the_store_has_done() -> None:
    deeds = Deeds()
    deeds.begin_again(41)
    deeds.add((), (), None)
    assert sent(deeds) == [42]


def test_when_it_is_too_much_nothing_is_kept_until_it_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deeds_module, "MOST_OWED", 5)
    deeds = owing(20)
    assert (len(deeds), deeds.is_too_much) == (0, True)
    assert caplog.text.count("counted anew") == 1
    deeds.is_too_much = False
    deeds.add((), (), None)
    assert sent(deeds) == [21]
