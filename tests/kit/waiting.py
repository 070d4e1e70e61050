"""Wait for what must come: look again until it is so, and fail with the last answer when it does not come."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.003


async def until(
    ask: Callable[[], Any], done: Callable[[Any], object] | None = None, seconds: float = PATIENCE_SECONDS
) -> Any:
    """The first answer that is `done`, asked of another process. Without `done`: let this loop run until it holds."""
    ends = time.monotonic() + seconds
    while True:
        answer = ask()
        if inspect.isawaitable(answer):
            answer = await answer
        if done is None and answer:
            return None
        if done is not None and done(answer):
            return answer
        assert time.monotonic() < ends, f"still not so after {seconds} s: {answer!r}"
        await asyncio.sleep(PAUSE_SECONDS if done else 0)


async def eventually(check: Callable[[], object]) -> None:
    """Look a few hundred times a second, until it holds: for what another process does."""
    await until(check, bool)
