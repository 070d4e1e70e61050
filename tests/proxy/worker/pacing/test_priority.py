"""`x-gatewatch-priority` as callers write it."""

import pytest

from proxy.refusal import Refusal
from proxy.settings import Pacing
from proxy.worker.pacing.priority import priority_of

ANY = Pacing()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, None),
        (b"normal", None),
        (b"", None),
        (b"urgent", "urgent"),
        (b" Batch ", "batch"),
        (b"URGENT", "urgent"),
        (b"Deferred", "deferred"),
    ],
)
def test_urgent_normal_batch_and_deferred_are_understood(said: bytes | None, meant: str | None) -> None:
    headers = {} if said is None else {b"x-gatewatch-priority": said}
    assert priority_of(headers, "search", ANY) == meant


def test_another_word_is_an_error_that_names_the_header() -> None:
    with pytest.raises(Refusal) as raised:
        priority_of({b"x-gatewatch-priority": b"bacth"}, "search", ANY)
    refusal = raised.value
    assert (refusal.status, refusal.code, refusal.param) == (400, "invalid_priority", "x-gatewatch-priority")
    assert "urgent, normal, batch or deferred" in refusal.message
    assert "bacth" not in refusal.message


def test_a_team_that_may_not_be_urgent_is_served_like_any_other() -> None:
    pacing = Pacing(urgent_teams=("oncall",))
    urgent = {b"x-gatewatch-priority": b"urgent"}
    assert priority_of(urgent, "oncall", pacing) == "urgent"
    assert priority_of(urgent, "search", pacing) is None
    assert priority_of(urgent, None, pacing) is None
    assert priority_of({b"x-gatewatch-priority": b"batch"}, "search", pacing) == "batch"
