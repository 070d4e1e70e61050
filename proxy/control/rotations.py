"""Rotations of providers' keys inside the control process: each in a thread and an event loop of its own.

Keeps true: a rotation is worked at by one thread; what blocks there (vault, store, a slow provider) holds up nothing
else; one that a dead control process left behind goes on when the next one is ready; one that waits for the store goes
on when the store can be written again. Each secret of the vault has one alarm, of the rotation that it has now.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable

from gatewatch.authority.actor import Actor
from gatewatch.config import Loaded
from gatewatch.control.provider_rotations import ProviderRotations, Rotation
from gatewatch.control.schema import ControlStoreError
from gatewatch.control.store import ControlStore
from gatewatch.control.transactions import Transactions
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.rotation.parts import Fleet
from gatewatch.rotation.procedure import Procedure
from gatewatch.rotation.remains import remains
from gatewatch.rotation.rotator import Outlook, Wish
from gatewatch.vault.interface import Vault
from proxy.control import rotation_beginning

END_SECONDS = 5.0
"""How long a rotation may take to let go; then it is left where it stands, and goes on at the next start."""

STORE_AGAIN_SECONDS = 5.0
"""Between tries where the control store cannot be used."""

log = logging.getLogger("gatewatch.control")


class Rotations:
    """As `Rotator` promises; a rotation that was begun goes on by itself."""

    def __init__(
        self,
        home: Home,
        loaded: Callable[[], Loaded],
        vault: Callable[[], Vault],
        fleet: Callable[[], Fleet],
        alarm: Callable[[str, str | None], None],
    ) -> None:
        """`alarm` (its id, its text or None) may be called from any thread."""
        self._home = home
        self._loaded = loaded
        self._vault = vault
        self._fleet = fleet
        self._alarm = alarm
        self._lock = threading.Lock()
        self._working: dict[str, threading.Thread] = {}
        self._tasks: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Task[Rotation]]] = {}
        self._again: set[str] = set()
        self._stopping = threading.Event()

    def outlook(self, store: Transactions, provider: str, key: str | None) -> Outlook:
        return rotation_beginning.outlook(store, self._loaded(), self._vault(), self._home.control, provider, key)

    def begin(self, store: Transactions, wish: Wish) -> Rotation:
        rotation = rotation_beginning.begun(store, self._loaded(), self._vault(), self._home.control, wish)
        self._work_at(rotation)
        return rotation

    def resume(self, store: Transactions, id: str, *, keep_old: bool) -> Rotation:
        rotation = ProviderRotations(store).reopen(id, keep_old=keep_old)
        self._work_at(rotation)
        return rotation

    def cancel(self, store: Transactions, id: str) -> Rotation:
        rotation = ProviderRotations(store).cancel(id)
        if rotation.state == "failed":
            rotation = ProviderRotations(store).reopen(id)
        self._work_at(rotation)
        return rotation

    def abandon(self, store: Transactions, id: str) -> Rotation:
        rotations = ProviderRotations(store)
        rotation = rotations.abandon(id, remains(rotations.get(id)))
        self._tell(rotation)
        return rotation

    def go_on(self) -> None:
        """With those that a dead control process, or command, left behind. Says so of those that failed."""
        with ControlStore.open(self._home.control, actor="gateway") as store:
            for rotation in ProviderRotations(store).unfinished():
                if rotation.state == "running":
                    self._work_at(rotation)
                else:
                    self._tell(rotation)

    def stop(self) -> None:
        """Let go of all of them, wherever they stand."""
        self._stopping.set()
        with self._lock:
            for loop, task in self._tasks.values():
                loop.call_soon_threadsafe(task.cancel)
            working = list(self._working.values())
        for thread in working:
            thread.join(END_SECONDS)

    def _work_at(self, rotation: Rotation) -> None:
        with self._lock:
            if self._stopping.is_set():
                return
            if rotation.id in self._working:
                self._again.add(rotation.id)  # it may be past the point where it would have seen why
                return
            thread = threading.Thread(target=self._run, args=(rotation,), name=f"rotation {rotation.id}", daemon=True)
            self._working[rotation.id] = thread
            thread.start()

    def _run(self, rotation: Rotation) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._tell(self._carried_on(rotation.id))
                    break
                except (ControlStoreError, sqlite3.Error) as error:
                    log.error("rotation %s waits for the control store: %s", rotation.id, error)
                    self._alarm(_alarm_of(rotation), f"A rotation waits for the control store: {error}")
                    self._stopping.wait(STORE_AGAIN_SECONDS)
        except asyncio.CancelledError:
            log.info("rotation %s waits for the next start", rotation.id)
        except Exception as error:
            log.exception("rotation %s stands still", rotation.id)
            what = str(error) if isinstance(error, GatewatchError) else f"a defect of ours: {type(error).__name__}"
            self._alarm(_alarm_of(rotation), f"A rotation of {rotation.provider}'s key stands still: {what}")
        finally:
            with self._lock:
                self._working.pop(rotation.id, None)
                again = rotation.id in self._again
                self._again.discard(rotation.id)
            if again:
                self._work_at(rotation)

    def _carried_on(self, id: str) -> Rotation:
        """The rotation at its end. Raises GatewatchError where it cannot be worked at."""
        with ControlStore.open(self._home.control, actor="gateway") as store:
            rotations = ProviderRotations(store)
            rotation = rotations.get(id)
            store.become(Actor(id=rotation.started_by, source=f"rotation {id}"))
            parts = rotation_beginning.parts_of(
                self._loaded(), rotation, self._vault(), self._home.control, self._fleet()
            )
            procedure = Procedure(rotation, rotations, self._vault(), parts)
            log.info("rotation %s of %s: from %s on", id, rotation.provider, rotation.step)
            return asyncio.run(self._until_stopped(id, procedure))

    async def _until_stopped(self, id: str, procedure: Procedure) -> Rotation:
        task = asyncio.ensure_future(procedure.run())
        with self._lock:
            self._tasks[id] = asyncio.get_running_loop(), task
            if self._stopping.is_set():
                task.cancel()
        try:
            return await task
        finally:
            with self._lock:
                del self._tasks[id]

    def _tell(self, rotation: Rotation) -> None:
        log.info("rotation %s of %s: %s after %s", rotation.id, rotation.provider, rotation.state, rotation.step)
        text = None
        if rotation.state == "failed":
            detail = rotation.detail
            text = (
                f"The rotation of {rotation.provider}'s key stopped after {rotation.step}: {detail.failure}."
                f" {detail.next_step or 'Mend that'}; then: gatewatch providers rotate-key {rotation.provider} --resume"
            )
        self._alarm(_alarm_of(rotation), text)


def _alarm_of(rotation: Rotation) -> str:
    return f"rotation:{rotation.entry}"
