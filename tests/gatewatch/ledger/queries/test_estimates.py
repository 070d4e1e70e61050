"""Errors of estimates, computed by hand beside them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import HOUR_WINDOW
from tests.kit.journals import NOW, a_call, closing, segment

USAGE = {"prompt_tokens": 1}


def reckoned(n: int, expected: int, actual: int, percent: int = 100, **fields: Any) -> bytes:
    """A call that was estimated at `expected` input tokens with that percent, and had `actual`."""
    told: dict[str, Any] = {"usage": USAGE, "estimated_output_tokens": 512, "params": {"max_tokens": 512}}
    return closing(
        a_call(n, input_uncached_tokens=actual, estimated_input_tokens=expected, estimate_percent=percent,
               **(told | fields))
    )  # fmt: skip


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Any]:
    home = Home(tmp_path / "home").make()
    service = LedgerService(home, clock=lambda: NOW)

    def load(*lines: bytes, **params: object) -> list[dict[str, Any]]:
        segment(home, *lines)
        service.load_once()
        return service.ask("estimates", **HOUR_WINDOW, **params).rows

    yield load
    service.close()


def test_errors_are_relative_to_what_the_provider_counted(ask: Any) -> None:
    # |250 - 200| / 200 = 25 %, |100 - 200| / 200 = 50 %, |300 - 200| / 200 = 50 %; all: 650 of 600 = + 8.33 %
    (row,) = ask(reckoned(0, 250, 200), reckoned(1, 100, 200), reckoned(2, 300, 200))
    assert (row["group"], row["calls"]) == ("openai/gpt-4o", 3)
    assert row["input_error_median"] == 0.5
    assert row["input_error_p95"] == 0.5
    assert row["input_bias"] == 0.0833


def test_a_lesson_is_about_the_estimate_before_it_was_corrected(ask: Any) -> None:
    # 200 of 250 is 80 %; with 80 % applied the same prompt is estimated at 200, and teaches 80 % again, not 100 %
    (row,) = ask(reckoned(0, 250, 200), reckoned(1, 200, 200, percent=80), reckoned(2, 200, 200, percent=80))
    assert row["learnt_percent"] == 80
    assert row["percent"] == 80, "as the last call had it"


def test_a_few_odd_calls_teach_nothing(ask: Any) -> None:
    usual = [reckoned(n, 200, 240) for n in range(8)]
    odd = [reckoned(8, 200, 200_000), reckoned(9, 200, 150_000)]
    (row,) = ask(*usual, *odd)
    assert (row["lessons"], row["learnt_percent"]) == (10, 120)


def test_what_is_learnt_stays_between_a_quarter_and_the_fourfold(ask: Any) -> None:
    rows = ask(reckoned(0, 200, 20_000), reckoned(1, 2000, 20, model="few"))
    assert {row["group"]: row["learnt_percent"] for row in rows} == {"openai/gpt-4o": 400, "openai/few": 25}


def test_prompts_that_are_no_text_or_hardly_any_teach_nothing(ask: Any) -> None:
    (row,) = ask(
        reckoned(0, 1000, 1200),
        reckoned(1, 965, 9000, estimated_others=1),
        reckoned(2, 1000, 9000, input_image_tokens=8000),
        reckoned(3, 1000, 9000, input_audio_tokens=8000),
        reckoned(4, 5, 11),
    )
    assert (row["calls"], row["lessons"], row["learnt_percent"]) == (5, 1, 120)


def test_only_answered_calls_of_one_try_with_a_usage_are_looked_at(ask: Any) -> None:
    rows = ask(
        reckoned(0, 250, 200, attempts=2),
        reckoned(1, 250, 200, usage=None),
        reckoned(2, 250, 200, status="truncated", error_kind="upstream_truncated"),
        reckoned(3, 0, 200),
        reckoned(4, 250, 200, status="blocked", http_status=429, error_kind="budget_exceeded", attempts=0),
    )
    assert rows == []


def test_outputs_are_compared_where_the_request_set_no_limit(ask: Any) -> None:
    # 512 of 100 is 412 % off, 512 of 1024 is 50 %: in the middle 231 %; both: 1024 of 1124 = - 8.9 %
    (row,) = ask(
        reckoned(0, 250, 200, output_tokens=100, params={}),
        reckoned(1, 250, 200, output_tokens=1024, params={"temperature": 1}),
        reckoned(2, 250, 200, output_tokens=7, params={"max_completion_tokens": 512}),
        reckoned(3, 250, 200, output_tokens=9000, params={"n": 8}),
    )
    assert row["free_calls"] == 2
    assert row["output_error_median"] == 2.31
    assert row["output_bias"] == -0.089
    assert row["output_p95"] == 1024


def test_embeddings_have_no_output_to_compare(ask: Any) -> None:
    (row,) = ask(reckoned(0, 250, 200, endpoint="embeddings", params={}, output_tokens=0, estimated_output_tokens=0))
    assert (row["free_calls"], row["output_error_median"], row["output_bias"]) == (0, None, None)


def test_they_are_grouped_by_provider_and_model_or_any_dimension(ask: Any) -> None:
    lines = [reckoned(0, 250, 200, team="search"), reckoned(1, 250, 200, team="chat", model="gpt-5")]
    assert {row["group"] for row in ask(*lines, by="team")} == {"search", "chat"}
    assert {row["group"] for row in ask(*lines)} == {"openai/gpt-4o", "openai/gpt-5"}
