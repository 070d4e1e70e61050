"""The metrics of one gateway: counts what the ledger takes, and tells all of it to whoever scrapes.

Keeps true: a scrape costs the event loop no more than a look at the live state; what has to be asked of the ledger is
asked at most every few seconds, however many scrape.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import msgspec

from gatewatch.config.metrics import Metrics as Written
from gatewatch.errors import GatewatchError
from gatewatch.safe_text import safe
from proxy.control.metrics.counters import Counters, ProviderName
from proxy.control.metrics.now import Budget, Now, merged, now_of
from proxy.control.metrics.series import MOST_LABEL

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

BUDGETS_SECONDS = 15.0
MOST_NAMES = 100
"""Of one budget, the fullest first."""
PATIENCE_SECONDS = 2.0
"""How long a scrape waits for budgets; then it has them as they were."""


class Metrics:
    """Asked from the event loop."""

    def __init__(
        self,
        service: "LedgerService",
        live: Callable[[], Mapping[str, Any]],
        *,
        most: int = Written().series,
        quarantined: Callable[[], Mapping[str, int]] = dict,
        provider_name: ProviderName = str,
    ) -> None:
        """`quarantined`: keys by provider. `provider_name` is asked in the recorder's thread."""
        self._service = service
        self._live = live
        self._quarantined = quarantined
        self._counters = Counters(most=most, provider_name=provider_name)
        self._budgets: list[Budget] = []
        self._asked_at = -BUDGETS_SECONDS
        self._asking: Future[None] | None = None
        self._rendering = asyncio.Lock()
        self._threads = ThreadPoolExecutor(2, "metrics")
        service.on_counts = self._counters.take

    async def exposed(self, accept: str) -> tuple[str, bytes]:
        """Content type and text, for that `Accept` header; one at a time."""
        async with self._rendering:
            now = now_of(self._live())
            now.quarantined = dict(self._quarantined())
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._text, now, accept)

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _text(self, now: Now, accept: str) -> tuple[str, bytes]:
        from proxy.control.metrics.exposition import exposed  # 10 ms, where somebody scrapes

        now.behind_bytes, until = self._service.lag()
        now.behind_seconds = None if until is None else max(0.0, time.time() - until / 1e6)
        now.budgets = self._budgets_now()
        return exposed(self._counters, now, accept)

    def _budgets_now(self) -> list[Budget]:
        """As of the last few seconds; older where the ledger takes long, or cannot say."""
        if self._asking is None and time.monotonic() - self._asked_at >= BUDGETS_SECONDS:
            self._asking = self._threads.submit(self._ask)
        if self._asking is not None:
            wait([self._asking], PATIENCE_SECONDS)
            if self._asking.done():
                self._asking = None
        return self._budgets

    def _ask(self) -> None:
        with contextlib.suppress(GatewatchError):
            self._budgets = merged(map(_budget, self._service.ask("budgets", limit=MOST_NAMES).rows))
        self._asked_at = time.monotonic()


def _budget(row: Mapping[str, Any]) -> Budget:
    named = {name: safe(row[name] or "", MOST_LABEL) for name in ("rule", "scope", "name", "measure")}
    return msgspec.convert(named | {name: float(row[name]) for name in ("limit", "spent", "held")}, Budget)
