"""Deferred calls go to a provider together, through its batch API.

Keeps true: every call passes all stages again before it is handed over, and what it may cost is held until its result
is there; before anything is sent it is written down which calls are on their way; a call whose result does not come in
time runs like any other, and what the batch may have cost for it stands in its row.
"""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from gatewatch.call import Attempt
from gatewatch.deferred.deadline import late_from
from gatewatch.deferred.entry import Batch, Entry
from gatewatch.ids import new_call_id
from proxy.deferring.anthropic_batches import AnthropicBatches
from proxy.deferring.batch_api import BatchApi, Line
from proxy.deferring.direct import Direct
from proxy.deferring.finishing import now_us
from proxy.deferring.holds import Holds
from proxy.deferring.openai_batches import OpenAiBatches
from proxy.deferring.plain_exchange import Away, Said
from proxy.refusal import Refusal
from proxy.worker.channel import Channel
from proxy.worker.deferred.again import again
from proxy.worker.deferred.ways import takes_batches
from proxy.worker.gateway import Gateway
from proxy.worker.inbound import Inbound
from proxy.worker.passage import best_passage

MOST_BYTES = 64 * 1024 * 1024
"""Of the requests of one batch: they are in memory at once while they are handed over."""
FIRST_LOOK_US = 2_000_000
_AGAIN_US = 30_000_000

log = logging.getLogger("gatewatch.worker")


class _Place(NamedTuple):
    """What the calls of one batch have in common."""

    provider: str
    key: str
    dialect: str
    model: str
    endpoint: str
    more: bytes
    """Header lines."""


def api_of(dialect: str) -> BatchApi:
    """The form that is spoken beside a dialect."""
    return AnthropicBatches() if dialect == "anthropic-messages" else OpenAiBatches()


class Batching:
    """Hands calls over. Of the worker that runs deferred calls."""

    def __init__(self, gateway: Gateway, direct: Direct, holds: Holds) -> None:
        self._gateway = gateway
        self._direct = direct
        self._holds = holds
        self._kept = gateway.deferred.kept

    async def submit(self, entries: Sequence[Entry]) -> list[Batch]:
        """The batches that they are in now. Others run otherwise, or later, as their states say.

        Raises sqlite3.Error, OSError.
        """
        places: dict[_Place, tuple[Channel, list[tuple[Entry, Line]]]] = {}
        for entry in entries:
            found = await self._prepared(entry)
            if found is not None:
                place, channel, line = found
                places.setdefault(place, (channel, []))[1].append((entry, line))
        made = [await self._hand_over(place, channel, calls) for place, (channel, calls) in places.items()]
        return [batch for batch in made if batch is not None]

    async def _prepared(self, entry: Entry) -> tuple[_Place, Channel, Line] | None:
        """None: it does not go into a batch now; its state says what becomes of it."""
        text = await self._kept.do(lambda store: store.text(entry.id))
        inbound, request = again(entry, text, "passing", "batch")
        self._holds.begin(entry.id)
        try:
            await self._gateway.pass_again(inbound)
        except Refusal as refusal:
            self._direct.refuse(inbound, refusal)
            await self._direct.after(entry, text, inbound, request)
            return None
        self._holds.keep(inbound)
        assert inbound.deferred
        assert inbound.deferred.route
        route = inbound.deferred.route
        target = route.targets[0]
        upstream = self._gateway.upstreams[target.provider]
        try:
            channel, passage = best_passage(upstream, target, route, inbound)
        except Refusal:
            await self._otherwise(entry, inbound)
            return None
        key = upstream.keys.choose(inbound.call.team, route.name, target.model, ())
        if key is None or not takes_batches(upstream.provider, channel.dialect.name, entry.endpoint):
            await self._otherwise(entry, inbound)
            return None
        own = entry.endpoint in channel.dialect.endpoints
        more = channel.varying_headers(inbound.headers, own_dialect=own)
        place = _Place(target.provider, key.id, channel.dialect.name, target.model, entry.endpoint, more)
        entry.provider, entry.model, entry.routed_by = target.provider, target.model, inbound.call.routed_by
        return place, channel.with_key(key), Line(entry.id, passage.request)

    async def _otherwise(self, entry: Entry, inbound: Inbound) -> None:
        """It runs like any other call, now."""
        inbound.give_back_turns()
        entry.way, entry.next_at = "standard", now_us()
        await self._kept.do(lambda store: store.put(entry))

    async def _hand_over(self, place: _Place, channel: Channel, calls: list[tuple[Entry, Line]]) -> Batch | None:
        entries, now = [entry for entry, _ in calls], now_us()
        batch = Batch(
            id=new_call_id(),
            provider=place.provider,
            key_id=place.key,
            dialect=place.dialect,
            model=place.model,
            endpoint=place.endpoint,
            submitted_at=now,
            next_at=now + min(FIRST_LOOK_US, self._gateway.settings.deferring.poll),
        )
        for entry in entries:
            entry.state, entry.batch, entry.began_at, entry.tries = "submitting", batch.id, now, entry.tries + 1
        await self._kept.do(lambda store: store.put(*entries, batch=batch))
        url = "/v1" + channel.dialect.path(place.endpoint, place.model, False).partition("?")[0]
        try:
            lines = [line for _, line in calls]
            batch.upstream_id = await api_of(place.dialect).submit(channel, url, lines, batch.id, place.more)
        except (Said, Away) as error:
            await self._not_taken(batch, entries, error)
            return None
        for entry in entries:
            entry.state, entry.next_at = "batched", late_from(entry.accepted_at, entry.deadline)
        await self._kept.do(lambda store: store.put(*entries, batch=batch))
        log.info("deferred: %d calls went to %s as batch %s", len(entries), place.provider, batch.upstream_id)
        return batch

    async def _not_taken(self, batch: Batch, entries: list[Entry], error: Said | Away) -> None:
        """What will not go well another time goes another way. What may have been heard may be bought."""
        log.warning("deferred: %s did not take a batch of %d calls: %s", batch.provider, len(entries), error)
        is_final = isinstance(error, Said) and not error.is_passing
        was_heard = isinstance(error, Away) and error.sent
        now = now_us()
        for entry in entries:
            text = await self._kept.do(lambda store, id=entry.id: store.text(id))  # type: ignore[misc]
            if is_final:
                entry.way = "standard"
            lost = entry.lost_picos + ((text.call.cost_picos or 0) if was_heard else 0)
            tried = tried_in(batch, entry, "error", "batch_refused", str(error))
            at = now if is_final else min(now + _AGAIN_US, late_from(entry.accepted_at, entry.deadline))
            await self._direct.put_back(entry, [*text.earlier, tried], lost, at)
        await self._kept.do(lambda store: store.drop_batch(batch.id))


def tried_in(
    batch: Batch,
    entry: Entry,
    status: str,
    kind: str | None = None,
    message: str | None = None,
    http: int | None = None,
) -> Attempt:
    """The try that a batch was for a call."""
    return Attempt(
        call_id=entry.id,
        started_at=batch.submitted_at,
        n=1,
        provider=batch.provider,
        model=batch.model,
        provider_key=batch.key_id,
        status=status,
        http_status=http,
        error_kind=kind,
        error_message=message[:500] if message else None,
        latency_us=max(0, now_us() - batch.submitted_at),
    )
