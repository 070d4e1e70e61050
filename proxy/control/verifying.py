"""Counters against the ledger, at the same positions of the journal: the two are one number.

Keeps true: a counter that differs is named in an alarm, with both figures, and set right by the ledger; as long as it
is not, it counts on as it is.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from gatewatch.control.records import now_us
from gatewatch.errors import GatewatchError
from gatewatch.money import usd_text
from proxy.control.alarms import Alarms
from proxy.control.compared import Compare
from proxy.control.counting import windowed
from proxy.control.limits_in_force import LimitsInForce

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

EVERY_SECONDS = 60.0
SHARE = 0.02
"""Of the time, at most, is for it."""
SHOWN_SECONDS = 600.0
"""How long an alarm stands at least: what was wrong is right again within a moment."""
MOST_NAMED = 3
_ALARM = "counters_differ"

log = logging.getLogger("gatewatch.control")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One counter that is not what the ledger says; in the rule's measure."""

    rule: str
    name: str
    measure: str
    counted: int
    ledger: int

    @property
    def text(self) -> str:
        """For people."""
        counted, ledger = self.counted, self.ledger
        if self.measure == "picos":
            return f"{self.rule} of {self.name!r} had {usd_text(counted)} USD where the ledger has {usd_text(ledger)}"
        measure = self.measure.replace("_", " ")
        return f"{self.rule} of {self.name!r} had {counted} {measure} where the ledger has {ledger}"


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one comparison."""

    at: int
    """µs since the epoch."""
    compared: int = 0
    """Counters."""
    differences: tuple[Difference, ...] = ()
    skipped: str | None = None
    """Why nothing was compared, for people."""
    following: int = 0
    """The first counter that was not looked at yet; 0: all of them were."""


class Verifying:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, counters: Compare, limits: LimitsInForce, alarms: Alarms) -> None:
        self.counters = counters
        self._limits = limits
        self._alarms = alarms
        self._turn = asyncio.Lock()
        self._raised_at = float("-inf")
        self.last: Verified | None = None

    async def run(self, service: "LedgerService") -> None:
        """Some of the counters each minute, part after part; less often where it takes long. Until cancelled."""
        begin, pause = 0, EVERY_SECONDS
        while True:
            await asyncio.sleep(pause)
            begun = time.monotonic()
            begin = (await self.verify(service, begin)).following
            pause = max(EVERY_SECONDS, (time.monotonic() - begun) / SHARE)

    async def verify_all(self, service: "LedgerService") -> Verified:
        """All of them, now."""
        found = await self.verify(service)
        while found.following and not found.skipped:
            more = await self.verify(service, found.following)
            found = Verified(
                at=more.at,
                compared=found.compared + more.compared,
                differences=found.differences + more.differences,
                skipped=more.skipped,
                following=more.following,
            )
        return found

    async def verify(self, service: "LedgerService", begin: int = 0) -> Verified:
        """A part of them, from the `begin`-th on; those that differ are counted anew."""
        async with self._turn:
            try:
                found = await self._compare(service, begin)
                if found.differences:
                    await self.counters.recount(sorted({each.rule for each in found.differences}))
            except TimeoutError:
                found = Verified(at=now_us(), skipped="the worker does not answer")
            except GatewatchError as error:
                found = Verified(at=now_us(), skipped=error.title)
            self._tell(found)
            return found

    async def _compare(self, service: "LedgerService", begin: int) -> Verified:
        at, rules = now_us(), windowed(self._limits.rules)
        if not rules:
            return Verified(at=at, skipped="no limit and no budget counts in a window")
        found = await self.counters.compared(service, rules, at, begin)
        if windowed(self._limits.rules) != rules:
            return Verified(at=at, skipped="other rules are in force since")
        keys = found.counted.keys() | found.ledger.keys()
        measures = {rule.id: rule.measure for rule in rules}
        return Verified(
            at=at,
            compared=len(keys),
            differences=tuple(_differences(sorted(keys), found.counted, found.ledger, measures)),
            following=found.following,
        )

    def _tell(self, found: Verified) -> None:
        self.last = found
        if found.differences:
            named = "; ".join(each.text for each in found.differences[:MOST_NAMED])
            more = f"; and {len(found.differences) - MOST_NAMED} more" if len(found.differences) > MOST_NAMED else ""
            log.error("counters differed from the ledger and are set right by it: %s%s", named, more)
            self._alarms.set(
                _ALARM,
                f"Counters differed from the ledger and are set right by it: {named}{more}."
                " `gatewatch ledger check` says whether the ledger itself is whole.",
            )
            self._raised_at = time.monotonic()
        elif not found.skipped and time.monotonic() - self._raised_at > SHOWN_SECONDS:
            self._alarms.set(_ALARM, None)


def _differences(
    keys: Sequence[str], counted: Mapping[str, int], ledger: Mapping[str, int], measures: Mapping[str, str]
) -> list[Difference]:
    found = []
    for key in keys:
        rule, _, name = key.partition("|")
        if counted.get(key, 0) != ledger.get(key, 0):
            found.append(
                Difference(
                    rule=rule,
                    name=name,
                    measure=measures.get(rule, ""),
                    counted=counted.get(key, 0),
                    ledger=ledger.get(key, 0),
                )
            )
    return found
