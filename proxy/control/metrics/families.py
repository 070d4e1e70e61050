"""Counters and gauges as Prometheus knows metrics: names, units, labels. Money and times become floats here, last.

OpenTelemetry's names where there are any, in Prometheus's spelling; `gatewatch_…` for all else.
"""

import platform
from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.utils import floatToGoString

from gatewatch.ledger.batch_counts import TOKEN_CLASSES
from gatewatch.money import PICOS_PER_USD
from proxy.control.metrics.counters import Counters, Histogram
from proxy.control.metrics.now import Now
from proxy.control.metrics.series import Series

PARTS_OF_OUTPUT = {"output_reasoning": "reasoning", "output_audio": "audio"}
"""Classes of tokens that `output` includes."""
_MICRO = 1_000_000


def counted(counters: Counters) -> Iterator[Metric]:
    """Of calls that the ledger has."""
    yield _counter("gatewatch_calls", "Calls by what they were and what became of them.", counters.calls)
    yield _counter("gatewatch_provider_tries", "Tries at providers.", counters.tries)
    yield _counter("gatewatch_retries", "Tries again at a target that had failed.", counters.retries)
    yield _counter("gatewatch_failovers", "Tries at another target behind one that had failed.", counters.failovers)
    yield _counter("gatewatch_limit_refusals", "Calls refused because of a limit or a budget.", counters.refusals)
    yield from _tokens(counters.tokens)
    yield from _cost(counters.cost)
    seconds = "gen_ai_client_operation_duration_seconds", "gen_ai_server_time_to_first_token_seconds"
    yield _histogram(seconds[0], "How long calls took, as callers saw it.", _MICRO, ((counters.latency, ()),))
    yield _histogram(seconds[1], "Until the first token of a reply went out.", _MICRO, ((counters.ttft, ()),))
    yield _histogram(
        "gen_ai_client_token_usage",
        "Tokens of a call, where it has any.",
        1,
        ((counters.input_tokens, ("input",)), (counters.output_tokens, ("output",))),
        more=("gen_ai_token_type",),
    )
    overhead = "Of a call's time, what the gateway itself took."
    yield _histogram("gatewatch_overhead_seconds", overhead, _MICRO, ((counters.overhead, ()),))
    yield from _own(counters)


def standing(now: Now) -> Iterator[Metric]:
    """At this moment."""
    for name, text, value in (
        ("calls_in_flight", "Calls that run now.", now.in_flight),
        ("streams_open", "Calls that run now and are answered as streams.", now.streams),
        ("client_connections", "Connections of clients.", now.connections),
        ("workers", "Worker processes that serve.", now.workers - now.draining),
        ("workers_draining", "Worker processes that take no new calls.", now.draining),
        ("workers_resident_memory_bytes", "Memory of all workers.", now.rss_bytes),
        ("ledger_lag_bytes", "Of the journal, what the ledger does not have yet.", now.behind_bytes),
        ("start_time_seconds", "When the control process began; counters begin then.", now.started_at / _MICRO),
    ):
        yield GaugeMetricFamily(f"gatewatch_{name}", text, value=value)
    if now.behind_seconds is not None:
        text = "How long ago the moment is up to which the ledger has all calls."
        yield GaugeMetricFamily("gatewatch_ledger_lag_seconds", text, value=now.behind_seconds)
    for name, text, label, values in (
        ("provider_calls_in_flight", "Calls that run at a provider now.", "provider", now.by_provider),
        ("provider_keys_quarantined", "Keys of providers that are not used for now.", "provider", now.quarantined),
        ("alarms", "What is wrong now, by kind.", "kind", now.alarms),
    ):
        yield _gauge(name, text, (label,), (((key,), value) for key, value in values.items()))
    for name, text, own, lines in (
        ("breakers_open", "Workers in which a provider's key is left alone with a model.", "key", now.breakers),
        ("targets_shifted", "Targets that come last because they miss the route's level.", "route", now.shifted),
    ):
        yield _gauge(name, text, ("provider", "model", own), lines.items())
    text = "Alerts that fire, and of how many subjects each does."
    yield _gauge("alerts_firing", text, ("alert", "severity"), now.alerts.items())
    labels = ("rule", "scope", "name", "measure")
    for name, text in (
        ("limit", "What a budget allows in its period, in USD or tokens."),
        ("spent", "What the calls in the ledger have used of a budget in its period."),
        ("held", "What calls in flight hold of a budget."),
    ):
        rows = (((each.rule, each.scope, each.name, each.measure), getattr(each, name)) for each in now.budgets)
        yield _gauge(f"budget_{name}", text, labels, rows)
    yield InfoMetricFamily(
        "gatewatch_build", "What runs.", value={"version": now.version, "python": platform.python_version()}
    )
    yield InfoMetricFamily(
        "gatewatch_config", "Which configuration is in force.", value={"version": now.config_version}
    )


def _counter(name: str, text: str, series: Series) -> Metric:
    family = CounterMetricFamily(name, text, labels=series.labels)
    for labels, (amount,) in series:
        family.add_metric(labels, amount)
    return family


def _tokens(series: Series) -> Iterator[Metric]:
    disjoint = CounterMetricFamily(
        "gatewatch_tokens", "Tokens by class; classes are disjoint.", labels=(*series.labels, "token_class")
    )
    parts = CounterMetricFamily(
        "gatewatch_output_part_tokens", "Of the class `output`, the parts.", labels=(*series.labels, "part")
    )
    for labels, amounts in series:
        for name, amount in zip(TOKEN_CLASSES, amounts, strict=True):
            if amount:
                family, kind = (parts, PARTS_OF_OUTPUT[name]) if name in PARTS_OF_OUTPUT else (disjoint, name)
                family.add_metric((*labels, kind), amount)
    yield disjoint
    yield parts


def _cost(series: Series) -> Iterator[Metric]:
    cost = CounterMetricFamily("gatewatch_cost_usd", "What calls cost, in USD.", labels=series.labels)
    unpriced = CounterMetricFamily("gatewatch_unpriced_calls", "Calls without a price.", labels=series.labels[:-1])
    for labels, (calls, picos) in series:
        if labels[-1] == "unpriced":
            unpriced.add_metric(labels[:-1], calls)
        else:
            cost.add_metric(labels, picos / PICOS_PER_USD)
    yield cost
    yield unpriced


def _histogram(
    name: str, text: str, unit: int, parts: Iterable[tuple[Histogram, tuple[str, ...]]], more: tuple[str, ...] = ()
) -> Metric:
    """`unit`: by which bounds and sums are divided; `more`: labels whose values stand beside each part."""
    family: HistogramMetricFamily | None = None
    for histogram, values in parts:
        family = family or HistogramMetricFamily(name, text, labels=(*histogram.series.labels, *more))
        bounds = [*(floatToGoString(bound / unit) for bound in histogram.bounds), "+Inf"]  # type: ignore[no-untyped-call]
        for labels, (*counts, total) in histogram.series:
            upto, buckets = 0, []
            for bound, count in zip(bounds, counts, strict=True):
                upto += count
                buckets.append((bound, float(upto)))
            family.add_metric((*labels, *values), buckets, total / unit)
    assert family
    return family


def _own(counters: Counters) -> Iterator[Metric]:
    folded = CounterMetricFamily(
        "gatewatch_metrics_folded", "Calls whose labels were too many and are counted as `other`.", labels=("metric",)
    )
    for metric, series in (
        ("calls", counters.calls),
        ("provider_tries", counters.tries),
        ("limit_refusals", counters.refusals),
        ("tokens", counters.tokens),
        ("cost_usd", counters.cost),
        ("operation_duration", counters.latency.series),
    ):
        folded.add_metric((metric,), series.folded)
    yield folded
    lost = "Batches of calls that are in the ledger, but in no counter here."
    yield CounterMetricFamily("gatewatch_metrics_lost_batches", lost, value=counters.lost_batches)


def _gauge(
    name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"gatewatch_{name}", text, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family
