"""The workers of the running gateway, as a rotation's thread asks for them: answered on the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from proxy.control.workers import Workers

ANSWER_SECONDS = 30.0

Answer = TypeVar("Answer")


class WorkersFleet:
    """As `Fleet` promises."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        workers: Workers,
        refresh: Callable[[], None],
        problem: Callable[[], str | None],
    ) -> None:
        self._loop = loop
        self._workers = workers
        self._refresh = refresh
        self._problem = problem

    def refresh(self) -> None:
        self._refresh()

    def epoch_with(self, provider: str, secret: str) -> int | None:
        return self._there(lambda: self._epoch_with(provider, secret))

    def behind(self, epoch: int) -> list[int]:
        return self._there(lambda: self._workers.behind(epoch))

    def in_flight_before(self, epoch: int) -> int:
        return self._there(lambda: self._workers.in_flight_before(epoch))

    def problem(self) -> str | None:
        return self._there(self._problem)

    def _epoch_with(self, provider: str, secret: str) -> int | None:
        settings = self._workers.settings
        known = settings.providers.get(provider) if settings else None
        if settings is None or known is None or not any(key.secret == secret for key in known.keys):
            return None
        return settings.epoch

    def _there(self, ask: Callable[[], Answer]) -> Answer:
        told: Future[Answer] = Future()

        def answer() -> None:
            try:
                told.set_result(ask())
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked
                told.set_exception(error)

        self._loop.call_soon_threadsafe(answer)
        return told.result(ANSWER_SECONDS)
