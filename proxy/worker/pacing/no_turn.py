"""What a call is told that gets no turn: a 429 that says why, and when there may be one."""

from typing import Literal

from proxy.refusal import Refusal
from proxy.worker.upstream_error import wait_headers

Why = Literal["full", "late", "shut"]
_WORDS = {
    "full": "The queue of calls that wait for {what} is full.",
    "late": "The call has waited in the queue for {what} as long as it may.",
    "shut": "The limits of {what} are reached, and the call would wait longer than it may.",
}
_CODES = {"full": "queue_full", "late": "queue_timeout", "shut": "provider_limit"}
NO_TURN = frozenset(_CODES.values())
"""What `rule` of such a refusal says."""


def no_turn(why: Why, what: str, again_in: float, reason: str) -> Refusal:
    """`what` it waited for, in words for the caller; `again_in` seconds there is a chance; `reason`: for the row."""
    refusal = Refusal(
        429,
        "rate_limit_exceeded",
        _WORDS[why].format(what=what),
        type="rate_limit_error",
        headers=wait_headers(again_in),
        reason=reason,
    )
    refusal.rule, refusal.rule_scope = _CODES[why], "provider_key"
    refusal.details = {"reason": _CODES[why]}
    return refusal
