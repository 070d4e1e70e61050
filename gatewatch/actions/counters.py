"""Counters against the ledger, on demand: a gateway does it by itself each minute."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.errors import Unreachable
from gatewatch.money import usd_text
from gatewatch.timespan import iso


class VerifyCounters(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Takes nothing."""


@action("budgets.verify", Permission.BUDGETS_VIEW, VerifyCounters, changes=False)
def verify(acting: Acting, asked: VerifyCounters) -> dict[str, Any]:
    """How many counters were compared, and those that differed; they are set right. `skipped`: why that ended early.

    Raises Unreachable where no gateway runs.
    """
    del asked
    if acting.gateway is None:
        raise Unreachable("No gateway runs that counts.", "Start it: `gatewatch serve`.")
    found = acting.gateway.verify_counters()
    return {
        "at": iso(found["at"]),
        "compared": found["compared"],
        "differences": [_in_usd(each) for each in found["differences"]],
        "skipped": found["skipped"],
    }


def _in_usd(difference: dict[str, Any]) -> dict[str, Any]:
    if difference["measure"] != "picos":
        return difference
    amounts = {name: usd_text(difference[name]) for name in ("counted", "ledger")}
    return difference | {"measure": "usd"} | amounts
