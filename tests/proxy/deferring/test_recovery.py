"""What a kill leaves behind: each call gets its reply and its one row, and what may have been bought is in it."""

from gatewatch.call import Attempt, Call, line
from gatewatch.deferred.entry import Ended
from gatewatch.deferred.store import DeferredStore
from gatewatch.paths import Home
from proxy.deferring.recovery import closed_among
from tests.kit.deferred_stage import Stage
from tests.kit.journals import a_call, closing, opening, segment

HOUR_US = 3_600_000_000


async def taken(stopped: Stage, model: str = "chat") -> str:
    """A call that was acknowledged by a worker that runs none."""
    async with stopped.serving(running=False) as stage:
        return await stage.deferred(model)


def left_as(stopped: Stage, id: str, state: str) -> None:
    """As a killed worker leaves it."""

    def change(store: DeferredStore) -> None:
        entry = store.find(id)
        assert entry
        entry.state, entry.began_at, entry.tries = state, entry.accepted_at + 1, 1  # type: ignore[assignment]
        store.put(entry)

    stopped.in_store(change)


async def test_a_run_that_was_cut_off_is_done_again_and_counts_as_perhaps_bought(stopped: Stage) -> None:
    id = await taken(stopped, "plain")
    left_as(stopped, id, "running")
    async with stopped.serving() as stage:
        direct = await stage.call("plain")
        reply = await stage.fetched(id)
        row = await stage.row(id)
    assert (reply.status, reply.body) == (200, direct.body)
    assert (row["attempts"], row["cost_basis"]) == (2, "estimated")
    assert stopped.tries(id)[0]["error_kind"] == "interrupted"
    assert float(reply.headers["x-gatewatch-cost-usd"]) > float(direct.headers["x-gatewatch-cost-usd"])


async def test_a_batch_that_was_on_its_way_may_have_been_bought_too(stopped: Stage) -> None:
    id = await taken(stopped)
    left_as(stopped, id, "submitting")
    async with stopped.serving() as stage:
        assert (await stage.fetched(id)).status == 200
        row = await stage.row(id)
    assert (row["deferred"], row["attempts"], row["cost_basis"]) == ("batch", 2, "estimated")


async def test_a_batch_that_runs_is_waited_for_by_the_next(stopped: Stage) -> None:
    async with stopped.serving() as stage:
        stage.defer(poll=HOUR_US)
        id = await stage.deferred()
        while stage.entry(id).state != "batched":
            assert (await stage.fetch(id)).status == 202
    stopped.defer(poll=20_000)

    def due(store: DeferredStore) -> None:
        (batch,) = store.batches()
        batch.next_at = 0
        store.put_batch(batch)

    stopped.in_store(due)
    async with stopped.serving() as stage:
        assert (await stage.fetched(id)).status == 200
        row = await stage.row(id)
    assert (row["deferred"], row["attempts"], row.get("cost_basis", "computed")) == ("batch", 1, "computed")


def ended(stopped: Stage, id: str) -> Call:
    """Its reply is safe, and its worker was killed before the row was written, or noted as written."""

    def change(store: DeferredStore) -> Call:
        entry = store.find(id)
        assert entry
        call = store.text(id).call
        call.status, call.http_status, call.latency_us, call.cost_picos = "ok", 200, 5, 77
        tried = Attempt(call_id=id, started_at=entry.accepted_at, n=1, provider="openai", model="gpt-4o-mini")
        store.end(entry, Ended(status=200, headers=[], body=b"{}", call=call, attempts=[tried]))
        return call

    call: Call = stopped.in_store(change)
    return call


async def test_a_reply_that_is_safe_gets_its_row(stopped: Stage) -> None:
    id = await taken(stopped)
    ended(stopped, id)
    async with stopped.serving() as stage:
        row = await stage.row(id)
        assert (row["cost_picos"], len(stage.tries(id))) == (77, 1)
        assert (await stage.fetched(id)).body == b"{}"


async def test_and_not_a_second_one(stopped: Stage) -> None:
    id = await taken(stopped)
    call = ended(stopped, id)
    with next(iter(stopped.home.journal.glob("*.jsonl"))).open("ab") as journal:
        journal.write(line("close", call))
    async with stopped.serving() as stage:
        other = await stage.deferred("plain")
        await stage.row(other)
    assert len([row for row in stopped.rows() if row["call_id"] == id]) == 1
    assert stopped.entry(id).state == "done"


def test_rows_are_found_in_packed_segments_as_well(tmp_path: object) -> None:
    from pathlib import Path

    import zstandard

    home = Home(Path(str(tmp_path)) / "home").make()
    here, there, opened = a_call(1), a_call(2), a_call(3)
    segment(home, closing(here), opening(opened))
    packed = home.loaded / "20261120T100000Z-00000002-000001.jsonl.zst"
    packed.write_bytes(zstandard.ZstdCompressor().compress(closing(there)))
    ids = {each.call_id for each in (here, there, opened)}
    assert closed_among(ids, home, 0.0) == {here.call_id, there.call_id}
    assert closed_among(ids, home, 10.0**11) == set()
