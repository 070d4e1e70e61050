"""Which of a provider's keys the next call gets.

Keys that are bound to the call's team or route come first, and serve nobody else. Among equals the turns go round by
weight, evenly spread (smooth weighted round robin), the same way each time. A key whose quarantine is due for a try is
tried before others; where none but such keys are left, by one call at a time. A key that the provider has asked to wait
with is left out while others serve, and so is one that is near a limit, or has no turn free, while others have.
"""

from collections.abc import Collection, Sequence

from proxy.retry_after import SHORTEST_SECONDS
from proxy.settings import ProviderKey
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.quarantine import Quarantine, Standing
from proxy.worker.rate_waits import RateWaits

REMEMBERED = 256
"""Sets of keys to choose from whose turns are kept."""


class ProviderKeys:
    """The keys of one provider."""

    def __init__(
        self,
        provider: str,
        keys: Sequence[ProviderKey],
        quarantine: Quarantine,
        waits: RateWaits | None = None,
        pacing: Pacing | None = None,
    ) -> None:
        self.waits = waits or RateWaits()
        self._provider = provider
        self._quarantine = quarantine
        self._pacing = pacing
        self._sole = keys[0] if len(keys) == 1 and not keys[0].is_bound else None
        self._bound = tuple(key for key in keys if key.is_bound)
        self._for_all = tuple(key for key in keys if not key.is_bound)
        self._shares: dict[tuple[str, ...], dict[str, int]] = {}

    def choose(self, team: str | None, route: str, model: str, tried: Collection[str] = ()) -> ProviderKey | None:
        """The key for a call of that team on that route, for the provider's `model`; none of those that it has `tried`
        (ids). None where no other is left."""
        if self._sole is not None and not self._quarantine.held:
            return None if tried else self._sole
        waiting: list[tuple[float, ProviderKey]] = []
        for group in (self._bound_to(team, route), self._for_all):
            free: list[ProviderKey] = []
            for key in group:
                if key.id in tried:
                    continue
                standing = self._standing(key, model)
                if standing == "due" and self._may_be_tried(team, route, model):
                    return key
                if standing == "free":
                    if (wait := self.waits.left(key.id, model)) is None:
                        free.append(key)
                    else:
                        waiting.append((wait, key))
            if free:
                return free[0] if len(free) == 1 else self._next_turn(self._with_room(free, model))
        if not waiting or any(self.waits.left(id, model) is not None for id in tried):
            return None  # one that waits was asked already, and the others would say the same
        return min(waiting, key=lambda each: each[0])[1]

    def may_be_used(self, key: ProviderKey, model: str) -> bool:
        """Whether it still may, after a call has waited for it."""
        return self._standing(key, model) != "held"

    def is_any_free(self, team: str | None, route: str, model: str) -> bool:
        """Whether a key for such a call is out of quarantine."""
        return any(self._standing(key, model) == "free" for key in self.for_call(team, route))

    def soonest(self, team: str | None, route: str, model: str, tried: Collection[str]) -> float | None:
        """In how many seconds such a call may come again, as far as that is known, after those that it `tried`."""
        free = [key.id for key in self.for_call(team, route) if self._standing(key, model) == "free"]
        waits = {id: self.waits.left(id, model) for id in free}
        if any(wait is None and id not in tried for id, wait in waits.items()):
            return SHORTEST_SECONDS
        return min((wait for wait in waits.values() if wait is not None), default=None)

    def for_listing(self) -> ProviderKey | None:
        """One to ask with for the provider's models, which is nobody's call: none that is in quarantine."""
        return next((key for key in (*self._for_all, *self._bound) if self._standing(key, "") == "free"), None)

    def for_call(self, team: str | None, route: str) -> list[ProviderKey]:
        """All that may serve such a call, in quarantine or not."""
        return [*self._bound_to(team, route), *self._for_all]

    def _standing(self, key: ProviderKey, model: str) -> Standing:
        return self._quarantine.standing(self._provider, key, model) if self._quarantine.held else "free"

    def _may_be_tried(self, team: str | None, route: str, model: str) -> bool:
        keys = self.for_call(team, route)
        return self.is_any_free(team, route, model) or not self._quarantine.is_tried(self._provider, keys, model)

    def _bound_to(self, team: str | None, route: str) -> Sequence[ProviderKey]:
        return self._bound and [key for key in self._bound if key.serves(team, route)]

    def _with_room(self, keys: list[ProviderKey], model: str) -> list[ProviderKey]:
        """Those of them that are furthest from having to wait."""
        if self._pacing is None:
            return keys
        crowding = [self._pacing.crowding(self._provider, key.id, model) for key in keys]
        least = min(crowding)
        return [key for key, each in zip(keys, crowding, strict=True) if each == least]

    def _next_turn(self, keys: list[ProviderKey]) -> ProviderKey:
        group = tuple(key.id for key in keys)
        shares = self._shares.get(group)
        if shares is None:
            if len(self._shares) >= REMEMBERED:
                self._shares.clear()
            shares = self._shares[group] = dict.fromkeys(group, 0)
        for key in keys:
            shares[key.id] += key.weight
        best = max(keys, key=lambda key: shares[key.id])
        shares[best.id] -= sum(key.weight for key in keys)
        return best
