"""Whoever runs deferred calls runs each once, when it is due, whatever becomes of the processes."""

import time

from gatewatch.deferred.store import DeferredStore
from tests.kit.deferred_stage import Stage
from tests.kit.waiting import until

HOUR_US = 3_600_000_000


async def test_what_was_taken_is_run_by_the_next_worker(stopped: Stage) -> None:
    stopped.defer(gather=HOUR_US)
    async with stopped.serving() as stage:
        ids = [await stage.deferred("chat"), await stage.deferred("plain")]
        await stage.fetched(ids[1])
    stopped.defer(gather=20_000)
    stopped.in_store(lambda store: _due(store, ids[0]))
    async with stopped.serving() as stage:
        assert (await stage.fetched(ids[0])).status == 200
        await stage.row(ids[0])
    assert sorted(row["call_id"] for row in stopped.rows() if row.get("deferred")) == sorted(ids)


def _due(store: DeferredStore, id: str) -> None:
    entry = store.find(id)
    assert entry
    entry.next_at = 0
    store.put(entry)


async def test_what_another_worker_has_taken_is_run_by_the_one_that_runs(stopped: Stage) -> None:
    """Two workers of one home: both take, one runs."""
    other = object.__new__(Stage)
    other.__dict__.update(stopped.__dict__)
    async with stopped.serving() as stage:
        await stage.fetched(await stage.deferred("plain"))
        assert stage.runner.is_here
        async with other.serving() as second:
            id = await second.deferred("plain")
            assert (await second.fetched(id)).status == 200
            assert not second.runner.is_here
    rows = [row for row in stopped.rows() if row["call_id"] == id]
    assert len(rows) == 1


async def test_when_the_one_that_runs_ends_another_takes_over(stopped: Stage) -> None:
    other = object.__new__(Stage)
    other.__dict__.update(stopped.__dict__)
    async with other.serving() as second:
        async with stopped.serving() as stage:
            await stage.fetched(await stage.deferred("plain"))
            await second.fetched(await second.deferred("plain"))
        id = await second.deferred("plain")
        assert (await second.fetched(id)).status == 200
        assert second.runner.is_here


async def test_no_more_run_at_once_than_may(stage: Stage) -> None:
    stage.defer(running=2)
    headers = {"x-sandbox-latency-ms": "80"}
    ids = [await stage.deferred("plain", headers=headers) for _ in range(5)]
    most = 0
    while any(stage.entry(id).status is None for id in ids):
        most = max(most, len(stage.runner._direct.running))
        assert (await stage.fetch(ids[0])).status in (200, 202)
    assert most == 2


async def test_one_whose_deadline_passed_while_nobody_ran_it_is_told_so(stopped: Stage) -> None:
    stopped.defer(gather=HOUR_US)
    async with stopped.serving(running=False) as stage:
        id = await stage.deferred("chat", "1s")
    await until(time.time_ns, lambda now: now // 1000 > stopped.entry(id).deadline)
    async with stopped.serving() as stage:
        reply = await stage.fetched(id)
        assert (reply.status, reply.json["error"]["code"]) == (504, "deferred_expired")
        row = await stage.row(id)
        assert (row["status"], row.get("cost_picos", 0), row.get("attempts", 0)) == ("error", 0, 0)


async def test_a_gateway_that_stops_puts_back_what_runs(stopped: Stage) -> None:
    async with stopped.serving() as stage:
        id = await stage.deferred("plain", headers={"x-sandbox-latency-ms": "60000"})
        await until(lambda: stage.entry(id).state, lambda state: state == "running")
        await stage.runner.stop(0.05)
    entry = stopped.entry(id)
    assert entry.state == "queued"
    assert entry.lost_picos > 0  # it was sent
    assert stopped.rows() == []


async def test_a_store_that_fails_for_a_while_stops_nobody(stage: Stage) -> None:
    await stage.fetched(await stage.deferred("plain"))
    stage.in_store(lambda store: store._connection.execute("BEGIN EXCLUSIVE"))
    assert (await stage.call("plain")).status == 200
    assert (await stage.fetched(await stage.deferred("plain"))).status == 200


async def test_replies_are_deleted_when_they_have_been_kept_long_enough(stage: Stage) -> None:
    stage.defer(keep=1)
    id = await stage.deferred("plain")
    await stage.row(id)
    stage.runner._purge_at = 0.0
    reply = await until(lambda: stage.fetch(id), lambda reply: reply.status == 410)
    assert reply.json["error"]["code"] == "deferred_gone"
