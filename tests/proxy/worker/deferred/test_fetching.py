"""`/v1/deferred/ID` is answered to those whose business it is."""

from typing import Any

import pytest

from tests.kit.deferred_stage import Stage
from tests.kit.raw_http import ask, request

HOUR_US = 3_600_000_000


async def test_as_long_as_it_waits_it_is_a_202_that_says_when_to_look_again(stage: Stage) -> None:
    stage.defer(gather=HOUR_US)
    id = await stage.deferred()
    reply = await stage.fetch(id)
    assert (reply.status, reply.json["status"], reply.json["id"]) == (202, "queued", id)
    assert 1 <= int(reply.headers["retry-after"]) <= 60


async def test_a_reply_can_be_fetched_again_and_again(stage: Stage) -> None:
    id = await stage.deferred("plain")
    first = await stage.fetched(id)
    again = await stage.fetch(id)
    assert (again.status, again.body, again.headers) == (200, first.body, first.headers)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("owner", "other", "may"),
    [
        ({}, {}, True),
        ({}, {"team": "support"}, False),
        ({}, {"environment": "test"}, False),
        ({"user": "ann"}, {}, False),
        ({"user": "ann"}, {"user": "bob"}, False),
        ({"user": "ann"}, {"user": "ann"}, True),
        ({}, {"user": "ann"}, True),
    ],
)
async def test_another_key_sees_what_is_its_teams_or_its_persons(
    stage: Stage, method: str, owner: dict[str, Any], other: dict[str, Any], may: bool
) -> None:
    owners, others = stage.key("owner", **owner), stage.key("other", **other)
    stage.defer(gather=HOUR_US)
    id = await stage.deferred(secret=owners)
    reply = await stage.fetch(id, method=method, secret=others)
    nowhere = await stage.fetch("01a20000-0000-7000-8000-000000000000", method=method, secret=others)
    assert (reply.status == 202) is may
    if not may:
        assert (reply.status, reply.body) == (404, nowhere.body)
        assert stage.entry(id).cancelled_at is None


@pytest.mark.parametrize("id", ["", "nobody", "x" * 500, "a/b"])
async def test_what_is_no_call_is_not_found(stage: Stage, id: str) -> None:
    assert (await stage.fetch(id)).status == 404
    await stage.deferred("plain")
    assert (await stage.fetch(id)).status == 404


async def test_other_methods_are_not_served(stage: Stage) -> None:
    reply = await stage.fetch("nobody", method="POST")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, DELETE")


async def test_a_key_that_is_none_is_a_401(stage: Stage) -> None:
    id = await stage.deferred("plain")
    assert (await stage.fetch(id, secret="gwk_sk_live_nobody")).status == 401


async def test_to_fetch_writes_no_row(stage: Stage) -> None:
    id = await stage.deferred("plain")
    await stage.fetched(id)
    await stage.row(id)
    assert len(stage.rows()) == 1


async def test_an_error_is_told_in_the_dialect_of_whoever_fetches(stage: Stage) -> None:
    headers = {"x-api-key": stage.secret, "Authorization": "", "anthropic-version": "2023-06-01"}
    reply = await ask(stage.port, request("GET", "/v1/deferred/nobody", b"", headers))
    assert (reply.status, reply.json["type"]) == (404, "error")
