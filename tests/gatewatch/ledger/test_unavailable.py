"""A ledger that cannot be used is like a gateway that cannot be reached."""

from gatewatch.errors import Unreachable
from gatewatch.ledger.unavailable import LedgerDamaged, LedgerLocked, LedgerUnavailable, TooSlow


def test_scripts_see_exit_code_5() -> None:
    for kind in (LedgerUnavailable, LedgerLocked, LedgerDamaged):
        assert issubclass(kind, Unreachable)
        assert kind("x").exit_code == 5
    assert TooSlow("x").exit_code == 1
