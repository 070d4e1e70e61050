"""How much of a provider's limits is left for a call."""

from collections.abc import Mapping

from proxy.routing import Target
from proxy.settings import Provider
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.quarantine import Quarantine

UNKNOWN = 0.5
"""The headroom of a key whose limits are not known."""


class Headroom:
    """What is left of a provider's limits, by the best of the keys that serve such a call and are out of quarantine."""

    def __init__(
        self,
        pacing: Pacing,
        quarantine: Quarantine,
        team: str | None,
        route: str,
        providers: Mapping[str, Provider],
    ) -> None:
        self._pacing, self._quarantine, self._providers = pacing, quarantine, providers
        self._team, self._route = team, route

    def __call__(self, target: Target) -> float:
        left: list[float | None] = []
        for key in self._providers[target.provider].keys:
            if key.is_bound and not key.serves(self._team, self._route):
                continue
            if self._quarantine.held and self._quarantine.standing(target.provider, key, target.model) == "held":
                left.append(0.0)
            else:
                left.append(self._pacing.headroom(target.provider, key.id, target.model))
        return max((UNKNOWN if each is None else each for each in left), default=0.0)
