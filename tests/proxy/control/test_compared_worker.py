"""Counters in a worker's memory are compared with the ledger where that worker's journal stands."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gatewatch.control.records import now_us
from gatewatch.errors import GatewatchError
from proxy.control import compared_worker
from proxy.control.compared import Compared
from proxy.control.compared_worker import ComparedWorker
from tests.kit.journals import SECOND, a_call, whole
from tests.proxy.control.test_verifying import CALLS, MONEY, Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.writer.die()
    await asyncio.to_thread(made.service.close)


def comparing(stage: Stage) -> ComparedWorker:
    made = ComparedWorker(stage.workers)
    stage.workers.on_report = made.take
    return made


async def test_the_ledger_is_asked_as_of_the_workers_position(stage: Stage) -> None:
    stage.workers.settled = {"money|search": 1, "calls|ann": 3}
    stage.writer.write(whole(a_call(3, at_us=now_us() - SECOND, cost_picos=5000, user="ann")))
    found = await comparing(stage).compared(stage.service, [MONEY, CALLS], now_us(), 0)
    assert found == Compared(stage.workers.settled, {"money|search": 123, "calls|ann": 3}, 0)


async def test_of_a_part_only_what_the_worker_has_told_of_is_compared(stage: Stage) -> None:
    stage.workers.settled, stage.workers.parts = {"money|search": 123, "calls|ann": 3}, 2
    found = await comparing(stage).compared(stage.service, [MONEY, CALLS], now_us(), 0)
    assert found == Compared({"calls|ann": 3}, {"calls|ann": 3}, 1)


async def test_names_of_users_are_taken_out_of_the_report(stage: Stage) -> None:
    heard = []
    comparison = comparing(stage)
    stage.workers.on_report = lambda state: (comparison.take(state), heard.append(state))
    await comparison.compared(stage.service, [MONEY], now_us(), 0)
    assert [state.standing for state in heard] == [None]


async def test_a_worker_that_does_not_answer_and_one_too_many_are_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compared_worker, "ANSWER_SECONDS", 0.05)
    stage.workers.on_report = lambda state: None
    with pytest.raises(TimeoutError):
        await ComparedWorker(stage.workers).compared(stage.service, [MONEY], now_us(), 0)
    stage.workers.states = {}
    with pytest.raises(GatewatchError, match="not exactly one worker"):
        await ComparedWorker(stage.workers).compared(stage.service, [MONEY], now_us(), 0)


async def test_what_counts_wrong_is_told_to_the_worker(stage: Stage) -> None:
    await comparing(stage).recount(["money"])
    assert stage.workers.recounted == ["money"]
