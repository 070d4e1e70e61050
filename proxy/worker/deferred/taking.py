"""A call that may wait is taken: kept first, then acknowledged with a 202.

Keeps true: whoever was told 202 has a call that survives a kill and a power cut; what it may use at most is held from
then on, in its own limits and budgets and in its key's caps, until it has ended.
"""

import sqlite3

import msgspec

from gatewatch.deferred.entry import Entry, Text
from gatewatch.deferred.store import Full
from proxy.settings import Deferring
from proxy.worker.answer_headers import JSON, id_headers, limit_headers
from proxy.worker.deferred.deferral import Deferral
from proxy.worker.deferred.kept import Kept
from proxy.worker.deferred.kept_headers import kept_headers
from proxy.worker.deferred.told import accepted, no_room, not_kept, waiting_headers
from proxy.worker.inbound import Inbound


async def keep(kept: Kept, inbound: Inbound, deferral: Deferral, deferring: Deferring) -> Entry:
    """Write it down. Raises Refusal where there is no room, or no disk."""
    entry = _entry(inbound, deferral)
    text = Text(headers=kept_headers(inbound.headers), body=msgspec.json.encode(inbound.body), call=inbound.call)
    try:
        await kept.do(lambda store: store.add(entry, text, most_calls=deferring.calls, most_bytes=deferring.size))
    except Full as full:
        raise no_room(str(full)) from None
    except (sqlite3.Error, OSError) as error:
        raise not_kept(str(error)) from None
    return entry


def acknowledge(inbound: Inbound, entry: Entry) -> None:
    """From here on its caller counts on it."""
    headers = [JSON, *id_headers(inbound), *waiting_headers(entry, entry.accepted_at), *limit_headers(inbound)]
    inbound.request.reply(202, headers, accepted(entry))


def _entry(inbound: Inbound, deferral: Deferral) -> Entry:
    call, known = inbound.call, inbound.known
    assert known
    return Entry(
        id=call.call_id,
        way=deferral.way,
        accepted_at=call.started_at,
        deadline=deferral.deadline,
        next_at=deferral.next_at,
        kid=known.kid,
        key_id=known.key.id,
        team=known.key.team,
        environment=known.key.environment,
        user=known.key.user,
        endpoint=call.endpoint,
        route=call.requested_model or "",
        provider=call.provider or "",
        model=call.model or "",
        held_tokens=inbound.held.tokens if inbound.held else None,
        held_picos=inbound.held.picos if inbound.held else None,
    )
