from decimal import Decimal

import pytest

from gatewatch.call import STATUSES, Call
from gatewatch.filter_columns import ALIASES, COLUMNS, compare, tag

NOW = 1_795_255_200_000_000  # 2026-11-21T10:00:00Z

# `gatewatch show calls -o json`, ARCHITECTURE.md §10
SHOWN = """call_id
started_at team project key_id key_name user task_id endpoint requested_model model provider route status
http_status error_kind stream cache input_tokens input_uncached_tokens input_cache_read_tokens
input_cache_write_5m_tokens input_cache_write_1h_tokens input_audio_tokens input_image_tokens output_tokens
output_reasoning_tokens output_audio_tokens cost_usd cost_basis price_row attempts latency_ms ttft_ms overhead_ms"""


def test_every_column_that_is_shown_can_be_asked_about() -> None:
    assert set(SHOWN.split()) <= set(COLUMNS)
    assert set(ALIASES.values()) <= set(COLUMNS)


def test_every_column_is_one_of_a_call() -> None:
    of_the_ledger = {
        "cost_usd": "cost_picos",
        "reserved_usd": "reserved_picos",
        "input_tokens": "input_uncached_tokens",
    }
    for name in COLUMNS:
        field = of_the_ledger.get(name, name.replace("_ms", "_us"))
        assert field in Call.__struct_fields__, name


@pytest.mark.parametrize(
    ("name", "typed", "parameter"),
    [
        ("latency_ms", "1500", 1_500_000),
        ("latency_ms", "1500ms", 1_500_000),
        ("latency_ms", "2s", 2_000_000),
        ("latency_ms", "0.0005", Decimal("0.5")),
        ("cost_usd", "0.05", Decimal("0.05")),
        ("input_tokens", "0042", 42),
        ("stream", "No", False),
        ("team", "429", "429"),
    ],
)
def test_what_is_typed_becomes_a_parameter_in_the_columns_unit(name: str, typed: str, parameter: object) -> None:
    _, parameters = compare(COLUMNS[name], "=", [typed], NOW)
    assert parameters == [parameter]
    assert type(parameters[0]) is type(parameter)


def test_times_are_naive_utc_as_the_ledger_keeps_them() -> None:
    sql, parameters = compare(COLUMNS["started_at"], ">=", ["2026-11-21T11:00:00+01:00"], NOW)
    assert sql == "started_at >= ?"
    assert [str(parameter) for parameter in parameters] == ["2026-11-21 10:00:00"]


def test_each_alternative_of_a_tag_brings_the_tags_name() -> None:
    assert compare(tag("env"), "=", ["a", "b"], NOW) == ("(tags[?] = ? OR tags[?] = ?)", ["env", "a", "env", "b"])


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_a_call_can_be_asked_for(status: str) -> None:
    assert compare(COLUMNS["status"], "=", [status], NOW) == ("status = ?", [status])


def test_a_number_asks_for_the_http_status() -> None:
    assert compare(COLUMNS["status"], ">=", ["400"], NOW) == ("http_status >= ?", [400])
