"""What goes on beside everything for as long as the gateway runs.

Keeps true: none of it ends without a word. What fails, or just ends, raises an alarm and is begun again, slower and
slower; the alarm ends once it has gone on for a while.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from gatewatch.keys.secret_shapes import without_secrets
from proxy.control.alarms import Alarms

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
"""After how long without a failure all is well again."""

log = logging.getLogger("gatewatch.control")


class Background:
    """Of one control process. Belongs to the event loop."""

    def __init__(
        self, alarms: Alarms, *, first_pause: float = FIRST_PAUSE, steady_seconds: float = STEADY_SECONDS
    ) -> None:
        self._alarms = alarms
        self._first_pause = first_pause
        self._steady_seconds = steady_seconds
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, what: str, run: Callable[[], Awaitable[object]]) -> None:
        """Run it until `stop`. `what` it is, in words that follow "The gateway's"."""
        self._tasks.append(asyncio.create_task(self._keep(what, run), name=what))

    async def stop(self) -> None:
        """Cancel all of it, and wait for its end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, what: str, run: Callable[[], Awaitable[object]]) -> None:
        pause, id = self._first_pause, f"background:{what}"
        while True:
            begun = time.monotonic()
            well = asyncio.get_running_loop().call_later(self._steady_seconds, self._alarms.set, id, None)
            try:
                await run()
                said = "it ended"
                log.error("%s ended; it is begun again in %g s", what, pause)
            except Exception as error:
                said = without_secrets(f"{type(error).__name__}: {error}")
                log.exception("%s failed; it is begun again in %g s", what, pause)
            finally:
                well.cancel()
            self._alarms.set(id, f"The gateway's {what} failed and is begun again ({said}). Its log says more.")
            if time.monotonic() - begun >= self._steady_seconds:
                pause = self._first_pause
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
