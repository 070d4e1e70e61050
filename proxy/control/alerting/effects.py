"""What alerts do to calls while they fire."""

from collections.abc import Iterable

from gatewatch.alerts.alert import Alert, Reading
from gatewatch.control.alerts import AlertRow, Effect
from gatewatch.limits.rule import SCOPES
from proxy.settings import Override


def effects(alert: Alert, reading: Reading) -> tuple[Effect, ...]:
    """Of an alert that begins to fire."""
    found = []
    for deed in alert.do:
        match deed, reading.scope:
            case "shift", "provider_key":
                found.append(Effect(kind="shift", scope="provider", name=reading.name.partition("/")[0]))
            case "shift", "provider" | "model":
                found.append(Effect(kind="shift", scope=reading.scope, name=reading.name))
            case "pause", "key":
                found.append(Effect(kind="pause", scope="key", name=reading.name))
            case ("step_down" | "throttle") as kind, scope if scope in _OF_A_CALL:
                found.append(Effect(kind=kind, scope=scope, name=reading.name))
            case _:  # `notify`, and what a budget's scope does not allow
                pass
    return tuple(found)


def overrides(rows: Iterable[AlertRow]) -> tuple[Override, ...]:
    """What workers are told. An alert that is over has in its row what stays."""
    return tuple(
        Override(kind=effect.kind, scope=effect.scope, name=effect.name, because=f"alert {row.id}")
        for row in rows
        for effect in row.actions
    )


_OF_A_CALL = frozenset(SCOPES) - {"model", "provider_key"}
"""What is known of a call before it is clear where it goes."""
