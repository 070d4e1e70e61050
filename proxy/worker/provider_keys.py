"""Which of a provider's keys the next call gets.

Keys that are bound to the call's team or route come first, and serve nobody else. Among equals the turns go round by
weight, evenly spread (smooth weighted round robin), the same way each time. A key whose quarantine is due for a try is
tried before others.
"""

from collections.abc import Collection, Sequence

from proxy.settings import ProviderKey
from proxy.worker.quarantine import Quarantine

REMEMBERED = 256
"""Sets of keys to choose from whose turns are kept."""


class ProviderKeys:
    """The keys of one provider."""

    def __init__(self, provider: str, keys: Sequence[ProviderKey], quarantine: Quarantine) -> None:
        self._provider = provider
        self._quarantine = quarantine
        self._sole = keys[0] if len(keys) == 1 and not keys[0].is_bound else None
        self._bound = tuple(key for key in keys if key.is_bound)
        self._for_all = tuple(key for key in keys if not key.is_bound)
        self._shares: dict[tuple[str, ...], dict[str, int]] = {}

    def choose(self, team: str | None, route: str, model: str, tried: Collection[str] = ()) -> ProviderKey | None:
        """The key for a call of that team on that route, for the provider's `model`; none of those that it has `tried`
        (ids). None where no other is left."""
        if self._sole is not None and not self._quarantine.held:
            return None if tried else self._sole
        any_held = bool(self._quarantine.held)
        for group in (self._bound_to(team, route), self._for_all):
            free: list[ProviderKey] = []
            for key in group:
                if key.id not in tried:
                    standing = self._quarantine.standing(self._provider, key, model) if any_held else "free"
                    if standing == "due":
                        return key
                    if standing == "free":
                        free.append(key)
            if free:
                return free[0] if len(free) == 1 else self._next_turn(free)
        return None

    def for_call(self, team: str | None, route: str) -> list[ProviderKey]:
        """All that may serve such a call, in quarantine or not."""
        return [*self._bound_to(team, route), *self._for_all]

    def _bound_to(self, team: str | None, route: str) -> Sequence[ProviderKey]:
        return self._bound and [key for key in self._bound if key.serves(team, route)]

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
