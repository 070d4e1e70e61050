"""The table of what can be watched fits together."""

from typing import get_args

from gatewatch.alerts.metric import METRICS, MetricName, Per
from gatewatch.ledger.queries.lately import OF_CALLS, OF_TRIES
from gatewatch.ledger.queries.usual_spend import NAMES


def test_every_metric_has_its_line_and_no_other_is_there() -> None:
    assert set(METRICS) == set(get_args(MetricName))


def test_each_is_told_apart_by_what_its_source_knows() -> None:
    known = {"calls": set(OF_CALLS), "velocity": set(NAMES), "budgets": {"budget"}, "keys": {"provider_key"}}
    known["targets"] = {"model", "route", "provider"}
    for name, metric in METRICS.items():
        assert set(metric.pers) <= known.get(metric.source, {"gateway"}), name
        assert metric.pers
        assert metric.units


def test_every_per_is_one_of_some_metric() -> None:
    assert {per for metric in METRICS.values() for per in metric.pers} == set(get_args(Per))
    assert set(OF_TRIES) <= set(OF_CALLS)
