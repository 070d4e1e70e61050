"""Which keys of providers this worker must not use for now.

A key that fails is held at once, here; the control process is told, remembers it and tells the other workers. When its
time has come, one call may try it again: if that goes well the hold ends, else the next try is twice as far away.
"""

import time
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from gatewatch.control.key_hold import KeyHold, pause_us
from gatewatch.control.records import now_us
from proxy.settings import ProviderKey
from proxy.worker.key_fault import KeyFault

Standing = Literal["free", "held", "due"]

AGAIN_SECONDS = 5.0
"""After a try that neither went well nor showed that the key is still bad."""
LONGEST_SECONDS = 86_400.0
"""No hold lasts longer without a try, whatever clocks say."""
MOST_MODELS = 32
"""Of one key. Callers choose the names of models: beyond this many, a key is not held for one more."""


class _Held:
    __slots__ = ("due", "hold", "over", "trying")

    def __init__(self, hold: KeyHold, over: float, patience: float) -> None:
        self.hold = hold
        self.over = over
        """When its time has come, by the monotonic clock."""
        self.due = over + patience
        """When it has come for a call of this worker."""
        self.trying = False


class Quarantine:
    """One worker's. Holds of a key's other secrets count for nothing."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, now: Callable[[], int] = now_us) -> None:
        self.held: dict[tuple[str, str], dict[str, _Held]] = {}
        """(provider, key) → model, or "" for all → hold. Empty as long as all is well."""
        self._monotonic = monotonic
        self._now = now
        self._faults: dict[tuple[str, str, str], KeyHold] = {}
        self._lifted: dict[tuple[str, str, str], KeyHold] = {}

    def standing(self, provider: str, key: ProviderKey, model: str) -> Standing:
        """Whether the key may be used for that model: freely, not at all, or by one call that tries it."""
        holds = self._holds(provider, key, model)
        if not holds:
            return "free"
        now = self._monotonic()
        return "due" if all(now >= held.due and not held.trying for held in holds) else "held"

    def holds_on(self, provider: str, key: ProviderKey, model: str) -> list[KeyHold]:
        return [held.hold for held in self._holds(provider, key, model)]

    def try_again(self, provider: str, key: ProviderKey, model: str) -> bool:
        """A call uses the key. Whether that is the try of a key that is held."""
        holds = self._holds(provider, key, model)
        for held in holds:
            held.trying = True
        return bool(holds)

    def went_well(self, provider: str, key: ProviderKey, model: str) -> None:
        """The try was answered: the key is good again."""
        for held in self._holds(provider, key, model):
            self._drop(held.hold)
            self._faults.pop(held.hold.place, None)
            self._lifted[held.hold.place] = held.hold

    def undecided(self, provider: str, key: ProviderKey, model: str) -> None:
        """The try ended, for reasons that have nothing to do with the key."""
        for held in self._holds(provider, key, model):
            if held.trying:
                held.trying = False
                held.due = max(held.due, self._monotonic() + AGAIN_SECONDS)

    def failed(self, provider: str, key: ProviderKey, model: str, fault: KeyFault, *, again: bool) -> None:
        """The provider said that something is wrong with the key. `again`: when it was tried once more."""
        place = (provider, key.id, model if fault.for_model else "")
        known = self.held.get(place[:2], {}).get(place[2])
        if known and known.hold.version != key.version:
            known = None
        if known and not again:
            return  # a call that was under way already
        if known is None and place[2] and len(self.held.get(place[:2], ())) >= MOST_MODELS:
            return
        failures = known.hold.failures + 1 if known else 1
        now = self._now()
        wait_us = min(max(pause_us(failures), int((fault.wait or 0) * 1e6)), int(LONGEST_SECONDS * 1e6))
        hold = KeyHold(
            provider=provider,
            key_id=key.id,
            model=place[2],
            version=key.version,
            kind=fault.kind,
            reason=fault.reason,
            since=known.hold.since if known else now,
            until=now + wait_us,
            failures=failures,
        )
        self._put(hold, self._monotonic() + wait_us / 1e6)
        for held in self._holds(provider, key, model):
            held.trying = False
        self._faults[place] = hold
        self._lifted.pop(place, None)

    # the control process

    def take_faults(self) -> list[KeyHold]:
        """Holds that are new, or grew longer, since the last time this was asked."""
        faults, self._faults = self._faults, {}
        return list(faults.values())

    def take_lifted(self) -> list[KeyHold]:
        """Holds that have ended here since the last time this was asked."""
        lifted, self._lifted = self._lifted, {}
        return list(lifted.values())

    def replace(self, holds: Iterable[KeyHold], patience: float = 0.0) -> None:
        """Take the control process's word, beside what it was not told yet.

        `patience`: seconds that this worker lets others try first.
        """
        before, self.held = self.held, {}
        for place, fault in self._faults.items():
            self._put(fault, before[place[:2]][place[2]].over)
        for hold in holds:
            if hold.place in self._faults or hold.place in self._lifted:
                continue
            known = before.get(hold.place[:2], {}).get(hold.model)
            if known and (known.hold.version, known.hold.failures) == (hold.version, hold.failures):
                known.due = max(known.due, known.over + patience)
                self.held.setdefault(hold.place[:2], {})[hold.model] = known
                continue
            wait = min(max(hold.until - self._now(), 0) / 1e6, LONGEST_SECONDS)
            self._put(hold, self._monotonic() + wait, patience)

    def _holds(self, provider: str, key: ProviderKey, model: str) -> list[_Held]:
        holds = self.held.get((provider, key.id))
        if not holds:
            return []
        found = (holds.get(""), holds.get(model) if model else None)
        return [held for held in found if held and held.hold.version == key.version]

    def _put(self, hold: KeyHold, over: float, patience: float = 0.0) -> None:
        self.held.setdefault(hold.place[:2], {})[hold.model] = _Held(hold, over, patience)

    def _drop(self, hold: KeyHold) -> None:
        holds = self.held.get(hold.place[:2], {})
        holds.pop(hold.model, None)
        if not holds:
            self.held.pop(hold.place[:2], None)


def encoded(holds: Iterable[KeyHold], patience: float) -> bytes:
    """The command by which the control process tells a worker."""
    return msgspec.json.encode({"command": "quarantine", "holds": list(holds), "patience": patience}) + b"\n"
