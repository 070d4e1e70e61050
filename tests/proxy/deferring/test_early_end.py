"""A caller does not want its call any more."""

from tests.kit.deferred_stage import Stage
from tests.kit.waiting import until

HOUR_US = 3_600_000_000


async def test_one_that_waits_is_never_sent(stage: Stage) -> None:
    stage.defer(gather=HOUR_US)
    id = await stage.deferred("chat")
    reply = await stage.fetch(id, method="DELETE")
    assert (reply.status, reply.json["status"]) == (202, "cancelling")
    gone = await stage.fetched(id)
    assert (gone.status, gone.json["error"]["code"]) == (410, "client_closed")
    row = await stage.row(id)
    assert (row["status"], row["http_status"], row.get("cost_picos", 0)) == ("client_closed", 499, 0)
    assert stage.entry(id).told == "cancelled"
    assert stage.tries(id) == []


async def test_one_that_runs_is_left_at_once_and_what_it_may_cost_stays(stage: Stage) -> None:
    id = await stage.deferred("plain", headers={"x-sandbox-latency-ms": "60000"})
    await until(lambda: bool(stage.runner._direct.running) and stage.entry(id).state == "running", bool)
    await stage.fetch(id, method="DELETE")
    assert (await stage.fetched(id)).status == 410
    row = await stage.row(id)
    assert (row["status"], row["attempts"], row["cost_basis"]) == ("client_closed", 1, "estimated")


async def test_one_in_a_batch_is_ended_with_it_once_nobody_wants_any_of_it(slow: Stage) -> None:
    slow.defer(poll=50_000, gather=100_000)
    ids = [await slow.deferred("chat") for _ in range(2)]
    for id in ids:
        await until(lambda id=id: slow.entry(id).state, lambda state: state == "batched")  # type: ignore[misc]
    for id in ids:
        assert (await slow.fetch(id, method="DELETE")).status == 202
    for id in ids:
        assert (await slow.fetched(id)).status == 410
        row = await slow.row(id)
        assert (row["status"], row.get("cost_picos", 0)) == ("client_closed", 0)


async def test_of_one_that_has_ended_the_reply_is_deleted(stage: Stage) -> None:
    id = await stage.deferred("plain")
    await stage.fetched(id)
    await until(lambda: stage.entry(id).state, lambda state: state == "done")
    reply = await stage.fetch(id, method="DELETE")
    assert (reply.status, reply.json["status"]) == (200, "deleted")
    assert (await stage.fetch(id)).status == 410
    assert (await stage.fetch(id, method="DELETE")).status == 410
