"""Shows everything about one virtual key."""

from typing import Any

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.affected import would_break
from gatewatch.actions.keys.paused import pauses, with_pauses
from gatewatch.actions.keys.use import DAY_US, in_flight, running, secrets_with_last_use, use_since, with_last_use
from gatewatch.actions.keys.view import OneKey, secret_view, view, when
from gatewatch.authority.permissions import Permission
from gatewatch.control.records import KeyRecord, SecretRecord
from gatewatch.money import usd_text

SPAN_DAYS = 30


class ShowKey(OneKey, kw_only=True):
    """A key to look at."""


@action("keys.show", Permission.KEYS_VIEW, ShowKey, changes=False)
def show(acting: Acting, asked: ShowKey) -> dict[str, Any]:
    """`days30` and `day` are null where the ledger cannot be read; `use_unknown` says why then."""
    record = acting.seen_key(asked.key)
    now = acting.store.clock()
    secrets = acting.store.secrets(record.id)
    month = use_since(acting, [record.id], now - SPAN_DAYS * DAY_US)
    day = use_since(acting, [record.id], now - DAY_US)
    flying = running(in_flight(acting), record.id)
    shown = with_pauses(view(record, now), pauses(acting))
    return with_last_use(shown, month.of(record.id)) | {
        "used": used(acting, record),
        "secrets": secrets_with_last_use([secret_view(secret, now) for secret in secrets], month.of(record.id)),
        "old_in_use": _old_in_use(acting, record, secrets),
        "in_flight": flying,
        "networks_seen": [
            {"network": network, "since": when(at)} for network, at in acting.store.networks_used(record.id)
        ],
        "days30": month.of(record.id),
        "day": day.of(record.id),
        "use_unknown": month.unknown,
        "would_break": would_break(acting, record, day.of(record.id), flying),
    }


def used(acting: Acting, record: KeyRecord) -> dict[str, Any]:
    """What is used of a key's limits; null for one without: its calls are not counted before they are made."""
    found = acting.store.used(record.id)
    return {
        "uses": found.uses if record.is_capped else None,
        "tokens": found.tokens if record.is_capped else None,
        "usd": usd_text(found.picos) if record.is_capped else None,
        "held_tokens": found.held_tokens,
        "held_usd": usd_text(found.held_picos),
    }


def _old_in_use(acting: Acting, record: KeyRecord, secrets: list[SecretRecord]) -> list[dict[str, Any]] | None:
    """Who came with a replaced secret since the last rotation, the last seen first; null where it is not known."""
    if len(secrets) < 2:
        return []
    current = secrets[-1]
    use = use_since(acting, [record.id], max(current.created_at, acting.store.clock() - SPAN_DAYS * DAY_US))
    found = use.of(record.id)
    if found is None:
        return None
    return [caller for caller in found["callers"] if caller["key_version"] not in (None, current.version)]
