"""Which keys of providers this worker must not use for now.

A key that fails is held at once, here; the control process is told, remembers it and tells the other workers. When its
time has come, one call may try it again: if that goes well the hold ends, else the next try is twice as far away. Where
no key is left for a call, the pauses begin with a second: a provider that is unwell for a moment is back in a moment.
"""

import time
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from gatewatch.control.key_hold import TOGETHER_US, KeyHold, pause_us
from gatewatch.control.records import now_us
from proxy.settings import ProviderKey
from proxy.worker.key_fault import KeyFault

Standing = Literal["free", "held", "due"]

AGAIN_SECONDS = 5.0
"""After a try that neither went well nor showed that the key is still bad; less where the pause was shorter."""
UNHURRIED_SECONDS = 5.0
"""A pause from which on workers take their turns at leisure; shorter ones shorten the turns."""
RELAPSE_SECONDS = 60.0
"""A key that fails this soon after it was found good goes on from the failures that it had."""
MOST_RELAPSES = 256
LONGEST_SECONDS = 86_400.0
"""No hold lasts longer without a try, whatever clocks say."""
MOST_MODELS = 32
"""Of one key. Callers choose the names of models: beyond this many, a key is not held for one more."""


class _Held:
    __slots__ = ("began", "due", "hold", "over", "pause", "trying")

    def __init__(self, hold: KeyHold, now: float, pause: float) -> None:
        self.hold = hold
        self.began = now
        self.pause = pause
        """Seconds."""
        self.over = now + pause
        """When its time has come, by the monotonic clock."""
        self.due = self.over
        """When it has come for a call of this worker."""
        self.trying = False

    def let_others_first(self, patience: float) -> None:
        """A short pause makes short turns."""
        self.due = max(self.due, self.over + patience * min(1.0, max(1.0, self.pause) / UNHURRIED_SECONDS))


class Quarantine:
    """One worker's. Holds of a key's other secrets count for nothing."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, now: Callable[[], int] = now_us) -> None:
        self.held: dict[tuple[str, str], dict[str, _Held]] = {}
        """(provider, key) → model, or "" for all → hold. Empty as long as all is well."""
        self._monotonic = monotonic
        self._now = now
        self._faults: dict[tuple[str, str, str], KeyHold] = {}
        self._lifted: dict[tuple[str, str, str], KeyHold] = {}
        self._ended: dict[tuple[str, str, str], tuple[KeyHold, float]] = {}
        """Place → the hold that a call ended here, and when."""

    def standing(self, provider: str, key: ProviderKey, model: str) -> Standing:
        """Whether the key may be used for that model: freely, not at all, or by one call that tries it."""
        holds = self._holds(provider, key, model)
        if not holds:
            return "free"
        now = self._monotonic()
        return "due" if all(now >= held.due and not held.trying for held in holds) else "held"

    def holds_on(self, provider: str, key: ProviderKey, model: str) -> list[KeyHold]:
        return [held.hold for held in self._holds(provider, key, model)]

    def is_tried(self, provider: str, keys: Iterable[ProviderKey], model: str) -> bool:
        """Whether a call is trying one of these keys again."""
        return any(held.trying for key in keys for held in self._holds(provider, key, model))

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
            if len(self._ended) >= MOST_RELAPSES:
                self._ended.clear()
            self._ended[held.hold.place] = held.hold, self._monotonic()

    def undecided(self, provider: str, key: ProviderKey, model: str, *, at_once: bool = False) -> None:
        """The try ended, for reasons that have nothing to do with the key. `at_once`: the next call may try it."""
        for held in self._holds(provider, key, model):
            if held.trying:
                held.trying = False
                wait = 0.0 if at_once else min(AGAIN_SECONDS, max(1.0, held.pause))
                held.due = max(held.due, self._monotonic() + wait)

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
        before = known.hold if known else self._relapse(place, key.version)
        failures = before.failures + 1 if before else 1
        now = self._now()
        wait_us = min(max(pause_us(failures), int((fault.wait or 0) * 1e6)), int(LONGEST_SECONDS * 1e6))
        hold = KeyHold(
            provider=provider,
            key_id=key.id,
            model=place[2],
            version=key.version,
            kind=fault.kind,
            reason=fault.reason,
            since=before.since if before else now,
            until=now + wait_us,
            failures=failures,
        )
        self._put(hold, wait_us / 1e6)
        for held in self._holds(provider, key, model):
            held.trying = False
        self._faults[place] = hold
        self._lifted.pop(place, None)

    def none_left(self, provider: str, keys: Iterable[ProviderKey], model: str, failed: ProviderKey) -> None:
        """After `failed` did, no key is left for a call: it is tried again soon, and so are those of `keys` that have
        failed within seconds of it."""
        now = self._now()
        for key in keys:
            for held in self._holds(provider, key, model):
                hold = held.hold
                together = self._monotonic() - held.began <= TOGETHER_US / 1e6
                wait_us = pause_us(hold.failures, alone=True)
                stated = hold.until - now > pause_us(hold.failures)  # by the provider: it will not be good before
                if (key.id == failed.id or together) and not held.trying and not stated and hold.until > now + wait_us:
                    shorter = msgspec.structs.replace(hold, until=now + wait_us)
                    self._put(shorter, wait_us / 1e6)
                    self._faults[hold.place] = shorter

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
        for place in self._faults:
            self.held.setdefault(place[:2], {})[place[2]] = before[place[:2]][place[2]]
        for hold in holds:
            if hold.place in self._faults or hold.place in self._lifted:
                continue
            known = before.get(hold.place[:2], {}).get(hold.model)
            same = known and (known.hold.version, known.hold.failures) == (hold.version, hold.failures)
            if known and same and (known.trying or known.hold.until <= hold.until):
                self.held.setdefault(hold.place[:2], {})[hold.model] = known
            else:
                known = self._put(hold, min(max(hold.until - self._now(), 0) / 1e6, LONGEST_SECONDS))
            known.let_others_first(patience)

    def _holds(self, provider: str, key: ProviderKey, model: str) -> list[_Held]:
        holds = self.held.get((provider, key.id))
        if not holds:
            return []
        found = (holds.get(""), holds.get(model) if model else None)
        return [held for held in found if held and held.hold.version == key.version]

    def _put(self, hold: KeyHold, pause: float) -> _Held:
        held = self.held.setdefault(hold.place[:2], {})[hold.model] = _Held(hold, self._monotonic(), pause)
        return held

    def _relapse(self, place: tuple[str, str, str], version: str) -> KeyHold | None:
        hold, ended = self._ended.pop(place, (None, 0.0))
        is_soon = self._monotonic() - ended <= RELAPSE_SECONDS
        return hold if hold and hold.version == version and is_soon else None

    def _drop(self, hold: KeyHold) -> None:
        holds = self.held.get(hold.place[:2], {})
        holds.pop(hold.model, None)
        if not holds:
            self.held.pop(hold.place[:2], None)


class KeyTry:
    """One call's use of one key: whatever becomes of it, the quarantine hears of it once."""

    def __init__(self, quarantine: Quarantine, provider: str, key: ProviderKey, model: str) -> None:
        self._quarantine = quarantine
        self._place = provider, key, model
        self._again = bool(quarantine.held) and quarantine.try_again(provider, key, model)

    @property
    def is_again(self) -> bool:
        """Whether it tries a key that is held."""
        return self._again

    def went_well(self) -> None:
        """There is a reply that is no error."""
        if self._again:
            self._again = False
            self._quarantine.went_well(*self._place)

    def failed(self, fault: KeyFault) -> None:
        """There is something wrong with the key."""
        again, self._again = self._again, False
        self._quarantine.failed(*self._place, fault, again=again)

    def end(self, *, at_once: bool = False) -> None:
        """It is over; `at_once`: the provider is well, and only the request was faulty."""
        if self._again:
            self._again = False
            self._quarantine.undecided(*self._place, at_once=at_once)


def encoded(holds: Iterable[KeyHold], patience: float) -> bytes:
    """The command by which the control process tells a worker."""
    return msgspec.json.encode({"command": "quarantine", "holds": list(holds), "patience": patience}) + b"\n"
