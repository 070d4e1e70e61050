"""Wait for what must come: ask again until it is so, and fail with the last answer when it does not."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.05


async def until(ask: Callable[[], Any], done: Callable[[Any], bool], seconds: float = PATIENCE_SECONDS) -> Any:
    """The first answer that is `done`."""
    ends = time.monotonic() + seconds
    while True:
        answer = ask()
        if inspect.isawaitable(answer):
            answer = await answer
        if done(answer):
            return answer
        assert time.monotonic() < ends, f"still not so after {seconds} s: {answer!r}"
        await asyncio.sleep(PAUSE_SECONDS)
