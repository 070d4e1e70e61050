"""Work that must go on for as long as the process lives."""

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger("gatewatch")


async def periodically(seconds: float, work: Callable[[], None]) -> None:
    """Do `work` every so often until cancelled. What goes wrong is logged, and tried again the next time."""
    while True:
        await asyncio.sleep(seconds)
        try:
            work()
        except Exception:
            log.exception("%s failed; it is tried again in %g s", getattr(work, "__qualname__", work), seconds)
