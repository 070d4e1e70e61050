"""Calls come newest first, in pages that neither skip nor repeat one."""

from typing import Any

import pytest

from gatewatch.errors import UsageError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.journals import T0, a_call, call_id, closing, segment

CONTRACT = """
    call_id started_at team project key_id key_name user task_id tags endpoint requested_model model provider
    route status http_status error_kind stream cache input_tokens input_uncached_tokens input_cache_read_tokens
    input_cache_write_5m_tokens input_cache_write_1h_tokens input_audio_tokens input_image_tokens output_tokens
    output_reasoning_tokens output_audio_tokens cost_usd cost_basis price_row attempts latency_ms ttft_ms
    overhead_ms environment feature customer use_case workload_class client params config_version route_version
""".split()  # noqa: SIM905 - as the contract has them


def test_a_row_has_the_columns_that_scripts_rely_on(loaded: LedgerService) -> None:
    (row,) = loaded.ask("calls", limit=1).rows
    assert set(CONTRACT) <= row.keys()


def test_a_row_says_what_the_journal_says(home: Home, service: LedgerService) -> None:
    call = a_call(
        0,
        project="ranking", environment="production", user="ann", feature="chat", customer="acme", use_case="support",
        task_id="t-1", tags={"a": "b", "ü": "\N{SNOWMAN}"}, client="OpenAI/Python 3.52.0", workload_class="interactive",
        stream=True, params={"temperature": 0.2, "stop": ["x"], "n": None}, cache="miss", config_version="c1",
        route_version="r1", input_cache_read_tokens=7, input_cache_write_5m_tokens=5, input_cache_write_1h_tokens=3,
        input_audio_tokens=2, input_image_tokens=1, output_reasoning_tokens=4, output_audio_tokens=6,
        cost_picos=1_234_567_890_123,
    )  # fmt: skip
    segment(home, closing(call))
    service.load_once()
    (row,) = service.ask("calls").rows
    assert {name: row[name] for name in CONTRACT} == {
        "call_id": call.call_id, "started_at": "2026-11-20T10:00:00.000000Z", "team": "search", "project": "ranking",
        "key_id": "k0000001", "key_name": "app", "user": "ann", "task_id": "t-1",
        "tags": {"a": "b", "ü": "\N{SNOWMAN}"}, "endpoint": "/v1/chat/completions", "requested_model": "bot",
        "model": "gpt-4o", "provider": "openai", "route": "bot", "status": "ok", "http_status": 200,
        "error_kind": None, "stream": True, "cache": "miss", "input_tokens": 118, "input_uncached_tokens": 100,
        "input_cache_read_tokens": 7, "input_cache_write_5m_tokens": 5, "input_cache_write_1h_tokens": 3,
        "input_audio_tokens": 2, "input_image_tokens": 1, "output_tokens": 20, "output_reasoning_tokens": 4,
        "output_audio_tokens": 6, "cost_usd": "1.234567890123", "cost_basis": "reported",
        "price_row": "openai/gpt-4o@any#01234567", "attempts": 1, "latency_ms": 1500.0, "ttft_ms": 300.0,
        "overhead_ms": 1.0, "environment": "production", "feature": "chat", "customer": "acme",
        "use_case": "support", "workload_class": "interactive", "client": "OpenAI/Python 3.52.0",
        "params": {"temperature": 0.2, "stop": ["x"], "n": None}, "config_version": "c1", "route_version": "r1",
    }  # fmt: skip


def test_an_unknown_price_is_said_to_be_unknown(home: Home, service: LedgerService) -> None:
    segment(home, closing(a_call(0, cost_picos=None, cost_basis="unpriced")), closing(a_call(1, cost_picos=0)))
    service.load_once()
    assert [row["cost_usd"] for row in service.ask("calls").rows] == ["0", "unpriced"]


def test_pages_hold_every_call_once_newest_first(loaded: LedgerService, closes: list[dict[str, Any]]) -> None:
    found, before = list[dict[str, Any]](), None
    while rows := loaded.ask("calls", limit=37, before=before).rows:
        found += rows
        before = rows[-1]["call_id"]
    expected = sorted(closes, key=lambda call: (call["started_at"], call["call_id"]), reverse=True)
    assert [row["call_id"] for row in found] == [call["call_id"] for call in expected]


def test_pages_go_through_calls_of_the_same_microsecond(home: Home, service: LedgerService) -> None:
    segment(home, *[closing(a_call(n, at_us=T0)) for n in (3, 1, 2, 0)])
    service.load_once()
    first = service.ask("calls", limit=2).rows
    second = service.ask("calls", limit=2, before=first[-1]["call_id"]).rows
    assert [row["call_id"] for row in first + second] == [call_id(T0, n) for n in (3, 2, 1, 0)]


def test_a_page_goes_on_from_an_id_that_the_ledger_does_not_have(home: Home, service: LedgerService) -> None:
    segment(home, *[closing(a_call(n)) for n in range(5)])
    service.load_once()
    rows = service.ask("calls", before=call_id(T0 + 2_500_000, 99)).rows
    assert [row["call_id"] for row in rows] == [a_call(n).call_id for n in (2, 1, 0)]


def test_a_filter_and_a_window_choose_calls(loaded: LedgerService, closes: list[dict[str, Any]]) -> None:
    rows = loaded.ask("calls", where="team=search status=error", limit=500, **HOUR_WINDOW).rows
    expected = {c["call_id"] for c in closes if c.get("team") == "search" and c["status"] == "error"}
    assert {row["call_id"] for row in rows} == expected
    assert loaded.ask("calls", since="2026-11-20T10:55:00Z").rows == []
    assert loaded.ask("calls", until="2026-11-20T10:00:00Z").rows == []


def test_without_a_window_calls_of_any_time_are_shown(home: Home, service: LedgerService) -> None:
    segment(home, closing(a_call(0, at_us=1_000_000_000_000_000)))
    service.load_once()
    answer = service.ask("calls")
    assert [row["started_at"] for row in answer.rows] == ["2001-09-09T01:46:40.000000Z"]
    assert answer.window == {"since": None, "until": None}


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 501}, {"before": "x"}, {"since": "soon"}, {"where": "teem=x"}, {"colour": "red"}]
)
def test_what_does_not_fit_is_a_usage_error(loaded: LedgerService, params: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        loaded.ask("calls", **params)


def test_calls_are_found_by_what_was_dropped(home: Home, service: LedgerService) -> None:
    told, cut, both = a_call(0), a_call(1, dropped_params=["seed"]), a_call(2, dropped_params=["logit_bias", "seed"])
    segment(home, *map(closing, (told, cut, both)))
    service.load_once()

    def found(where: str) -> list[list[str]]:
        return [row["dropped_params"] for row in service.ask("calls", where=where).rows]

    assert found("dropped~seed") == [["logit_bias", "seed"], ["seed"]]
    assert found("dropped_params=seed") == [["seed"]]
    assert found("dropped=''") == [[]]
