"""Who is affected when keys are rotated or revoked: told before it is done."""

from typing import Any, Literal

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.meant import KeysMeant, in_grace, keys_meant
from gatewatch.actions.keys.use import DAY_US, in_flight, running, secrets_with_last_use, use_since, with_last_use
from gatewatch.actions.keys.view import secret_view, view
from gatewatch.authority.permissions import Permission
from gatewatch.control.records import KeyRecord

Deed = Literal["rotate", "end_grace", "revoke"]


class Affected(KeysMeant, kw_only=True):
    """Keys, and what is to be done to them."""

    deed: Deed = "revoke"


@action("keys.affected", Permission.KEYS_VIEW, Affected, changes=False)
def affected(acting: Acting, asked: Affected) -> list[dict[str, Any]]:
    """Each key with its callers of the last 24 h, its calls in flight and what would break; nothing is changed."""
    meant = keys_meant(acting, asked)
    now = acting.store.clock()
    use = use_since(acting, [record.id for record in meant], now - DAY_US)
    flights = in_flight(acting)
    together = frozenset(record.id for record in meant)
    rows = []
    for record in meant:
        secrets = acting.store.secrets(record.id)
        day = use.of(record.id)
        rows.append(
            with_last_use(view(record, now), day)
            | {
                "old": secrets_with_last_use([secret_view(secret, now) for secret in in_grace(secrets, now)], day),
                "in_flight": running(flights, record.id),
                "day": day,
                "day_unknown": use.unknown,
                "would_break": would_break(acting, record, day, running(flights, record.id), together)
                if asked.deed == "revoke"
                else [],
            }
        )
    return rows


def would_break(
    acting: Acting,
    record: KeyRecord,
    day: dict[str, Any] | None,
    flying: int | None,
    together: frozenset[str] = frozenset(),
) -> list[str]:
    """What would stop if the key were revoked now, in words; `together`: the ids of those that go with it."""
    if record.revoked_at is not None:
        return []
    found = []
    callers = day["callers_in_all"] if day else 0
    if day and day["calls"] > day["blocked"]:
        found.append(f"{counted(callers, 'caller')} of the last 24 h would be refused")
    if flying:
        found.append(f"{counted(flying, 'call')} in flight would be cut")
    others = [
        other
        for other in acting.store.keys(record.team)
        if other.id not in {record.id, *together}
        and other.kind == record.kind
        and other.state(acting.store.clock()) == "active"
    ]
    if record.service is not None and not any(other.service == record.service for other in others):
        found.append(f"service {record.service} has no other key")
    elif record.project is not None and not any(other.project == record.project for other in others):
        found.append(f"project {record.project} has no other key")
    if not others:
        found.append(f"team {record.team} has no other {record.kind} key")
    return found


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
