"""A rotation asks from its own thread; what it is told was looked up on the event loop."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from proxy.control.alarms import Alarms
from proxy.control.rotation_fleet import WorkersFleet
from proxy.control.workers import Workers
from proxy.settings import Deadlines, Provider, ProviderKey, Settings, Way


def settings(secret: str) -> Settings:
    way = Way(dialect="openai-chat", base_url="https://a.example/v1")
    provider = Provider(name="p", ways=(way,), keys=(ProviderKey(id="k", secret=secret),), price_provider="p")
    return Settings(
        config_version="c",
        home="/h",
        hosts=(),
        pepper="00",
        providers={"p": provider},
        routes={},
        deadlines=Deadlines(),
    )


class Asked:
    """Workers whose answers a test sets, and who notes on which thread it was asked."""

    def __init__(self) -> None:
        self.workers = Workers([], 0, Alarms())
        self.refreshed = 0
        self.problem: str | None = None
        self.threads: set[int] = set()

    def fleet(self) -> WorkersFleet:
        return WorkersFleet(asyncio.get_running_loop(), self.workers, self._refresh, self._problem)

    def _refresh(self) -> None:
        self.refreshed += 1

    def _problem(self) -> str | None:
        self.threads.add(threading.get_ident())
        return self.problem


async def ask(question: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(question)


async def test_settings_that_hold_the_secret_have_an_epoch() -> None:
    asked = Asked()
    fleet = asked.fleet()
    assert await ask(lambda: fleet.epoch_with("p", "new")) is None
    asked.workers.configure(settings("old"))
    assert await ask(lambda: fleet.epoch_with("p", "new")) is None
    asked.workers.configure(settings("new"))
    assert asked.workers.settings
    assert await ask(lambda: fleet.epoch_with("p", "new")) == asked.workers.settings.epoch
    assert await ask(lambda: fleet.epoch_with("another", "new")) is None


async def test_workers_are_asked_on_their_own_loop() -> None:
    asked = Asked()
    asked.problem = "broken"
    fleet = asked.fleet()
    assert await ask(fleet.problem) == "broken"
    assert asked.threads == {threading.get_ident()}
    assert await ask(lambda: (fleet.behind(1), fleet.in_flight_before(1))) == ([], 0)
    fleet.refresh()
    assert asked.refreshed == 1


async def test_what_goes_wrong_there_is_raised_here() -> None:
    fleet = WorkersFleet(asyncio.get_running_loop(), cast(Workers, None), lambda: None, lambda: None)
    with pytest.raises(AttributeError):
        await ask(lambda: fleet.behind(1))
