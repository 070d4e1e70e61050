"""A deferred call that did not go well has time, as long as trying again makes sense."""

from typing import Any

import pytest

from gatewatch.call import Call
from gatewatch.deferred.entry import Entry
from proxy.deferring.patience import again_at

SECOND, MINUTE = 1_000_000, 60_000_000
START = 1_000 * MINUTE
DEADLINE = START + 100 * MINUTE
LATE = START + 90 * MINUTE


@pytest.fixture(autouse=True)
def impatient() -> None:
    """These are the real times."""


def after(status: int, now: int = START, headers: dict[bytes, bytes] | None = None, **fields: Any) -> int | None:
    given: dict[str, Any] = {
        "id": "c1", "way": "standard", "accepted_at": START, "deadline": DEADLINE, "kid": "k", "key_id": "k",
        "team": "search", "endpoint": "chat", "route": "chat", "provider": "openai", "model": "m",
    }  # fmt: skip
    kind = fields.pop("error_kind", "upstream_overloaded")
    call = Call(call_id="c1", started_at=START, error_kind=kind)
    return again_at(Entry(**given | fields), call, status, headers or {}, now)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_what_will_never_go_well_is_not_tried_again(status: int) -> None:
    assert after(status) is None


@pytest.mark.parametrize("kind", ["budget_exceeded", "model_without_price", "internal_error"])
def test_nor_is_what_takes_somebody_to_change_something(kind: str) -> None:
    assert after(429, error_kind=kind) is None
    assert after(500, error_kind=kind) is None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_later_and_later(status: int) -> None:
    waits = [(after(status, tries=tries) or 0) - START for tries in (0, 3, 6, 20)]
    assert 0 < waits[0] <= 2 * SECOND
    assert 8 * SECOND <= waits[1] <= 16 * SECOND
    assert waits[3] <= 600 * SECOND


def test_when_the_provider_says_when_it_is_not_asked_before() -> None:
    assert (after(429, headers={b"retry-after": b"300"}) or 0) >= START + 300 * SECOND


def test_nobody_waits_longer_than_until_the_call_is_late() -> None:
    assert after(429, headers={b"retry-after": b"86000"}) == LATE


def test_a_late_call_tries_until_its_deadline_and_not_behind_it() -> None:
    at = after(503, now=LATE)
    assert at is not None
    assert LATE < at <= LATE + 5 * SECOND
    assert after(503, now=DEADLINE - 1) is None


def test_what_a_stop_of_the_gateway_has_ended_comes_again_at_once() -> None:
    assert after(503, error_kind="gateway_stopping") == START


def test_nothing_is_tried_for_ever() -> None:
    assert after(503, tries=50) is None
