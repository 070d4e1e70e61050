"""Totals are bounded in number, whoever chooses the names, and lose nothing."""

from proxy.control.metrics.series import Series


def test_what_comes_beyond_the_limit_is_other_and_nothing_is_lost() -> None:
    series = Series(("team", "model"), ("status",), most=3)
    for n in range(1000):
        series.add((f"team-{n}", "m", ("ok", "error")[n % 2]), (1, n), count=1)
    totals = dict(series)
    assert len(totals) == 3 + 2
    assert totals["team-0", "m", "ok"] == [1, 0]
    assert totals["other", "other", "ok"][0] + totals["other", "other", "error"][0] == 997
    assert series.folded == 997
    assert sum(calls for calls, _ in totals.values()) == 1000
    assert sum(amount for _, amount in totals.values()) == sum(range(1000))


def test_a_combination_of_many_lines_takes_the_place_of_as_many() -> None:
    series = Series(("team",), most=40, each=17)
    for n in range(5):
        series.add((f"team-{n}",), (1,))
    assert dict(series) == {("team-0",): [1], ("team-1",): [1], ("other",): [3]}
    small = Series(("team",), most=10, each=17)
    small.add(("a",), (1,))
    assert dict(small) == {("a",): [1]}


def test_a_combination_that_is_known_goes_on_when_the_limit_is_reached() -> None:
    series = Series(("team",), most=1)
    for team in ("a", "b", "a", "c", "a"):
        series.add((team,), (1,))
    assert dict(series) == {("a",): [3], ("other",): [2]}
    assert series.folded == 2


def test_labels_are_harmless_and_short_and_what_is_missing_is_empty() -> None:
    series = Series(("model",), most=10)
    for name in ("\x1b[31m\n\u202e", "x" * 5000, None):
        series.add((name,), (1,))
    names = [labels[0] for labels, _ in series]
    assert all(name.isprintable() and len(name) <= 200 for name in names)
    assert "" in names
