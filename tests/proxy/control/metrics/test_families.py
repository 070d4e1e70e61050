"""What is exposed keeps to Prometheus's rules: promtool's, by hand, on every family there is."""

import re

import pytest
from prometheus_client.metrics_core import Metric

from gatewatch.ledger.batch_counts import TOKEN_CLASSES
from proxy.control.metrics.families import counted, standing
from proxy.control.metrics.now import Budget, Now
from tests.kit.full_counters import full_counters

NOW = Now(
    version="1", config_version="c", workers=1, by_provider={"openai": 1}, alarms={"config": 1},
    alerts={("slow", "warning"): 1}, quarantined={"openai": 1},
    breakers={("openai", "gpt", "main"): 1}, shifted={("openai", "gpt", "chat"): 1}, behind_seconds=0.5,
    budgets=[Budget(rule="budgets.all/usd", scope="gateway", name="", measure="usd", limit=5.0, spent=1.5, held=0.25)],
)  # fmt: skip


def families() -> list[Metric]:
    return [*counted(full_counters(3)), *standing(NOW)]


@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_each_family_keeps_to_the_rules(family: Metric) -> None:
    assert re.fullmatch(r"(gatewatch|gen_ai)_[a-z][a-z0-9_]*", family.name)
    assert family.documentation.endswith(".")
    assert not family.name.endswith(("_total", "_count", "_sum", "_bucket", "_info"))
    assert not re.search(r"_(ms|us|milliseconds|micros|kb|mb|percent)(_|$)", family.name)
    assert family.samples, "the test shows none of it"
    names = {tuple(sample.labels) for sample in family.samples if not sample.name.endswith("_bucket")}
    assert len(names) == 1
    for label in names.pop():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", label)
        assert label not in ("le", "quantile", "job", "instance")
    series = [(sample.name, tuple(sample.labels.items())) for sample in family.samples]
    assert len(series) == len(set(series))


def test_no_name_stands_twice() -> None:
    names = [family.name for family in families()]
    assert len(names) == len(set(names))


def test_histograms_are_cumulative_and_end_with_their_count() -> None:
    for family in families():
        if family.type != "histogram":
            continue
        by_series: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
        counts, sums = {}, {}
        for sample in family.samples:
            labels = tuple(item for item in sample.labels.items() if item[0] != "le")
            if sample.name.endswith("_bucket"):
                by_series.setdefault(labels, []).append((float(sample.labels["le"]), sample.value))
            elif sample.name.endswith("_count"):
                counts[labels] = sample.value
            else:
                sums[labels] = sample.value
        assert by_series.keys() == counts.keys() == sums.keys()
        for labels, buckets in by_series.items():
            assert buckets == sorted(buckets)
            assert [value for _, value in buckets] == sorted(value for _, value in buckets)
            assert buckets[-1] == (float("inf"), counts[labels])


def test_classes_of_tokens_are_disjoint_and_parts_stand_apart() -> None:
    found = {family.name: family for family in families()}
    classes = {sample.labels["token_class"] for sample in found["gatewatch_tokens"].samples}
    parts = {sample.labels["part"] for sample in found["gatewatch_output_part_tokens"].samples}
    assert classes == set(TOKEN_CLASSES) - {"output_reasoning", "output_audio"}
    assert parts == {"reasoning", "audio"}
