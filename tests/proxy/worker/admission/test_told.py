"""What a call is told that meets a limit or a budget, and what is left of its limits. Figures by hand."""

import pytest

from gatewatch.limits.concerned import Concern
from gatewatch.limits.counters import Level
from gatewatch.limits.rule import Grant, Rule
from gatewatch.limits.window import Window
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


def test_retry_after_is_the_moment_at_which_enough_has_left_the_window() -> None:
    """The bucket of 17:14:00 leaves at 17:15:01: 6.5 seconds from now."""
    oldest = NOW - 54 * SECOND - 500_000
    refusal = refused(limit(), "k", Level(60, 3, oldest), 1, NOW)
    assert (refusal.status, refusal.code, refusal.type) == (429, "rate_limit_exceeded", "rate_limit_error")
    assert dict(refusal.headers) == {b"retry-after": b"7", b"retry-after-ms": b"6500"}
    assert refusal.message == "This key's limit of 60 requests in 1m is reached."
    assert (refusal.rule, refusal.rule_scope) == ("limits.x", "key")


def test_what_never_fits_is_not_asked_to_come_again() -> None:
    refusal = refused(limit("tokens", 1000), "k", Level(0, 0, -1), 5000, NOW)
    assert dict(refusal.headers) == {b"x-should-retry": b"false"}
    assert "may need 5000 tokens" in refusal.message


def test_a_limit_of_calls_at_a_time_says_to_come_again_soon() -> None:
    refusal = refused(limit("concurrent", 4, window=None), "k", Level(4, 4, -1), 1, NOW)
    assert dict(refusal.headers)[b"retry-after"] == b"1"


def test_a_budget_says_what_is_spent_of_it_and_when_it_begins_anew_and_never_to_wait() -> None:
    window = Window(period="month", zone="Europe/Berlin")
    rule = Rule(
        id="budgets.x/usd", kind="budget", scope="team", measure="picos", most=5 * USD, window=window,
        grants=(Grant(amount=USD, since=NOW - 1, until=NOW + 1),),
    )  # fmt: skip
    refusal = refused(rule, "search", Level(5_900_000_000_001, 7, -1), 10**11, NOW)
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
