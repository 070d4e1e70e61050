"""A call that may wait is let in like any other, kept, and acknowledged."""

import json

from tests.kit.deferred_stage import DEFERRED, Stage

HOUR_US = 3_600_000_000


async def test_what_is_acknowledged_says_where_and_when(stage: Stage) -> None:
    stage.defer(gather=HOUR_US)
    reply = await stage.call("chat", DEFERRED | {"x-gatewatch-deadline": "4h"})
    assert reply.status == 202
    told, id = reply.json, reply.headers["x-gatewatch-call-id"]
    assert (told["id"], told["object"], told["status"], told["url"]) == (
        id,
        "gatewatch.deferred",
        "queued",
        f"/v1/deferred/{id}",
    )
    assert reply.headers["location"] == told["url"]
    assert told["accepted_at"] < told["deadline"]
    assert stage.entry(id).told == "queued"


async def test_it_passes_every_stage_first(stage: Stage) -> None:
    narrow = stage.key("narrow", models=("chat",))
    assert (await stage.call("plain", DEFERRED, secret=narrow)).status == 403
    assert (await stage.call("nothing", DEFERRED)).status == 404
    assert (await stage.call("chat", DEFERRED, secret="gwk_sk_live_nobody")).status == 401
    assert (await stage.call("chat", {"x-gatewatch-priority": "defered"})).status == 400
    assert not stage.home.deferred.exists()


async def test_no_credential_is_kept_with_it(stage: Stage) -> None:
    stage.defer(gather=HOUR_US)
    headers = {
        "Authorization": f"Bearer {stage.secret}",
        "cookie": "session=secret-cookie",
        "x-forwarded-for": "10.9.8.7",
    }
    id = await stage.deferred("chat", headers={"cookie": headers["cookie"], "x-other": "thing", "user-agent": "app/1"})
    text = stage.in_store(lambda store: store.text(id))
    assert text.headers.keys() == {"x-gatewatch-priority", "x-gatewatch-deadline", "user-agent"}
    kept = b"".join(path.read_bytes() for path in stage.home.root.glob("deferred.db*"))
    assert stage.secret.encode() not in kept
    assert b"secret-cookie" not in kept


async def test_more_than_may_wait_is_a_429_with_a_row(stage: Stage) -> None:
    stage.defer(gather=HOUR_US, calls=1)
    await stage.deferred()
    reply = await stage.call("chat", DEFERRED)
    assert (reply.status, reply.json["error"]["code"], reply.headers["retry-after"]) == (429, "deferred_full", "60")
    assert stage.rows()[-1]["error_kind"] == "deferred_full"
    assert not stage.counters.held()


async def test_larger_than_there_is_room_is_a_429(stage: Stage) -> None:
    stage.defer(gather=HOUR_US, size=300)
    reply = await stage.call("chat", DEFERRED, user="x" * 1000)
    assert (reply.status, reply.json["error"]["code"]) == (429, "deferred_full")


async def test_a_disk_that_takes_nothing_is_a_503_and_other_calls_go_on(stage: Stage) -> None:
    stage.home.deferred.mkdir()
    reply = await stage.call("chat", DEFERRED)
    assert (reply.status, reply.json["error"]["code"]) == (503, "deferred_unavailable")
    assert str(stage.home.root) not in json.dumps(reply.json)
    assert (await stage.call("plain")).status == 200


async def test_no_row_is_written_before_it_has_ended(stage: Stage) -> None:
    stage.defer(gather=HOUR_US)
    await stage.deferred()
    assert stage.rows() == []
    assert b'"open"' not in b"".join(path.read_bytes() for path in stage.home.journal.glob("*.jsonl"))
