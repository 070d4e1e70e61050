"""How a deferred call ends: reply first, then its row, then it is over."""

from gatewatch.call import Attempt
from gatewatch.journal.writer import JournalFull
from proxy.deferring.finishing import MOST_ATTEMPTS, numbered
from tests.kit.deferred_stage import Stage
from tests.kit.waiting import until


def tried(n: int) -> Attempt:
    return Attempt(call_id="c1", started_at=n, n=1, provider="openai", model="gpt-4o-mini")


def test_tries_are_counted_through_and_the_last_ones_are_kept() -> None:
    assert [(each.n, each.started_at) for each in numbered([tried(7), tried(8)])] == [(1, 7), (2, 8)]
    kept = numbered([tried(n) for n in range(MOST_ATTEMPTS + 5)])
    assert len(kept) == MOST_ATTEMPTS
    assert (kept[0].started_at, kept[0].n, kept[-1].n) == (5, 1, MOST_ATTEMPTS)


async def test_a_row_that_found_no_place_is_written_by_the_next(stopped: Stage) -> None:
    """The disk is full when the reply is there: the reply is safe, and its row comes with the next start."""
    async with stopped.serving() as stage:

        def full(inbound: object) -> None:
            del inbound
            raise JournalFull

        stage.gateway._ending.record = full  # type: ignore[method-assign]
        id = await stage.deferred("plain")
        assert (await stage.fetched(id)).status == 200
        await until(lambda: stage.entry(id).state, lambda state: state == "ended")
    assert stopped.rows() == []
    async with stopped.serving() as stage:
        assert (await stage.row(id))["status"] == "ok"
        await until(lambda: stage.entry(id).state, lambda state: state == "done")


async def test_headers_that_belong_to_a_connection_are_not_kept(stage: Stage) -> None:
    id = await stage.deferred("plain", headers={"x-sandbox-fault": "400", "x-sandbox-retry-after": "9"})
    reply = await stage.fetched(id)
    assert reply.status == 400
    assert not {"retry-after", "x-should-retry"} & reply.headers.keys()
