"""What the store says, as a verdict."""

from gatewatch.limits.counters import Asked, Level, Verdict
from gatewatch.limits.shared.verdicts import pairs, verdict_of


def test_all_fits() -> None:
    asked = [Asked("a", 1, 0, 5, 10), Asked("b", 1, 0, 0, 10)]
    assert verdict_of([-1, b"5", b"2", b"9", b"0"], asked) == Verdict(-1, (Level(5, 2, 0), Level(9, 0, 0)))


def test_what_does_not_fit_says_with_which_bucket_it_does() -> None:
    asked = [Asked("a", 30, 20, 5, 10), Asked("b", 30, 20, 1, 10), Asked("c", 30, 20, 11, 10)]
    fields = [[b"10", b"50", b"20", b"1", b"30", b"3", b"h30", b"4"], [b"20", b"1"]]
    verdict = verdict_of([0, b"8", b"4", b"0", b"0", b"1", b"0", *fields], asked)
    assert verdict == Verdict(0, (Level(8, 4, 30), Level(0, 0, 0), Level(1, 0, -1)))


def test_one_that_only_asks_fits_again_when_something_has_left() -> None:
    verdict = verdict_of([0, b"10", b"0", [b"20", b"4", b"30", b"6"]], [Asked("a", 30, 20, 0, 10)])
    assert verdict.levels == (Level(10, 0, 20),)


def test_a_hash_is_pairs() -> None:
    assert [*pairs([b"a", b"1", b"b", b"2"])] == [(b"a", b"1"), (b"b", b"2")]
