"""Something that is only lent for a while, and takes a thread to get anew: credentials, tokens.

Keeps true: who asks while it lasts gets it at once and hands nothing to a thread; however many wait, one fetches; it is
renewed before its end while calls go on with what is at hand; and nobody waits longer than `PATIENCE`.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from gatewatch.redact import redact

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds that a call waits for what it cannot go without."""
RETRY_AFTER = 5.0
"""Seconds between two attempts, as long as that is no call's only hope."""
LONGEST_REASON = 300

log = logging.getLogger("gatewatch.worker")


class CannotSign(Exception):
    """There are no credentials, or they cannot be renewed. The message is for the operator and holds no secret."""


class Lent(NamedTuple, Generic[T]):
    """A value, and whether it will have ended in so many seconds."""

    value: T
    ends_within: Callable[[float], bool]


class Renewed(Generic[T]):
    """`fetch` blocks; it raises CannotSign. `before` is how many seconds before its end a value is renewed."""

    def __init__(
        self, fetch: Callable[[], Lent[T]], before: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._before = before
        self._clock = clock
        self._lent: Lent[T] | None = None
        self._why: str | None = None
        """Why the last attempt failed."""
        self._again_at = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def get(self) -> T:
        """Raises CannotSign."""
        lent = self._lent
        if lent is not None and not lent.ends_within(self._before):
            return lent.value
        usable = lent is not None and not lent.ends_within(0)
        if self._fetching is None:
            if self._clock() >= self._again_at or not (usable or self._why):
                self._fetching = asyncio.create_task(self._renew())
            elif not usable:
                raise CannotSign(self._why)
        if usable and lent is not None:
            return lent.value
        if self._fetching is not None:
            await asyncio.wait((self._fetching,), timeout=PATIENCE)  # the others' fetching does not end with this call
        if self._fetching is not None:
            raise CannotSign(f"no credentials came within {PATIENCE:.0f} s")
        if self._lent is None or self._why is not None:
            raise CannotSign(self._why or "no credentials came")
        return self._lent.value

    async def _renew(self) -> None:
        try:
            self._lent = await asyncio.to_thread(self._fetch)
            self._why = None
        except CannotSign as error:
            self._why = str(error)
        except Exception as error:  # noqa: BLE001 - a vendor's library may raise anything, and a call waits for this
            self._why = reason("credentials could not be had", error)
        finally:
            self._again_at = self._clock() + RETRY_AFTER
            self._fetching = None
        if self._why is not None and self._lent is not None:  # no call fails yet, so nobody else would tell
            log.warning("%s", self._why)


def reason(what: str, error: Exception) -> str:
    """One line about a failure of a vendor's library, without secrets."""
    said = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    words = " ".join(redact(said[: 4 * LONGEST_REASON]).split())[:LONGEST_REASON]
    return f"{what}: {type(error).__name__}: {words}" if words else f"{what}: {type(error).__name__}"
