"""What a caller is told of its call, and when it is to look again."""

import json

import pytest

from gatewatch.deferred.entry import Entry
from proxy.worker.deferred.told import accepted, is_gone, no_room, not_found, not_kept, waiting_headers

SECOND = 1_000_000
AT = 1_795_168_800_000_000
ENTRY = Entry(
    id="c1", way="batch", accepted_at=AT, deadline=AT + 3600 * SECOND, kid="kid", key_id="key", team="search",
    endpoint="chat", route="chat", provider="openai", model="gpt-4o-mini",
)  # fmt: skip


def test_it_names_what_scripts_need_and_nothing_of_the_key() -> None:
    assert json.loads(accepted(ENTRY)) == {
        "id": "c1",
        "object": "gatewatch.deferred",
        "status": "queued",
        "accepted_at": "2026-11-20T10:00:00.000000Z",
        "deadline": "2026-11-20T11:00:00.000000Z",
        "way": "batch",
        "url": "/v1/deferred/c1",
    }


@pytest.mark.parametrize(("waited", "again"), [(0, 1), (30, 3), (300, 30), (3000, 60), (-5, 1)])
def test_the_longer_it_waits_the_less_often_it_is_to_be_asked_for(waited: int, again: int) -> None:
    headers = dict(waiting_headers(ENTRY, AT + waited * SECOND))
    assert headers == {b"location": b"/v1/deferred/c1", b"retry-after": str(again).encode()}


def test_each_refusal_has_a_status_and_a_code_of_its_own() -> None:
    refusals = [not_found(), is_gone(), no_room("why"), not_kept("why")]
    assert [(each.status, each.code) for each in refusals] == [
        (404, "deferred_not_found"),
        (410, "deferred_gone"),
        (429, "deferred_full"),
        (503, "deferred_unavailable"),
    ]
    assert all("why" not in each.message for each in refusals)
