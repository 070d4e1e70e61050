import pytest

from benchmarks.sample import Sample, Samples
from benchmarks.targets import TARGETS, Target, judge

AT_64 = TARGETS[0]
ADDED_P50 = TARGETS[2]


def rates(*ours_of_100: float) -> Samples:
    """Rounds in which nginx makes 100 requests/s and Gatewatch so many."""
    samples = Samples()
    for number, ours in enumerate(ours_of_100, 1):
        samples.add(Sample("closed 64", "nginx", number, {"per_s": 100.0}))
        samples.add(Sample("closed 64", "Gatewatch", number, {"per_s": ours}))
    return samples


@pytest.mark.parametrize(
    ("rounds", "verdict", "hits"),
    [
        ((13, 14, 15), "hit", 2),
        ((13, 13, 15), "missed", 1),
        ((9, 9, 15), "FLOOR MISSED", 1),
    ],
)
def test_the_median_round_decides_and_the_others_are_told(rounds: tuple[float, ...], verdict: str, hits: int) -> None:
    judged = judge(AT_64, rates(*rounds))
    assert judged is not None
    assert (judged.verdict, judged.hits, judged.rounds) == (verdict, hits, 3)


def test_what_is_added_is_the_difference_to_direct_in_the_same_round() -> None:
    samples = Samples(
        [
            Sample("open", "direct", 1, {"p50_ms": 0.5}),
            Sample("open", "Gatewatch", 1, {"p50_ms": 1.75}),
        ]
    )
    judged = judge(ADDED_P50, samples)
    assert judged is not None
    assert (judged.seen.median, judged.verdict) == (1.25, "missed")


def test_what_was_not_measured_is_not_judged() -> None:
    assert judge(AT_64, Samples()) is None


def test_a_value_by_itself_needs_no_other() -> None:
    target = Target("memory", "start", "idle_mb", "itself", "", 80.0)
    judged = judge(target, Samples([Sample("start", "Gatewatch", 1, {"idle_mb": 80.0})]))
    assert judged is not None
    assert judged.verdict == "hit"
