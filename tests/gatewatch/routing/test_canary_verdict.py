"""When a canary is stopped: twenty tries at least, more than one in twenty failed, and twice as often as elsewhere."""

import pytest

from gatewatch.routing.canary_verdict import Tries, fault_of


@pytest.mark.parametrize(
    ("canary", "others", "stopped"),
    [
        ((19, 19), (100, 0), False),  # too few to be sure
        ((20, 1), (100, 0), False),  # 5 %, which is allowed
        ((20, 2), (100, 0), True),
        ((20, 2), (100, 5), False),  # exactly twice as bad
        ((20, 2), (100, 4), True),
        ((200, 100), (200, 100), False),  # everything is bad
        ((20, 20), (0, 0), True),  # nothing to compare with
        ((1000, 0), (1000, 500), False),
    ],
)
def test_a_canary_that_does_worse_than_the_others_is_stopped(
    canary: tuple[int, int], others: tuple[int, int], stopped: bool
) -> None:
    assert (fault_of(Tries(*canary), Tries(*others)) is not None) is stopped


def test_the_reason_has_the_figures() -> None:
    assert fault_of(Tries(20, 5), Tries(200, 2)) == "25.0% of 20 tries failed there; 1.0% of 200 at the other targets"
    assert fault_of(Tries(20, 5), Tries(0, 0)) == "25.0% of 20 tries failed there; nothing to compare with"
