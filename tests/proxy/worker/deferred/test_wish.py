"""What cannot be deferred is a 400 that says why; nothing of it is kept."""

from typing import Any

import pytest

from tests.kit.deferred_stage import DEFERRED, Stage

HEADER = "x-gatewatch-deadline"


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"stream": True}, "stream"),
        (
            {"path": "/v1/responses", "input": "hi", "background": True, "messages": None, "max_tokens": None},
            "background",
        ),
        ({"model": "never"}, "x-gatewatch-priority"),
        ({"path": "/v1/messages/count_tokens", "max_tokens": None}, "x-gatewatch-priority"),
    ],
)
async def test_what_cannot_wait_is_refused(stage: Stage, asked: dict[str, Any], param: str) -> None:
    reply = await stage.call(headers=DEFERRED, **asked)
    assert reply.status == 400
    error = reply.json["error"]
    assert error.get("code", "cannot_be_deferred") == "cannot_be_deferred"
    assert error.get("param", param) == param
    assert not stage.home.deferred.exists()
    assert stage.rows()[-1]["error_kind"] == "cannot_be_deferred"


@pytest.mark.parametrize("said", ["8d", "0s", "yesterday", "2020-01-01", "4 h"])
async def test_a_deadline_that_is_none_is_refused_and_says_what_is_one(stage: Stage, said: str) -> None:
    reply = await stage.call(headers=DEFERRED | {HEADER: said})
    assert (reply.status, reply.json["error"]["code"], reply.json["error"]["param"]) == (
        400,
        "invalid_deadline",
        HEADER,
    )


async def test_a_stream_may_be_said_not_to_be_wanted(stage: Stage) -> None:
    assert (await stage.call(headers=DEFERRED, stream=False)).status == 202


async def test_where_nothing_is_said_a_call_has_a_day(stage: Stage) -> None:
    reply = await stage.call(headers=DEFERRED)
    entry = stage.entry(reply.json["id"])
    assert entry.deadline - entry.accepted_at == 86_400_000_000
