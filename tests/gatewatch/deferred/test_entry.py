"""What callers and operators are told of a deferred call's state."""

from typing import Any

import pytest

from gatewatch.deferred.entry import Entry


def entry(**fields: Any) -> Entry:
    given: dict[str, Any] = {
        "id": "c1", "way": "batch", "accepted_at": 1, "deadline": 2, "kid": "k", "key_id": "k", "team": "search",
        "endpoint": "chat", "route": "chat", "provider": "openai", "model": "gpt-4o-mini",
    }  # fmt: skip
    return Entry(**given | fields)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "queued"),
        ({"state": "submitting"}, "running"),
        ({"state": "batched"}, "running"),
        ({"state": "running"}, "running"),
        ({"cancelled_at": 3}, "cancelling"),
        ({"state": "ended", "status": 200}, "completed"),
        ({"state": "done", "status": 200}, "completed"),
        ({"state": "done", "status": 502}, "failed"),
        ({"state": "done", "status": 499, "cancelled_at": 3}, "cancelled"),
        ({"state": "deleted", "status": 200}, "deleted"),
    ],
)
def test_a_call_is_told_by_one_word(fields: dict[str, Any], told: str) -> None:
    assert entry(**fields).told == told
