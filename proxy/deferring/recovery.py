"""What the last runner left behind when it ended, by a kill or otherwise.

Keeps true: a try that was cut off counts as one that may have been bought, and its call tries again; a reply that is
safe gets its one row.
"""

import logging
from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path

import msgspec

from gatewatch.call import Call, Tokens
from gatewatch.deferred.entry import Batch, Ended, Entry, Text
from gatewatch.ledger.segments import SegmentFile, segments_in
from gatewatch.paths import Home
from proxy.deferring.batching import tried_in
from proxy.deferring.direct import Direct
from proxy.deferring.finishing import Finishing, now_us
from proxy.worker.deferred.again import again
from proxy.worker.gateway import Gateway

_CLOSE = b'{"k":"close"'
_ID = b'"call_id":"'
_CHUNK = 1024 * 1024
_SLACK_SECONDS = 60.0

log = logging.getLogger("gatewatch.worker")


class Recovery:
    """Of the worker that has just become the one that runs deferred calls."""

    def __init__(self, gateway: Gateway, finishing: Finishing, direct: Direct, home: Home) -> None:
        self._gateway = gateway
        self._finishing = finishing
        self._direct = direct
        self._home = home
        self._kept = gateway.deferred.kept

    async def recover(self, entries: Sequence[Entry], batches: Sequence[Batch]) -> None:
        """Raises sqlite3.Error, OSError."""
        by_id = {batch.id: batch for batch in batches}
        for entry in entries:
            if entry.state in ("running", "submitting"):
                await self._cut_off(entry, by_id.get(entry.batch or ""))
        for batch in batches:
            if batch.upstream_id is None:
                await self._kept.do(lambda store, id=batch.id: store.drop_batch(id))  # type: ignore[misc]
        await self._record([entry for entry in entries if entry.state == "ended"])

    async def _cut_off(self, entry: Entry, batch: Batch | None) -> None:
        text = await self._kept.do(lambda store: store.text(entry.id))
        lost = entry.lost_picos + self._estimate(entry, text)
        known = batch or Batch(
            id="",
            provider=entry.provider,
            key_id=text.call.provider_key or "",
            dialect="",
            model=entry.model,
            endpoint=entry.endpoint,
            submitted_at=entry.began_at or entry.accepted_at,
            next_at=0,
        )
        tried = tried_in(known, entry, "error", "interrupted", "The worker ended while it ran.")
        log.warning("deferred: %s was cut off and tries again", entry.id)
        await self._direct.put_back(entry, [*text.earlier, tried], lost, now_us())

    def _estimate(self, entry: Entry, text: Text) -> int:
        """What the try that was cut off may have cost."""
        provider = self._gateway.settings.providers.get(entry.provider)
        if provider is None:
            return text.call.cost_picos or 0
        reckoned: Call = copy(text.call)
        reckoned.deferred = entry.way
        reckoned.set_tokens(Tokens())
        self._gateway.meter.estimate(reckoned, provider, entry.model, msgspec.json.decode(text.body))
        return reckoned.cost_picos or 0

    async def _record(self, entries: Sequence[Entry]) -> None:
        """Those whose replies are safe: write the rows that are not there yet."""
        if not entries:
            return
        since = min(entry.ended_at or 0 for entry in entries) / 1e6 - _SLACK_SECONDS
        ids = {entry.id for entry in entries}
        there = await self._kept.do(lambda _: closed_among(ids, self._home, since))
        for entry in entries:
            if entry.id in there:
                await self._kept.do(lambda store, id=entry.id: store.recorded(id))  # type: ignore[misc]
                continue
            ended = await self._kept.do(lambda store, id=entry.id: store.ended(id))  # type: ignore[misc]
            if ended is not None:
                await self._write(entry, ended)

    async def _write(self, entry: Entry, ended: Ended) -> None:
        text = Text(headers={}, body=b"{}", call=ended.call)
        inbound, _ = again(entry, text, "running", entry.way)
        inbound.call.deferred = ended.call.deferred
        inbound.attempts = ended.attempts
        inbound.was_opened = True
        await self._finishing.record(entry, inbound)


def closed_among(ids: set[str], home: Home, since: float) -> set[str]:
    """Which of these calls have a row in the journal, of segments that were written since then (Unix time)."""
    found: set[str] = set()
    for segment in _written_since([home.journal, home.loaded], since):
        try:
            for chunk in segment.chunks(0, None, _CHUNK):
                for line in chunk.splitlines():
                    if line.startswith(_CLOSE):
                        at = line.find(_ID) + len(_ID)
                        id = line[at : at + 36].decode("latin-1")
                        if id in ids:
                            found.add(id)
        except FileNotFoundError:  # it was packed meanwhile: it is among the others, or comes with them
            continue
    return found


def _written_since(folders: Sequence[Path], since: float) -> Iterator[SegmentFile]:
    for folder in folders:
        for segment in segments_in(folder):
            try:
                if segment.path.stat().st_mtime >= since:
                    yield segment
            except FileNotFoundError:
                continue
