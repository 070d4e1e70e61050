"""What the ledger has in the windows of rules, and why it cannot be asked."""

from typing import cast

import pytest

from gatewatch.errors import GatewatchError
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.counters import Seed, Seeds
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from proxy.control.compared import load, used

MINUTE = Window(seconds=60)
RULE = Rule(id="r", kind="limit", scope="user", measure="tokens", most=1, window=MINUTE)
AT = 1_795_168_800_000_000


def test_only_what_is_in_the_window_is_compared() -> None:
    inside, outside = MINUTE.bucket(AT), MINUTE.bucket(AT - 70_000_000)
    seeds = Seeds(
        rules=("r",),
        seeds=(Seed("r|ann", {inside: 5, outside: 7}), Seed("r|bob|x", {outside: 7}), Seed("r|", {inside: 1})),
    )
    assert used(seeds, [RULE], AT) == {"r|ann": 5, "r|": 1}


@pytest.mark.parametrize(
    ("failure", "said"),
    [(GatewatchError("The ledger is closed"), "The ledger is closed"), (OSError("disk"), "cannot be loaded: disk")],
)
def test_a_ledger_that_cannot_be_loaded_says_why(failure: Exception, said: str) -> None:
    class Failing:
        def load_once(self) -> None:
            raise failure

    with pytest.raises(GatewatchError, match=said):
        load(cast("LedgerService", Failing()))
