"""Which tokens count for which measure. Figures by hand."""

import pytest

from gatewatch.call import Call
from gatewatch.limits.amounts import Wanted, slot_of, used_amounts, wanted_amounts
from gatewatch.limits.rule import OUT_OF_SIGHT, Rule

CALL = Call(
    call_id="c", started_at=0, status="ok", cost_picos=77, input_uncached_tokens=100, input_cache_read_tokens=40,
    input_cache_write_5m_tokens=8, input_cache_write_1h_tokens=4, input_audio_tokens=2, input_image_tokens=1,
    output_tokens=30, output_reasoning_tokens=20,
)  # fmt: skip
MOST = Wanted(input_tokens=500, output_tokens=200, picos=9000, is_unpriced=False)


def rule(measure: str, kind: str = "limit", **changed: object) -> Rule:
    return Rule(id="r", kind=kind, scope="team", measure=measure, most=1, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (rule("requests"), 1),
        (rule("concurrent"), 0),
        (rule("output_tokens"), 30),
        (rule("input_tokens"), 100 + 8 + 4 + 2 + 1),
        (rule("input_tokens", cache_reads=True), 155),
        (rule("tokens"), 115 + 30),
        (rule("tokens", cache_reads=True), 185),
        (rule("tokens", "budget"), 185),
        (rule("picos", "budget"), 77),
    ],
)
def test_what_an_ended_call_used(of: Rule, expected: int) -> None:
    assert used_amounts(CALL)[slot_of(of)] == expected


def test_a_call_without_a_price_counts_for_the_cap_on_such_calls_and_for_no_money() -> None:
    call = Call(call_id="c", started_at=0, status="ok", cost_picos=None, cost_basis="unpriced", output_tokens=9)
    used = used_amounts(call)
    assert used[slot_of(rule("tokens", "budget", unpriced_only=True))] == 9
    assert used[slot_of(rule("picos", "budget"))] == 0


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (rule("requests"), 1),
        (rule("concurrent"), 1),
        (rule("input_tokens"), 500),
        (rule("output_tokens"), 200),
        (rule("tokens"), 700),
        (rule("picos", "budget"), 9000),
    ],
)
def test_what_a_call_may_use(of: Rule, expected: int) -> None:
    assert wanted_amounts(MOST)[slot_of(of)] == expected


def test_amounts_beyond_all_measure_still_fit_into_a_counter() -> None:
    most = Wanted(10**30, 10**30, 10**30, is_unpriced=False)
    wanted = wanted_amounts(most)
    assert wanted[slot_of(rule("tokens"))] == wanted[slot_of(rule("picos", "budget"))] == OUT_OF_SIGHT
