"""What a call is told that got no turn."""

import pytest

from proxy.worker.pacing.no_turn import Why, no_turn


@pytest.mark.parametrize(
    ("why", "words", "code"),
    [
        ("full", "queue of calls that wait for the model 'chat' is full", "queue_full"),
        ("late", "waited in the queue for the model 'chat' as long as it may", "queue_timeout"),
        ("shut", "limits of the model 'chat' are reached", "provider_limit"),
    ],
)
def test_it_says_why_and_when_to_come_again(why: Why, words: str, code: str) -> None:
    refusal = no_turn(why, "the model 'chat'", 2.2, "3 running")
    assert (refusal.status, refusal.code, refusal.type) == (429, "rate_limit_exceeded", "rate_limit_error")
    assert words in refusal.message
    assert refusal.details == {"reason": code}
    assert dict(refusal.headers) == {b"retry-after": b"3", b"retry-after-ms": b"2200"}
    assert refusal.reason == "3 running"
