"""Sinks of alerts: one tried out."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.errors import GatewatchError, Unreachable
from gatewatch.keys.secret_shapes import shown


class TryOut(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """`log`, `console`, or one of `alert_sinks`."""


@action("alerts.test", Permission.ALERTS_TEST, TryOut, changes=True)
def try_out(acting: Acting, asked: TryOut) -> dict[str, Any]:
    """Tells it of an alert that is none. Raises NotFound; GatewatchError where it was not taken, with the reason."""
    if acting.gateway is None:
        raise Unreachable("no gateway runs on this home, and its sinks are the gateway's own", "start it first")
    target = shown(asked.name).strip("'")
    try:
        answer = acting.gateway.test_alert_sink(asked.name)
    except GatewatchError as error:
        acting.store.audit("alert.test", target, result="failed", reason=error.title)
        raise
    acting.store.audit("alert.test", target, said=answer["said"])
    return answer
