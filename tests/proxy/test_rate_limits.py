"""Header names and forms from the vendors' documentation: developers.openai.com/docs/guides/rate-limits (1s, 6m0s),
docs.claude.com/en/api/rate-limits (RFC 3339), openai-dotnet #838 (Azure), mistralai/client-ts #169 (Mistral)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.rate_limits import Limit, RateLimits, rate_limits, wait_for

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC).timestamp()


def test_openai_says_requests_tokens_and_the_projects_tokens_in_go_durations() -> None:
    assert rate_limits(
        {
            b"x-ratelimit-limit-requests": b"60",
            b"x-ratelimit-remaining-requests": b"59",
            b"x-ratelimit-reset-requests": b"1s",
            b"x-ratelimit-limit-tokens": b"150000",
            b"x-ratelimit-remaining-tokens": b"149984",
            b"x-ratelimit-reset-tokens": b"6m0s",
            b"x-ratelimit-limit-project-tokens": b"100000",
            b"x-ratelimit-remaining-project-tokens": b"99984",
            b"x-ratelimit-reset-project-tokens": b"12ms",
        },
        NOW,
    ) == RateLimits(
        requests=Limit(limit=60, remaining=59, reset=1.0),
        tokens=Limit(limit=150_000, remaining=149_984, reset=360.0),
        project_tokens=Limit(limit=100_000, remaining=99_984, reset=0.012),
    )


def test_anthropic_says_four_kinds_and_the_instant_of_the_reset() -> None:
    headers = {}
    for kind in (b"requests", b"tokens", b"input-tokens", b"output-tokens"):
        headers[b"anthropic-ratelimit-%s-limit" % kind] = b"1000"
        headers[b"anthropic-ratelimit-%s-remaining" % kind] = b"999"
        headers[b"anthropic-ratelimit-%s-reset" % kind] = b"2026-11-21T12:00:30Z"
    said = Limit(limit=1000, remaining=999, reset=30.0)
    assert rate_limits(headers, NOW) == RateLimits(requests=said, tokens=said, input_tokens=said, output_tokens=said)


def test_azure_says_seconds_and_minus_one_where_it_does_not_know() -> None:
    headers = {
        b"x-ratelimit-remaining-requests": b"-1",
        b"x-ratelimit-limit-requests": b"0",
        b"x-ratelimit-reset-requests": b"0",
        b"x-ratelimit-remaining-tokens": b"120000",
        b"x-ratelimit-reset-tokens": b"59",
    }
    assert rate_limits(headers, NOW) == RateLimits(
        requests=Limit(limit=0, reset=0.0), tokens=Limit(remaining=120_000, reset=59.0)
    )
    assert rate_limits({b"x-ratelimit-remaining-requests": b"-1"}, NOW) is None


def test_mistral_says_what_a_minute_holds() -> None:
    headers = {
        b"x-ratelimit-limit-req-minute": b"60",
        b"x-ratelimit-remaining-req-minute": b"58",
        b"x-ratelimit-limit-tokens-minute": b"500000",
        b"x-ratelimit-remaining-tokens-minute": b"499900",
        b"x-ratelimit-tokens-query-cost": b"32",
    }
    assert rate_limits(headers, NOW) == RateLimits(
        requests=Limit(limit=60, remaining=58, reset=60.0), tokens=Limit(limit=500_000, remaining=499_900, reset=60.0)
    )
    older = {b"ratelimitbysize-limit": b"500000", b"ratelimitbysize-remaining": b"1", b"ratelimitbysize-reset": b"7"}
    assert rate_limits(older, NOW) == RateLimits(tokens=Limit(limit=500_000, remaining=1, reset=7.0))


def test_groq_speaks_as_openai_does() -> None:
    headers = {b"x-ratelimit-remaining-tokens": b"17999", b"x-ratelimit-reset-tokens": b"7.66s"}
    assert rate_limits(headers, NOW) == RateLimits(tokens=Limit(remaining=17_999, reset=7.66))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (b"2m59.56s", 179.56),
        (b"3.5", 3.5),
        (b"%d" % (NOW + 90), 90.0),
        (b"%d" % ((NOW + 90) * 1000), 90.0),
        (b"Sat, 21 Nov 2026 12:01:00 GMT", 60.0),
        (b"2026-11-21T11:59:00Z", 0.0),  # the past
        (b"100h", 86_400.0),
        (b"-1", None),
        (b"soon", None),
    ],
)
def test_a_reset_is_read_in_every_form_and_kept_within_a_day(said: bytes, seconds: float | None) -> None:
    found = rate_limits({b"x-ratelimit-reset-requests": said, b"x-ratelimit-limit-requests": b"1"}, NOW)
    assert found
    assert found.requests
    assert found.requests.reset == (None if seconds is None else pytest.approx(seconds))


def test_headers_that_say_nothing_say_nothing() -> None:
    assert rate_limits({b"content-type": b"application/json"}, NOW) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_whatever_stands_in_a_header_nothing_raises(count: bytes, reset: bytes) -> None:
    found = rate_limits({b"x-ratelimit-remaining-tokens": count, b"x-ratelimit-reset-tokens": reset}, NOW)
    if found and found.tokens:
        assert found.tokens.remaining is None or found.tokens.remaining >= 0
        assert found.tokens.reset is None or 0 <= found.tokens.reset <= 86_400


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (RateLimits(), None),
        (RateLimits(requests=Limit(limit=10)), None),
        (RateLimits(requests=Limit(remaining=0, reset=5.0), tokens=Limit(remaining=9, reset=60.0)), 5.0),
        (RateLimits(requests=Limit(remaining=0, reset=5.0), tokens=Limit(remaining=0, reset=60.0)), 60.0),
        (RateLimits(requests=Limit(reset=5.0), tokens=Limit(remaining=3, reset=60.0)), 60.0),
    ],
)
def test_one_waits_for_what_is_used_up_and_for_the_longest_where_nobody_says(
    limits: RateLimits, seconds: float | None
) -> None:
    assert wait_for(limits) == seconds
