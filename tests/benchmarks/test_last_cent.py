from decimal import Decimal
from typing import Any

from benchmarks.last_cent import Round


def a_round(**fields: Any) -> Round:
    usual = Round(served=16, refused=84, other=0, spent=Decimal("0.0100"), most_reserved=Decimal("0.0006"))
    return usual._replace(**fields)


def test_a_round_holds_up_to_one_reservation_beyond_the_cent() -> None:
    assert a_round().holds
    assert a_round(spent=Decimal("0.0106")).holds
    assert a_round(spent=Decimal("0.0106")).beyond == Decimal("0.0006")
    assert not a_round(spent=Decimal("0.010601")).holds


def test_a_round_in_which_nothing_was_spent_or_nothing_refused_proves_nothing() -> None:
    assert not a_round(served=0, refused=100).holds
    assert not a_round(served=100, refused=0).holds
    assert not a_round(other=1).holds
