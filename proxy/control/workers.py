"""Supervises workers: starts them, restarts the dead, takes over those that a dead control process left behind.

Keeps true: as many workers as asked for, all on the same listening socket, which outlives every one of them; a worker
is stopped by SIGTERM, which drains it.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.control.key_hold import KeyHold
from gatewatch.control.records import now_us
from gatewatch.limits.counters import Seeds
from gatewatch.limits.rule import Rule
from proxy.control.alarms import Alarms
from proxy.control.worker_connections import WorkerConnections, command_line
from proxy.control.worker_environment import without
from proxy.control.worker_processes import end_of, signal_to
from proxy.routing import Routing
from proxy.settings import Limiting, Settings
from proxy.worker.caching.invalidation import Invalidation
from proxy.worker.live import LiveState
from proxy.worker.quarantine import encoded

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
TURN_SECONDS = 5.0
"""How long a worker has to try a held key again before it is the next one's turn."""
STOP_SECONDS = 45.0
"""Longer than a worker drains; one that is stuck is killed then, and its calls are `interrupted`."""

log = logging.getLogger("gatewatch.control")


class Workers:
    """All workers of one gateway, started here or adopted."""

    def __init__(self, command: list[str], count: int, alarms: Alarms) -> None:
        self._connections = WorkerConnections(self._spawn, self)
        self.states = self._connections.states
        self.on_report: Callable[[LiveState], object] = id  # until somebody wants to hear of them
        self.seeding: Callable[[Settings], Awaitable[Seeds | None]] = _nothing
        """What the counters of a worker begin with that is to be started under these settings."""
        self.listening: socket.socket | None = None
        self.not_inherited: frozenset[str] = frozenset()
        """Variables of the environment that hold secrets."""
        self._command = command
        self._count = count
        self._alarms = alarms
        self._settings: Settings | None = None
        self._held: list[KeyHold] | None = None
        self._processes: dict[int, Process] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._keeping: set[asyncio.Task[None]] = set()
        """Those of `_tasks` that have, or are starting, a worker of ours."""
        self._served: set[int] = set()
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()
        self._configured = asyncio.Event()

    def listen_for_reports(self, path: Path) -> None:
        """Take workers' connections on a unix socket of mode 0600."""
        self._connections.listen(path)

    def start(self, listening: socket.socket) -> None:
        """Bring the number of workers up to what was asked for. They wait for `configure` with their imports done."""
        self.listening = listening
        for _ in range(self._count - len(self.states)):
            self._keep()

    async def reported(self, count: int, seconds: float) -> bool:
        """Wait until so many workers have reported."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self.states) < count:
                    self._changed.clear()
                    await self._changed.wait()
        return len(self.states) >= count

    def configure(self, settings: Settings) -> None:
        """Hand settings to every worker, running or waiting for its first; under an epoch of their own."""
        last = self._settings.epoch if self._settings else 0
        epoch = max(now_us(), last + 1, *(state.epoch + 1 for state in self.states.values()), 0)
        self._settings = settings = msgspec.structs.replace(settings, epoch=epoch)
        self._configured.set()
        self._connections.tell({"command": "configure", "settings": settings})

    def quarantine(self, holds: list[KeyHold]) -> None:
        """Tell every worker, running or yet to come, which keys of providers it must not use."""
        self._held = holds
        for turn, writer in enumerate(self._connections.writers.values()):
            writer.write(encoded(holds, turn * TURN_SECONDS))

    def limit(self, limiting: Limiting) -> None:
        """Tell every worker, running or yet to come, what calls are limited by."""
        if self._settings:
            self._settings = msgspec.structs.replace(self._settings, limiting=limiting)
        self._connections.tell({"command": "limit", "limiting": limiting})

    def route(self, routing: Routing) -> None:
        """Tell every worker, running or yet to come, what is in force over its routes."""
        if self._settings:
            self._settings = msgspec.structs.replace(self._settings, routing=routing)
        self._connections.tell({"command": "route", "routing": routing})

    def seed(self, seeds: Seeds) -> None:
        """Tell every worker what the ledger has counted for rules that are new."""
        self._connections.tell({"command": "seed", "seeds": seeds})

    def count(self, at: int, begin: int) -> None:
        """Ask every worker what its counters had settled at a moment (µs), from the `begin`-th on."""
        self._connections.tell({"command": "count", "at": at, "begin": begin})

    def invalidate(self, which: Invalidation, number: int, *, but: int = 0) -> None:
        """Tell every worker which kept replies are not to be given any more. `number`: what its report is to name, 0:
        nothing. `but`: the worker that knows."""
        line = command_line({"command": "invalidate", "which": which, "number": number})
        for pid, writer in self._connections.writers.items():
            if pid != but:
                writer.write(line)

    def recount(self, rules: list[str]) -> None:
        """Tell every worker that the counters of these rules are wrong; they ask to be seeded then."""
        self._connections.tell({"command": "recount", "rules": rules})

    @property
    def settings(self) -> Settings | None:
        """What was handed out last."""
        return self._settings

    def behind(self, epoch: int) -> list[int]:
        """Workers (pids) that have not taken the settings of that epoch yet, or not said so."""
        unheard = self._processes.keys() - self.states.keys()
        return sorted({*unheard, *(pid for pid, state in self.states.items() if state.epoch < epoch)})

    def in_flight_before(self, epoch: int) -> int:
        """Calls in flight whose way was chosen under earlier settings, as far as workers have told."""
        told = (state.epochs.items() for state in self.states.values())
        return sum(calls for each in told for began, calls in each if began < epoch)

    async def stop(self, *, adopted: bool = True) -> None:
        """Drain the workers and wait for them; those that are stuck are killed. Adopted ones serve on if told so."""
        self._stopping.set()
        self._configured.set()
        others = self.states.keys() - self._processes.keys() if adopted else set()
        if adopted and self.listening:
            self.listening.close()  # the last copies go with the workers: new connections are refused, none hangs
        for pid in [*self._processes, *others]:
            signal_to(pid, signal.SIGTERM)
        ending = [*self._keeping, *(asyncio.create_task(end_of(pid)) for pid in others)]
        if ending and (await asyncio.wait(ending, timeout=STOP_SECONDS))[1]:
            log.error("workers do not end; they are killed")
            for pid in [*self._processes, *others]:
                signal_to(pid, signal.SIGKILL)
            await asyncio.wait(ending)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        """None of them ends by an error without a word."""
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("the supervision of workers failed", exc_info=error)
        if task in self._keeping:
            self._alarms.set(
                "supervision", "A worker is not supervised any more: see the log, and restart the gateway."
            )

    def _keep(self) -> None:
        task = self._spawn(self._keep_one_running())
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _keep_one_running(self) -> None:
        """A worker that served before it died is replaced at once; one that never came up, slower and slower."""
        pause = 0.0
        while not self._stopping.is_set():
            pid, ended = await self._run_one()
            if self._stopping.is_set():
                return
            pause = 0.0 if pid in self._served else min(LONGEST_PAUSE, pause * 2 or FIRST_PAUSE)
            self._served.discard(pid)
            log.error("worker %d ended (%s); starting another in %.1f s", pid, ended, pause)
            self._alarms.set("worker_down", f"A worker ended ({ended}) and is started again; see the gateway's log.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _run_one(self) -> tuple[int, str]:
        """One worker's life; its pid, 0 where it could not even be started, and how it ended."""
        assert self.listening
        fd = self.listening.fileno()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                "--listen-fd",
                str(fd),
                stdin=PIPE,
                stdout=DEVNULL,
                pass_fds=[fd],
                start_new_session=True,
                env=without(self.not_inherited),
            )
        except OSError as error:
            return 0, error.strerror or str(error)
        self._processes[process.pid] = process
        try:
            if self._stopping.is_set():
                signal_to(process.pid, signal.SIGTERM)  # `stop` did not know of it yet
            await self._configured.wait()
            assert process.stdin
            with contextlib.suppress(ConnectionError):
                if self._settings:
                    asked = self._settings.limiting.rules
                    seeds = await self.seeding(self._settings)
                    seeds = seeds and still_good(seeds, asked, self._settings.limiting.rules)
                    settings = msgspec.structs.replace(self._settings, quarantine=tuple(self._held or ()), seeds=seeds)
                    process.stdin.write(msgspec.json.encode(settings))
                    await process.stdin.drain()
                process.stdin.close()
            return process.pid, f"code {await process.wait()}"
        finally:
            self._processes.pop(process.pid, None)

    def welcome(self, state: LiveState, writer: asyncio.StreamWriter) -> None:
        """A worker's first report: send away one too many, tell others what they do not know yet."""
        self._served.add(state.pid)
        self._alarms.set("worker_down", None)
        if len(self.states) >= self._count and state.pid not in self._processes:
            writer.write(command_line({"command": "drain"}))
        elif self._settings and state.epoch != self._settings.epoch:
            writer.write(command_line({"command": "configure", "settings": self._settings}))
        elif self._settings:  # what changed between its settings and its first word
            writer.write(command_line({"command": "limit", "limiting": self._settings.limiting}))
            writer.write(command_line({"command": "route", "routing": self._settings.routing}))
        if self._held is not None:
            writer.write(encoded(self._held, (len(self._connections.writers) - 1) * TURN_SECONDS))

    def greeted(self, listening: socket.socket) -> None:
        """A worker's listening socket: ours too, where we have none yet."""
        if self.listening is None:
            self.listening = listening
        else:
            listening.close()

    def heard(self, state: LiveState) -> None:
        """A report, the first one too."""
        self.on_report(state)
        self._changed.set()

    def lost(self, pid: int) -> None:
        """Somebody has to take the place of a worker that is not ours."""
        if self._settings and not self._stopping.is_set() and pid and pid not in self._processes:
            self._spawn(self._replace_adopted(pid))

    async def _replace_adopted(self, pid: int) -> None:
        """An adopted worker is gone, or only its connection is."""
        ended = asyncio.ensure_future(end_of(pid))
        while not ended.done():
            await asyncio.wait({ended}, timeout=0.2)
            if pid in self.states:
                ended.cancel()
                return
        if len(self.states) < self._count and not self._stopping.is_set():
            self._keep()


def still_good(seeds: Seeds, asked: Iterable[Rule], in_force: Iterable[Rule]) -> Seeds:
    """Without the rules that count something else by now than when they were asked for."""
    counting = {rule.id: rule.counting for rule in in_force}
    good = tuple(rule.id for rule in asked if rule.window and counting.get(rule.id) == rule.counting)
    return msgspec.structs.replace(seeds, rules=good)


async def _nothing(settings: Settings) -> None:
    del settings
