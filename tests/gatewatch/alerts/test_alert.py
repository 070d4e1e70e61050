"""From where on an alert fires, and from where on it is over."""

from gatewatch.alerts.alert import Alert, id_of

ABOVE = Alert(name="a", when="errors", per="gateway", unit="share", bound=100_000, clear=80_000, window=1)
BELOW = Alert(name="b", when="calls", per="gateway", unit="count", bound=5, clear=10, window=1, below=True)


def test_above_counts_from_the_bound_on_and_is_over_below_the_lower_one() -> None:
    assert [ABOVE.is_over(value) for value in (99_999, 100_000, 100_001)] == [False, True, True]
    assert [ABOVE.is_calm(value) for value in (79_999, 80_000, 99_999)] == [True, False, False]


def test_below_counts_under_the_bound_and_is_over_from_the_higher_one_on() -> None:
    assert [BELOW.is_over(value) for value in (4, 5)] == [True, False]
    assert [BELOW.is_calm(value) for value in (9, 10)] == [False, True]


def test_what_fires_is_called_by_alert_and_subject() -> None:
    assert id_of("slow", "team/search") == "slow|team/search"
    assert ABOVE.metric.words == "failed calls"
