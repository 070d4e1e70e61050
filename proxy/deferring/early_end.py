"""A deferred call ends without having run: its caller does not want it any more, or its deadline has passed."""

from gatewatch.deferred.entry import Entry
from proxy.deferring.direct import cancelled
from proxy.deferring.finishing import Finishing
from proxy.refusal import Refusal
from proxy.worker.deferred.again import again
from proxy.worker.gateway import Gateway


class EarlyEnd:
    """Of the worker that runs deferred calls."""

    def __init__(self, gateway: Gateway, finishing: Finishing) -> None:
        self._kept = gateway.deferred.kept
        self._finishing = finishing

    async def end(self, entry: Entry) -> None:
        """Raises sqlite3.Error, OSError."""
        text = await self._kept.do(lambda store: store.text(entry.id))
        inbound, request = again(entry, text, "running", entry.way)
        refusal, status = (cancelled(), "client_closed") if entry.cancelled_at else (too_late(), "error")
        self._finishing.refuse(inbound, refusal, status)
        if entry.cancelled_at:
            inbound.call.http_status = 499
        await self._finishing.finish(entry, inbound, request, text.earlier)


def too_late() -> Refusal:
    return Refusal(504, "deferred_expired", "The call was not answered before its deadline.", type="server_error")
