"""Metrics as text, in the format that a scraper asks for."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from proxy.control.metrics.counters import Counters
from proxy.control.metrics.families import counted, standing
from proxy.control.metrics.now import Now

OPEN_METRICS = "application/openmetrics-text"


class _All(Collector):
    def __init__(self, counters: Counters, now: Callable[[], Now]) -> None:
        self._counters = counters
        self._now = now

    def collect(self) -> Iterator[Metric]:
        with self._counters.still():
            families = list(counted(self._counters))
        yield from families
        yield from standing(self._now())


def exposed(counters: Counters, now: Now, accept: str) -> tuple[str, bytes]:
    """Content type and text. `accept`: the request's header, of which nothing is repeated."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_All(counters, lambda: now))
    ProcessCollector(registry=registry)
    if OPEN_METRICS in accept:
        text: bytes = openmetrics.generate_latest(  # type: ignore[no-untyped-call]
            registry, escaping=openmetrics.UNDERSCORES, version="1.0.0"
        )
        return openmetrics.CONTENT_TYPE_LATEST, text
    return CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)
