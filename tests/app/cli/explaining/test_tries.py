"""Attempts in their order, and whose the time was."""

from app.cli.explaining.tries import attempts, outcome, times
from tests.app.cli.explaining.conftest import A_TRY, MakeRow


def test_a_fallback_is_told_try_by_try(row: MakeRow) -> None:
    failed = A_TRY | {"status": "error", "http_status": 500, "error_kind": "upstream_error", "error_message": "oops"}
    second = A_TRY | {"n": 2, "provider": "anthropic", "model": "claude", "provider_key": None, "connect_ms": 1.5}
    told = list(attempts(row(attempts_detail=[failed, second])))
    assert told == [
        "  1. openai/gpt-4o, key main, error 500 upstream_error, connection reused, first byte after 90.0 ms,"
        " 900.0 ms in all",
        "     oops",
        "  2. anthropic/claude, ok 200, connected in 1.5 ms, first byte after 90.0 ms, 900.0 ms in all",
    ]


def test_a_kept_reply_names_the_call_that_bought_it(row: MakeRow) -> None:
    kept = {"status": "cached", "cache": "hit", "attempts": 0, "attempts_detail": [], "answer_of": "01a1"}
    hit = row(**kept, cache_age_ms=12_345.6, avoided_usd="0.0021")
    assert list(attempts(hit)) == ["  none: the reply of 01a1, 12.3 s old, was given again, which avoided 0.0021 USD"]
    unpriced = row(**kept, cache_age_ms=None, avoided_usd=None)
    assert list(attempts(unpriced)) == [
        "  none: the reply of 01a1 was given again, which avoided a cost that nobody knows"
    ]


def test_an_outcome_names_who_answered(row: MakeRow) -> None:
    assert outcome(row()) == "ok 200 stop, by openai/gpt-4o"
    truncated = row(status="truncated", error_kind="upstream_truncated", finish_reason=None, served_model=None)
    assert outcome(truncated) == "truncated 200 upstream_truncated, by openai/gpt-4o"


def test_the_time_of_an_interrupted_call_is_not_known(row: MakeRow) -> None:
    assert times(row()) == "first token after 90.0 ms, 900.0 ms in all: 890.0 ms upstream, 10.0 ms of ours"
    assert "nobody saw the end" in times(row(latency_ms=None))
