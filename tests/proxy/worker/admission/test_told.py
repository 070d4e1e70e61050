"""What a call is told that meets a limit or a budget, and what is left of its limits. Figures by hand."""

import pytest

from gatewatch.limits.concerned import Concern
from gatewatch.limits.counters import Level
from gatewatch.limits.rule import Grant, Rule
from gatewatch.limits.window import Window
from proxy.refusal import Refusal
from proxy.worker.admission.told import go_duration, rate_limit_headers, refused

SECOND = 1_000_000
NOW = 1_795_281_294 * SECOND + 500_000
"""2026-11-21T17:14:54.5Z"""
USD = 10**12


def limit(measure: str = "requests", most: int = 60, seconds: int = 60, **changed: object) -> Rule:
    fields = {"id": "limits.x", "kind": "limit", "scope": "key", "window": Window(seconds=seconds)} | changed
    return Rule(measure=measure, most=most, **fields)  # type: ignore[arg-type]


def met(rule: Rule, taken: int, asked: int) -> tuple[Concern, int, int, int]:
    concern = Concern(rule, "k")
    concern.turn(NOW)
    return concern, taken, asked, rule.most


def told(rule: Rule, level: Level, asked: int) -> Refusal:
    return refused([(Concern(rule, "k"), asked)], [level], NOW)


def test_retry_after_is_the_moment_at_which_enough_has_left_the_window() -> None:
    """The bucket of 17:14:00 leaves at 17:15:01: 6.5 seconds from now."""
    oldest = NOW - 54 * SECOND - 500_000
    refusal = told(limit(), Level(60, 3, oldest), 1)
    assert (refusal.status, refusal.code, refusal.type) == (429, "rate_limit_exceeded", "rate_limit_error")
    assert dict(refusal.headers) == {b"retry-after": b"7", b"retry-after-ms": b"6500"}
    assert refusal.message == "This key's limit of 60 requests in 1m is reached."
    assert (refusal.rule, refusal.rule_scope) == ("limits.x", "key")


def test_what_never_fits_is_not_asked_to_come_again() -> None:
    refusal = told(limit("tokens", 1000), Level(0, 0, -1), 5000)
    assert dict(refusal.headers) == {b"x-should-retry": b"false"}
    assert "may need 5000 tokens" in refusal.message


def test_a_limit_of_calls_at_a_time_says_to_come_again_soon() -> None:
    refusal = told(limit("concurrent", 4, window=None), Level(4, 4, -1), 1)
    assert dict(refusal.headers)[b"retry-after"] == b"1"


def test_a_budget_says_what_is_spent_of_it_and_when_it_begins_anew_and_never_to_wait() -> None:
    window = Window(period="month", zone="Europe/Berlin")
    rule = Rule(
        id="budgets.x/usd", kind="budget", scope="team", measure="picos", most=5 * USD, window=window,
        grants=(Grant(amount=USD, since=NOW - 1, until=NOW + 1),),
    )  # fmt: skip
    refusal = refused([(Concern(rule, "search"), 10**11)], [Level(5_900_000_000_001, 0, -1)], NOW)
    assert (refusal.status, refusal.code, refusal.type) == (429, "budget_exceeded", "insufficient_quota")
    assert dict(refusal.headers) == {b"x-should-retry": b"false"}
    assert refusal.details == {
        "scope": "team",
        "spent": "5.900000000001",
        "limit": "6",
        "resets_at": "2026-11-30T23:00:00.000000Z",
    }
    assert "search" not in refusal.message, "names are for the row"
    assert "search" in (refusal.reason or "")


def test_of_several_limits_the_one_with_the_smallest_share_left_is_told() -> None:
    headers = dict(
        rate_limit_headers(
            [
                met(limit(most=100), 49, 1),
                met(limit(most=1000, seconds=3600), 899, 1),
                met(limit("tokens", 500), 100, 50),
            ],
            NOW,
        )
    )
    assert headers == {
        b"x-ratelimit-limit-requests": b"1000",
        b"x-ratelimit-remaining-requests": b"100",
        b"x-ratelimit-reset-requests": b"1h0m6s",  # the bucket of 17:14 ends at 17:15:00, and counts an hour more
        b"x-ratelimit-limit-tokens": b"500",
        b"x-ratelimit-remaining-tokens": b"350",
        b"x-ratelimit-reset-tokens": b"1m1s",
    }


def test_without_limits_nothing_is_told() -> None:
    assert rate_limit_headers([], NOW) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, b"0s"), (1, b"1s"), (60, b"1m0s"), (366, b"6m6s"), (3600, b"1h0m0s"), (86_400, b"24h0m0s")],
)
def test_resets_are_written_as_openai_writes_them(seconds: int, text: bytes) -> None:
    assert go_duration(seconds) == text


def test_of_several_rules_in_the_way_the_one_is_told_that_is_free_again_last() -> None:
    second, minute = limit(most=1, seconds=1, id="second"), limit(most=1, id="minute")
    levels = [Level(1, 0, NOW - 500_000), Level(1, 0, NOW - 500_000)]
    refusal = refused([(Concern(second, "k"), 1), (Concern(minute, "k"), 1)], levels, NOW)
    assert refusal.rule == "minute"
    assert dict(refusal.headers)[b"retry-after"] == b"61"


def test_a_spent_budget_is_told_before_any_limit() -> None:
    spent = Rule(id="b", kind="budget", scope="team", measure="picos", most=USD, window=Window(period="month"))
    levels = [Level(60, 0, NOW - 500_000), Level(0, 0, -1), Level(USD, 0, -1)]
    asked = [(Concern(limit(), "k"), 1), (Concern(limit("tokens", 10), "k"), 50), (Concern(spent, "s"), 1)]
    refusal = refused(asked, levels, NOW)
    assert (refusal.code, refusal.rule) == ("budget_exceeded", "b")


def test_a_budget_that_is_held_but_not_spent_says_to_come_again_and_waits_behind_limits() -> None:
    held = Rule(id="b", kind="budget", scope="team", measure="tokens", most=1000, window=Window(period="month"))
    alone = refused([(Concern(held, "s"), 518)], [Level(1000, 982, -1)], NOW)
    assert alone.code == "budget_exceeded"
    assert dict(alone.headers) == {b"retry-after": b"1", b"retry-after-ms": b"1000"}
    assert "is held for calls that run" in alone.message
    both = refused(
        [(Concern(held, "s"), 518), (Concern(limit(), "k"), 1)], [Level(1000, 982, -1), Level(60, 0, NOW)], NOW
    )
    assert both.code == "rate_limit_exceeded"


def test_a_rolling_budget_that_is_smaller_than_the_call_promises_no_moment() -> None:
    small = Rule(id="b", kind="budget", scope="team", measure="tokens", most=100, window=Window(seconds=3600))
    refusal = refused([(Concern(small, "s"), 500)], [Level(0, 0, -1)], NOW)
    assert "This call may cost 500 tokens: it never fits." in refusal.message
    assert dict(refusal.headers) == {b"x-should-retry": b"false"}


def test_the_row_has_money_as_people_read_it() -> None:
    spent = Rule(id="b", kind="budget", scope="team", measure="picos", most=USD, window=Window(period="month"))
    refusal = refused([(Concern(spent, "ads"), 10_015_000_000)], [Level(1_040_885_600_000, 0, -1)], NOW)
    assert refusal.reason == "b of team ads: 1.0408856 USD taken, 0.010015 USD asked, 1 USD at most"
