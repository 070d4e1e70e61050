"""Counters are compared with the ledger on demand: by the gateway that runs."""

from pathlib import Path
from typing import Any

import pytest

from gatewatch.errors import Unreachable
from tests.kit.acting import RunningGateway, Stage


class Differing(RunningGateway):
    """A gateway in which two counters are wrong."""

    def verify_counters(self) -> dict[str, Any]:
        return {
            "at": 0,
            "compared": 7,
            "skipped": None,
            "differences": [
                {"rule": "b", "name": "search", "measure": "picos", "counted": 10**12, "ledger": 5 * 10**11},
                {"rule": "l", "name": "k1", "measure": "requests", "counted": 3, "ledger": 4},
            ],
        }


def test_differences_are_told_as_budgets_are(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.gateway = Differing()
    found = stage.do("budgets.verify")
    assert (found["at"], found["compared"]) == ("1970-01-01T00:00:00.000000Z", 7)
    assert [(each["measure"], each["counted"], each["ledger"]) for each in found["differences"]] == [
        ("usd", "1", "0.5"),
        ("requests", 3, 4),
    ]


def test_where_no_gateway_runs_nothing_is_counted(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        Stage(tmp_path).do("budgets.verify")
