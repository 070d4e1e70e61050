"""The text of a scrape: both formats read back by the parsers of Prometheus's own client, hostile labels among it."""

import time
from collections import Counter

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as classic

from gatewatch.config.metrics import Metrics as Written
from proxy.control.metrics.exposition import exposed
from proxy.control.metrics.now import Now
from tests.kit.full_counters import full_counters

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"


def test_both_formats_say_the_same() -> None:
    counters, now = full_counters(3), Now(version="1", behind_seconds=0.5)
    kind, text = exposed(counters, now, "text/plain")
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    open_kind, open_text = exposed(counters, now, ACCEPT)
    assert open_kind.startswith("application/openmetrics-text; version=1.0.0")
    assert open_text.endswith(b"# EOF\n")
    read = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for parse, said in ((classic, text), (open_metrics, open_text))
        for family in parse(said.decode())
        for sample in family.samples
        if sample.name.startswith(("gatewatch_", "gen_ai_"))
    }
    assert read["gatewatch_ledger_lag_seconds", ()] == 0.5
    labels = {"route": "bot", "provider": "openai", "model": "model-0", "team": "team-0", "cost_basis": "computed"}
    assert read["gatewatch_cost_usd_total", tuple(sorted(labels.items()))] == 0.000001234567
    for said, parse in ((text, classic), (open_text, open_metrics)):
        again = {
            (sample.name, tuple(sorted(sample.labels.items())))
            for family in parse(said.decode())
            for sample in family.samples
            if sample.name.startswith(("gatewatch_", "gen_ai_"))
        }
        assert again == set(read)


@pytest.mark.parametrize("accept", ["", "*/*", "text/plain;version=9\r\nx: y;escaping=\x00", "x" * 8000, "\xff"])
def test_nothing_of_the_request_is_repeated(accept: str) -> None:
    kind, _ = exposed(full_counters(1), Now(), accept)
    assert kind == "text/plain; version=0.0.4; charset=utf-8"


def test_hostile_labels_stay_labels() -> None:
    counters = full_counters(1)
    name = 'x",team="boss"} 1\n# HELP gatewatch_calls lies\ngatewatch_calls_total 99\\'
    counters.calls.add(("chat", name, name, name, name, name, "ok", None), (1,))
    for accept, parse in (("", classic), (ACCEPT, open_metrics)):
        _, text = exposed(counters, Now(), accept)
        (family,) = [each for each in parse(text.decode()) if each.name == "gatewatch_calls"]
        assert [sample.value for sample in family.samples if sample.name.endswith("_total")] == [3.0, 1.0]
        assert not any(line.startswith("gatewatch_calls_total 99") for line in text.decode().split("\n"))


def test_a_scrape_of_many_thousand_series_is_soon_over() -> None:
    counters = full_counters(60)
    began = time.process_time()
    _, text = exposed(counters, Now(), "")
    assert text.count(b"\n") > 5000
    assert time.process_time() - began < 2.0


def test_a_scrape_stays_short_whatever_names_callers_invent() -> None:
    counters = full_counters(1500, most=Written().series)
    _, text = exposed(counters, Now(), "")
    assert len(text) < 4_000_000
    lines = Counter(line.partition("{")[0] for line in text.decode().splitlines())
    for family in ("gatewatch_calls_total", "gatewatch_tokens_total", "gatewatch_cost_usd_total"):
        assert 100 < lines[family] <= Written().series + 10, family
    for family in ("gen_ai_client_operation_duration_seconds", "gen_ai_server_time_to_first_token_seconds"):
        together = sum(count for name, count in lines.items() if name.startswith(family))
        assert 1000 < together <= Written().series + 20, family
    (calls,) = [each for each in classic(text.decode()) if each.name == "gatewatch_calls"]
    assert sum(sample.value for sample in calls.samples) == 1500 * 3
