"""What became of batches: they are asked about, less and less often, and their results become replies and rows.

Keeps true: a result is read and priced as if its call had been answered alone, but at the tier of batches; a call that
was not made, or whose error may pass, runs like any other, as long as its deadline allows.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress

from gatewatch.deferred.entry import Batch, Entry, Text
from proxy.deferring.batch_api import Result
from proxy.deferring.batching import FIRST_LOOK_US, api_of, tried_in
from proxy.deferring.direct import Direct, reply_cancelled
from proxy.deferring.finishing import Finishing, now_us
from proxy.deferring.patience import PASSING
from proxy.deferring.plain_exchange import Away, Said
from proxy.refusal import Refusal
from proxy.settings import Route, Target
from proxy.worker.channel import Channel
from proxy.worker.deferred.again import again
from proxy.worker.gateway import Gateway
from proxy.worker.inbound import Inbound
from proxy.worker.passage import Passage, passage_to
from proxy.worker.upstream_error import refusal_for

log = logging.getLogger("gatewatch.worker")


class Collecting:
    """Of the worker that runs deferred calls."""

    def __init__(self, gateway: Gateway, finishing: Finishing, direct: Direct) -> None:
        self._gateway = gateway
        self._finishing = finishing
        self._direct = direct
        self._kept = gateway.deferred.kept

    async def look(self, batch: Batch, entries: dict[str, Entry]) -> bool:
        """Ask about a batch; whether it is over. `entries`: its calls that still wait for it, by id.

        Raises sqlite3.Error, OSError.
        """
        channel, api = self._channel(batch), api_of(batch.dialect)
        if channel is None or batch.upstream_id is None:
            log.warning("deferred: the provider %s of a batch is not configured any more", batch.provider)
            await self._leave(batch, entries, "The provider of its batch is not configured any more.")
            return True
        more = channel.varying_headers({}, own_dialect=False)
        try:
            look = await api.look(channel, batch.upstream_id, more)
            if look.is_over:
                async for result in api.results(channel, look, more):
                    if (entry := entries.pop(result.id, None)) is not None:
                        await self._result(batch, entry, channel, result)
        except Said as error:
            if error.status == 404:
                await self._leave(batch, entries, "The provider does not know its batch any more.")
                return True
            log.warning("deferred: batch %s of %s: %s", batch.upstream_id, batch.provider, error)
            look = None
        except Away as away:
            log.warning("deferred: batch %s of %s: %s", batch.upstream_id, batch.provider, away)
            look = None
        if look is not None and look.is_over:
            await self._leave(batch, entries, look.why or "It is not among the results of its batch.", made=False)
            with suppress(Said, Away):  # it is deleted there by itself, later
                await api.tidy(channel, look, more)
            return True
        batch.looks += 1
        longest = self._gateway.settings.deferring.poll
        batch.next_at = now_us() + min(longest, FIRST_LOOK_US * 2 ** min(batch.looks, 20))
        await self._kept.do(lambda store: store.put_batch(batch))
        return False

    async def stop(self, batch: Batch) -> None:
        """None of its calls waits for it any more. It is asked once."""
        channel = self._channel(batch)
        if channel is not None and batch.upstream_id is not None and not batch.stopping:
            batch.stopping = True
            with suppress(Said, Away):
                more = channel.varying_headers({}, own_dialect=False)
                await api_of(batch.dialect).stop(channel, batch.upstream_id, more)

    async def leave(self, batch: Batch, entries: Sequence[Entry]) -> None:
        """They cannot wait for their batch any longer, which may be bought all the same."""
        await self._leave(batch, {entry.id: entry for entry in entries}, "Its batch was not done in time.")

    async def lost(self, entries: Sequence[Entry]) -> None:
        """Nothing is known of the batch that they are in."""
        for entry in entries:
            text = await self._kept.do(lambda store, id=entry.id: store.text(id))  # type: ignore[misc]
            entry.way = "standard"
            lost = entry.lost_picos + (text.call.cost_picos or 0)
            await self._direct.put_back(entry, text.earlier, lost, now_us())

    async def _leave(self, batch: Batch, entries: dict[str, Entry], why: str, *, made: bool = True) -> None:
        """They run like any other call. `made`: the batch may cost something for them."""
        for entry in list(entries.values()):
            text = await self._kept.do(lambda store, id=entry.id: store.text(id))  # type: ignore[misc]
            await self._again(batch, entry, text, "batch_late" if made else "batch_expired", why, made=made)
        entries.clear()

    async def _again(
        self, batch: Batch, entry: Entry, text: Text, kind: str, why: str, *, made: bool, http: int | None = None
    ) -> None:
        lost = entry.lost_picos + ((text.call.cost_picos or 0) if made else 0)
        tried = tried_in(batch, entry, "error", kind, why, http)
        entry.way = "standard"
        await self._direct.put_back(entry, [*text.earlier, tried], lost, now_us())

    async def _result(self, batch: Batch, entry: Entry, channel: Channel, result: Result) -> None:
        text = await self._kept.do(lambda store: store.text(entry.id))
        is_early = now_us() < entry.deadline and not entry.cancelled_at
        if result.kind != "answered":
            await self._again(batch, entry, text, f"batch_{result.kind}", "The provider did not make it.", made=False)
            return
        if result.status in PASSING and is_early:
            why = f"The provider answered {result.status}."
            await self._again(batch, entry, text, "batch_failed", why, made=False, http=result.status)
            return
        inbound, request = again(entry, text, "running", "batch")
        self._gateway.begin_later(inbound)
        call = inbound.call
        call.provider, call.model, call.provider_key = batch.provider, batch.model, batch.key_id
        call.routed_by = entry.routed_by
        call.dialect = channel.dialect.name
        inbound.channel = channel
        inbound.started_ns -= (now_us() - batch.submitted_at) * 1000
        inbound.upstream_ns = (now_us() - batch.submitted_at) * 1000
        tried = tried_in(batch, entry, "ok", http=result.status)
        tried.upstream_request_id = result.request_id
        inbound.attempts.append(tried)
        try:
            if result.status != 200:
                raise refusal_for(channel.dialect.read_error(result.status, result.body), {})
            self._gateway.answer_later(inbound, self._passage(inbound, channel, batch), result.body)
        except Refusal as refusal:
            tried.status, tried.error_kind, tried.error_message = "error", refusal.code, refusal.message[:500]
            self._finishing.refuse(inbound, refusal)
        if entry.cancelled_at:
            call.status, call.http_status, call.error_kind = "client_closed", 499, "client_closed"
            reply_cancelled(inbound, request)
        await self._finishing.finish(entry, inbound, request, text.earlier)

    def _passage(self, inbound: Inbound, channel: Channel, batch: Batch) -> Passage:
        """The way on which the reply comes back. What was lost on the way there was allowed to be."""
        target = Target(provider=batch.provider, model=batch.model)
        deadlines = self._gateway.settings.deadlines
        route = Route(name=inbound.call.route or "", targets=(target,), deadlines=deadlines, drop_params=True)
        return passage_to(channel, target, route, inbound)

    def _channel(self, batch: Batch) -> Channel | None:
        upstream = self._gateway.upstreams.get(batch.provider)
        if upstream is None or not upstream.provider.keys:
            return None
        keys = upstream.provider.keys
        key = next((key for key in keys if key.id == batch.key_id), keys[0])
        spoken = [channel for channel in upstream.channels if channel.dialect.name == batch.dialect]
        return spoken[0].with_key(key) if spoken else None
