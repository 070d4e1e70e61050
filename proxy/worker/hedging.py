"""Hedging: where a target takes long to begin its answer, the next one is asked beside it; the first that is good wins.

Keeps true: one of them is relayed, the other is left at once; what it may have cost is in the call's row; no more than
two are asked at a time, and the second only where it need not wait for a turn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from gatewatch.call import Attempt
from proxy.upstream.exchange import Exchange
from proxy.worker.attempt import AttemptFailed
from proxy.worker.choice import Choice
from proxy.worker.ending import Ending
from proxy.worker.tries import Tries

HEDGED = "hedged"
"""Code of a try that was left because another target was faster."""

Answer = tuple[Exchange, Attempt] | AttemptFailed
FindBeside = Callable[[], Awaitable[Choice | None]]
"""The next target, ready to be asked; None: there is none that may be asked now."""


class Head(Protocol):
    """Asks one target, until its reply begins. Raises UpstreamFailed where the client has gone."""

    async def __call__(self, tries: Tries, choice: Choice, *, is_last: bool) -> Answer: ...


class _Runner:
    def __init__(self, choice: Choice, task: asyncio.Task[Answer], exchange: Exchange | None) -> None:
        self.choice = choice
        self.task = task
        self.exchange = exchange
        """None: there was none yet."""

    @property
    def is_good(self) -> bool:
        return self.task.done() and not isinstance(self.task.result(), AttemptFailed)

    @property
    def is_sent(self) -> bool:
        """Whether the provider may charge for it: it was sent, and no error came back."""
        return self.exchange is not None and self.exchange.sent and self.exchange.status in (0, 200)


class Race:
    """Of two targets, for one call."""

    def __init__(self, tries: Tries, first: Choice, head: Head, ending: Ending) -> None:
        self._tries = tries
        self._head = head
        self._ending = ending
        self.first = first
        self.took_us = 0
        """Until there was an answer."""
        self._runners: list[_Runner] = []

    async def run(self, beside: FindBeside) -> tuple[Answer, Choice]:
        """What is taken, and whose it is: a good answer, else the first target's failure.

        Raises UpstreamFailed where the client has gone.
        """
        inbound = self._tries.inbound
        waited_before, began = inbound.upstream_ns, time.perf_counter_ns()
        try:
            await self._run(beside)
        except BaseException:
            for runner in self._runners:
                if runner.exchange is not inbound.exchange and runner.is_sent:
                    self._lose(runner)
                await self._leave(runner, "client_closed")
            raise
        finally:
            inbound.beside = None
        took_ns = time.perf_counter_ns() - began
        inbound.upstream_ns, self.took_us = waited_before + took_ns, took_ns // 1000
        won = next((each for each in self._runners if each.is_good), self._runners[0])
        for runner in self._runners:
            if runner is not won:
                if runner.is_sent:
                    self._lose(runner)
                await self._leave(runner, HEDGED)
        won.choice.take(inbound)
        inbound.exchange = won.exchange
        answer = won.task.result()
        if not isinstance(answer, AttemptFailed):  # the row's last try is the one that was taken
            inbound.attempts.remove(answer[1])
            inbound.attempts.append(answer[1])
        return answer, won.choice

    def others(self, winner: Choice) -> list[tuple[Choice, Answer]]:
        """Those that were asked and not taken."""
        return [(each.choice, each.task.result()) for each in self._runners if each.choice is not winner]

    def end(self) -> None:
        """Give back what the second took, however the race ended. May be called twice."""
        for runner in self._runners:
            if runner.choice is not self.first:
                runner.choice.end()

    def _lose(self, runner: _Runner) -> None:
        choice = runner.choice
        self._ending.lose_beside(self._tries.inbound, choice.channel.provider, choice.target.model)

    async def _run(self, beside: FindBeside) -> None:
        inbound = self._tries.inbound
        first = await self._begin(self.first, is_last=False)
        await asyncio.wait({first.task}, timeout=self._tries.route.hedge_after)
        first.exchange = inbound.exchange
        if not first.task.done():
            before = inbound.lost_picos, inbound.lost_tries
            self._lose(first)
            second = await beside()  # what it may cost is held beside what the first may
            inbound.lost_picos, inbound.lost_tries = before
            if second is not None:
                inbound.beside = first.exchange
                await self._begin(second, is_last=True)
        pending = {runner.task for runner in self._runners}
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            answers = [task.result() for task in done]
            if not all(isinstance(each, AttemptFailed) and each.refusal.code != "gateway_stopping" for each in answers):
                return

    async def _begin(self, choice: Choice, *, is_last: bool) -> _Runner:
        inbound = self._tries.inbound
        choice.take(inbound)
        inbound.exchange = None
        task = asyncio.create_task(self._answer(choice, is_last=is_last))
        runner = _Runner(choice, task, None)
        self._runners.append(runner)
        await asyncio.sleep(0)  # its exchange is made in its first step
        runner.exchange = inbound.exchange
        return runner

    async def _answer(self, choice: Choice, *, is_last: bool) -> Answer:
        return await self._head(self._tries, choice, is_last=is_last)

    async def _leave(self, runner: _Runner, kind: str) -> None:
        if runner.exchange is not None:
            runner.exchange.abort("hedged" if kind == HEDGED else "client_closed", "another target answered first")
        elif not runner.task.done():
            runner.task.cancel()
        await asyncio.wait({runner.task})
        if runner.task.cancelled() or runner.task.exception():
            return
        if kind == HEDGED and runner.is_good:
            answer = runner.task.result()
            assert not isinstance(answer, AttemptFailed)
            answer[1].status, answer[1].error_kind = "error", HEDGED
