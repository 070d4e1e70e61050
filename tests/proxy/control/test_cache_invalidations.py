"""Which kept replies are given no more is told to every worker, and heard from every worker."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.control import cache_invalidations
from proxy.control.alarms import Alarms
from proxy.control.cache_invalidations import CacheInvalidations
from proxy.control.workers import Workers
from proxy.worker.caching.invalidation import Invalidation
from tests.kit.speaking_worker import Speaker, report

Spoken = tuple[CacheInvalidations, Speaker, Speaker]


@pytest.fixture
async def spoken(tmp_path: Path) -> AsyncIterator[Spoken]:
    workers = Workers(["nothing"], 2, Alarms())
    invalidations = CacheInvalidations(workers)
    workers.on_report = invalidations.take
    workers.listen_for_reports(tmp_path / "workers.sock")
    one, two = (Speaker(tmp_path / "workers.sock") for _ in range(2))
    one.greet(report(1))
    two.greet(report(2))
    assert await workers.reported(2, 10)
    yield invalidations, one, two
    for each in (one, two):
        each.socket.close()
    await workers.stop(adopted=False)
    if workers.listening:
        workers.listening.close()


async def test_the_answer_comes_when_all_have_obeyed(spoken: Spoken) -> None:
    invalidations, one, two = spoken
    asked = asyncio.create_task(invalidations.invalidate({"tag": "prices", "team": "search"}))
    commands = [await one.told(), await two.told()]
    assert commands[0] == commands[1]
    assert commands[0]["which"] == {"tags": ["prices"], "team": "search"}
    number = commands[0]["number"]
    await one.send(report(1, cache_obeyed=number, cache_obeyed_count=3))
    await two.send(report(2))  # of before
    await two.send(report(2, cache_obeyed=number, cache_obeyed_count=1))
    assert await asked == {"invalidated": 4, "workers": 2, "of_workers": 2}


async def test_a_worker_that_does_not_answer_is_told_of(spoken: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_invalidations, "PATIENCE_SECONDS", 0.1)
    invalidations, one, _ = spoken
    asked = asyncio.create_task(invalidations.invalidate({"route": "bot"}))
    await one.send(report(1, cache_obeyed=(await one.told())["number"], cache_obeyed_count=1))
    assert await asked == {"invalidated": 1, "workers": 1, "of_workers": 2}


async def test_what_a_caller_invalidates_at_one_worker_reaches_the_others(spoken: Spoken) -> None:
    _, one, two = spoken
    which = Invalidation(tags=("prices",), tenants=("team:search",))
    await one.send(report(1, cache_invalidated=[which]))
    command = await two.told()
    assert command == {
        "command": "invalidate",
        "which": {"tags": ["prices"], "tenants": ["team:search"]},
        "number": 0,
    }
