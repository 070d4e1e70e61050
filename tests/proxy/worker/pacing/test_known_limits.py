"""What is known of a key's limits, told by hand: what the provider said, what was sent since, what time gives back."""

import pytest

from proxy.rate_limits import Limit, RateLimits
from proxy.worker.pacing.known_limits import KnownLimits, Moment, Sent

NOTHING = (0, 0, 0)


def requests(limit: int | None, remaining: int, reset: float | None = 60.0) -> RateLimits:
    return RateLimits(requests=Limit(limit=limit, remaining=remaining, reset=reset))


def learn(known: KnownLimits, said: RateLimits, call: Sent, now: float, sent: Sent | None = None) -> None:
    """The reply to a call that took no time."""
    known.learn(said, Moment(now, now, sent or call, call, NOTHING))


def test_nothing_known_holds_nothing_back() -> None:
    known = KnownLimits()
    assert not known
    assert known.share(0.0) == 0.0
    assert known.opens_in(0.0, NOTHING) == 0.0


def test_the_fullest_of_all_allowances_counts() -> None:
    known = KnownLimits()
    learn(
        known,
        RateLimits(
            requests=Limit(limit=100, remaining=90, reset=60.0),
            input_tokens=Limit(limit=1000, remaining=190, reset=60.0),
        ),
        NOTHING,
        0.0,
    )
    assert known.share(0.0) == pytest.approx(0.81)


def test_what_is_used_comes_back_until_the_reset_and_then_nothing_is_used() -> None:
    known = KnownLimits()
    learn(known, requests(100, 20), NOTHING, 0.0)
    assert [known.share(at) for at in (0.0, 30.0, 60.0, 600.0)] == pytest.approx([0.8, 0.4, 0.0, 0.0])


def test_calls_that_were_sent_since_are_taken_off() -> None:
    known = KnownLimits()
    learn(known, requests(100, 3), (7, 0, 0), 0.0)
    assert known.opens_in(0.0, (9, 0, 0)) == 0.0
    wait = known.opens_in(0.0, (10, 0, 0))
    assert wait == pytest.approx(60 / 97), "until the next one has come back"
    assert known.opens_in(wait, (10, 0, 0)) == pytest.approx(0.0, abs=1e-9)


def test_tokens_hold_back_only_where_none_are_left() -> None:
    known = KnownLimits()
    learn(known, RateLimits(output_tokens=Limit(limit=1000, remaining=100, reset=10.0)), NOTHING, 0.0)
    assert known.opens_in(0.0, (1, 5000, 99)) == 0.0
    assert known.opens_in(0.0, (1, 5000, 100)) == pytest.approx(1 / 90)
    together = KnownLimits()
    learn(together, RateLimits(tokens=Limit(limit=1000, remaining=100, reset=10.0)), NOTHING, 0.0)
    assert together.opens_in(0.0, (1, 60, 60)) > 0


def test_behind_the_reset_a_whole_allowance_may_be_sent_and_no_more() -> None:
    known = KnownLimits()
    learn(known, requests(10, 0, reset=5.0), (10, 0, 0), 0.0)
    assert known.opens_in(6.0, (10, 0, 0)) == 0.0
    assert known.opens_in(6.0, (19, 0, 0)) == 0.0
    assert known.opens_in(6.0, (20, 0, 0)) > 0.0


def test_an_older_calls_reply_does_not_replace_what_a_newer_ones_has_said() -> None:
    known = KnownLimits()
    learn(known, requests(100, 10), (5, 0, 0), 0.0)
    learn(known, requests(100, 50), (4, 0, 0), 0.1)
    assert known.share(0.1) > 0.89
    learn(known, requests(100, 50), (6, 0, 0), 0.1)
    assert known.share(0.1) == pytest.approx(0.5)


def test_a_limit_that_is_not_said_is_the_most_that_was_ever_left() -> None:
    known = KnownLimits()
    learn(known, requests(None, 50), (1, 0, 0), 0.0)
    learn(known, requests(None, 10), (2, 0, 0), 0.0)
    assert known.share(0.0) == pytest.approx(0.8)


@pytest.mark.parametrize("said", [requests(0, 0), requests(None, 0), requests(10, 50), requests(10, 10, reset=0.0)])
def test_what_makes_no_sense_holds_nothing_back(said: RateLimits) -> None:
    known = KnownLimits()
    learn(known, said, NOTHING, 0.0)
    assert known.share(0.0) == 0.0
    assert known.opens_in(0.0, NOTHING) == 0.0


def test_a_slow_reply_tells_what_was_left_when_its_call_was_sent() -> None:
    known = KnownLimits()
    learn(known, requests(600, 0), (10, 0, 0), 0.0)
    known.learn(requests(600, 100), Moment(40.0, 10.0, (150, 0, 0), (20, 0, 0), NOTHING))
    later = 100 + 30 * (500 / 60) - 130
    assert known.opens_in(40.0, (150 + int(later) - 1, 0, 0)) == 0.0
    assert known.opens_in(40.0, (150 + int(later) + 1, 0, 0)) > 0.0


def test_what_was_sent_before_and_may_come_in_late_is_taken_off_too() -> None:
    known = KnownLimits()
    known.learn(requests(60, 30), Moment(0.0, 0.0, (20, 0, 0), (20, 0, 0), (19, 0, 0)))
    assert known.opens_in(0.0, (10 + 20, 0, 0)) == 0.0
    assert known.opens_in(0.0, (11 + 20, 0, 0)) > 0.0


def test_how_fast_it_comes_back_is_not_judged_by_a_rounded_number() -> None:
    known = KnownLimits()
    learn(known, requests(60, 59, reset=0.001), (1, 0, 0), 0.0)
    assert known.opens_in(1.0, (60, 0, 0)) == 0.0
    assert known.opens_in(1.0, (61, 0, 0)) == pytest.approx(1.0), "one a second, not a thousand"


def test_workers_share_what_is_left_and_each_may_send_in_time() -> None:
    known = KnownLimits(4)
    learn(known, requests(100, 40), NOTHING, 0.0)
    assert known.opens_in(0.0, (9, 0, 0)) == 0.0
    assert known.opens_in(0.0, (10, 0, 0)) == pytest.approx(4.0)
    learn(known, requests(2, 0), (10, 0, 0), 100.0)
    assert known.opens_in(200.0, (10, 0, 0)) == pytest.approx(20.0)
    assert known.opens_in(220.0, (10, 0, 0)) == pytest.approx(0.0, abs=1e-6)


def test_what_was_sent_since_tells_when_to_listen_again() -> None:
    known = KnownLimits()
    learn(known, requests(100, 90), (10, 0, 0), 0.0)
    known.opens_in(0.0, (50, 0, 0))
    assert not known.is_short
    known.opens_in(0.0, (51, 0, 0))
    assert known.is_short
    learn(known, requests(100, 80), (51, 0, 0), 0.0)
    assert not known.is_short


def test_rules_of_our_own_count_towards_the_share_for_their_window() -> None:
    known = KnownLimits()
    known.told("providers.openai.limits/requests/1m", 100, 15, 60.0, 0.0)
    assert known
    assert known.share(59.0) == pytest.approx(0.85)
    assert known.share(60.0) == 0.0
    assert known.opens_in(0.0, (10**6, 0, 0)) == 0.0, "they refuse by themselves"


def test_all_of_it_can_be_shown() -> None:
    known = KnownLimits()
    learn(known, requests(100, 20), NOTHING, 0.0)
    known.told("a-rule", 10, 4, 60.0, 0.0)
    assert [(each.kind, each.limit, each.remaining, each.reset) for each in known.standings(30.0)] == [
        ("requests", 100, 60, 30.0),
        ("a-rule", 10, 4, 30.0),
    ]
