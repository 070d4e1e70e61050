import statistics

import pytest

from proxy.sandbox.demands import NONE, Demands
from proxy.sandbox.latency import AT_ONCE, Pace, pace, realistic
from proxy.sandbox.prose import key_of


def test_without_a_profile_everything_is_at_once() -> None:
    assert pace(NONE, "none", "gpt-4o", b"k") is AT_ONCE


def test_a_demand_wins_over_the_profile() -> None:
    demands = Demands(latency_ms=250, chunk_gap_ms=0)
    assert pace(demands, "realistic", "gpt-4o", b"k") == Pace(0.25, 0.0)
    assert pace(Demands(latency_ms=250), "none", "gpt-4o", b"k") == Pace(0.25, None)
    assert pace(Demands(chunk_gap_ms=5), "none", "gpt-4o", b"k") == Pace(0.0, 0.005)


@pytest.mark.parametrize(
    ("model", "median"),
    [("gpt-4o", 0.6), ("openai/gpt-4o-mini", 0.32), ("gpt-5", 2.6), ("o3", 2.6), ("text-embedding-3-small", 0.07)],
)
def test_the_first_byte_of_a_family_comes_around_its_median(model: str, median: float) -> None:
    firsts = [realistic(model, key_of(number)).first_byte for number in range(500)]
    assert statistics.median(firsts) == pytest.approx(median, rel=0.12)
    assert min(firsts) > 0
    assert max(firsts) > 1.5 * median


def test_the_same_request_takes_the_same_time() -> None:
    assert realistic("gpt-4o", b"k") == realistic("gpt-4o", b"k")
    assert realistic("gpt-4o", b"k") != realistic("gpt-4o", b"other")
