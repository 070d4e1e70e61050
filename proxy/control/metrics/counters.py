"""What calls have added up to since this control process began: fed by each batch that the ledger has taken.

Keeps true: a total only rises, and is the sum over the ledger's rows that were loaded since; money is whole picodollars
in here. Endless names cannot push known ones out: an endpoint that there is not is `other` from the start.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gatewatch.ledger.batch_counts import (
    LATENCY_US,
    OVERHEAD_US,
    TOKEN_CLASSES,
    TOKENS,
    TTFT_US,
    BatchCounts,
    Bins,
    Times,
)
from proxy.control.metrics.gen_ai import OPERATIONS
from proxy.control.metrics.series import OTHER, Series

ProviderName = Callable[[str], str]
"""Our name of a provider → OpenTelemetry's."""


class Histogram:
    """Distributions by labels: for each the counts of its bins, then the sum of the values."""

    def __init__(self, labels: tuple[str, ...], bounds: tuple[int, ...], *, most: int) -> None:
        self.bounds = bounds
        self.series = Series(labels, most=most, each=len(bounds) + 3)  # and what is beyond, their count and their sum

    def add(self, values: tuple[str | None, ...], bins: Bins | None) -> None:
        """Nothing where there is no value."""
        if bins is not None:
            self.series.add(values, (*bins.counts, bins.total), sum(bins.counts))


class Counters:
    """Of one control process. Fed in the recorder's thread, read in others: both hold the lock."""

    def __init__(self, *, most: int, provider_name: ProviderName) -> None:
        """`most`: lines of each metric in a scrape."""
        where, of_model = ("route", "provider", "model", "team"), ("gen_ai_operation_name", "provider")
        model = (*of_model, "gen_ai_provider_name", "gen_ai_request_model")
        self.calls = Series(("endpoint", *where, "error_kind"), ("status", "cache"), most=most)
        self.tries = Series(("provider", "model", "error_kind"), ("status",), most=most)
        self.retries = Series(("provider", "model"), most=most)
        self.failovers = Series(("provider", "model"), most=most)
        self.refusals = Series(("rule", "team"), most=most)
        self.tokens = Series(where, most=most, each=len(TOKEN_CLASSES))
        self.cost = Series(where, ("cost_basis",), most=most)
        """Calls, and picodollars."""
        self.latency = Histogram((*model, "error_type"), LATENCY_US, most=most)
        self.ttft = Histogram(model, TTFT_US, most=most)
        self.input_tokens = Histogram(model, TOKENS, most=most)
        self.output_tokens = Histogram(model, TOKENS, most=most)
        self.overhead = Histogram(("endpoint",), OVERHEAD_US, most=most)
        self.lost_batches = 0
        self._provider_name = provider_name
        self._lock = threading.Lock()

    def take(self, counts: BatchCounts | None) -> None:
        """What one batch adds; None: it is not known."""
        with self._lock:
            if counts is None:
                self.lost_batches += 1
                return
            for call in counts.calls:
                where = (call.route, call.provider, call.model, call.team)
                values = (_endpoint(call.endpoint), *where, call.error_kind, call.status, call.cache)
                self.calls.add(values, (call.calls,), call.calls)
            for used in counts.usage:
                where = (used.route, used.provider, used.model, used.team)
                self.tokens.add(where, used.tokens, used.calls)
                self.cost.add((*where, used.cost_basis), (used.calls, used.cost_picos), used.calls)
            for times in counts.times:
                self._take_times(times)
            for each in counts.tries:
                self.tries.add((each.provider, each.model, each.error_kind, each.status), (each.tries,), each.tries)
            for after in counts.again:
                series = self.failovers if after.is_elsewhere else self.retries
                series.add((after.provider, after.model), (after.tries,), after.tries)
            for refusal in counts.refusals:
                self.refusals.add((refusal.rule, refusal.team), (refusal.calls,), refusal.calls)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nothing is added meanwhile."""
        with self._lock:
            yield

    def _take_times(self, times: Times) -> None:
        operation = OPERATIONS.get(times.endpoint or "", OTHER)
        provider = self._provider_name(times.provider) if times.provider else None
        model = (operation, times.provider, provider, times.model)
        self.latency.add((*model, times.error_kind), times.latency)
        self.ttft.add(model, times.ttft)
        self.input_tokens.add(model, times.input_tokens)
        self.output_tokens.add(model, times.output_tokens)
        self.overhead.add((_endpoint(times.endpoint),), times.overhead)


def _endpoint(name: str | None) -> str:
    """What strangers ask for may be anything."""
    return "" if name is None else name if name in OPERATIONS else OTHER
