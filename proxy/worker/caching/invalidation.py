"""Which kept replies are not to be given any more, and the labels by which they are found.

Keeps true: a caller reaches what its own key may be given, and nothing of others.
"""

from functools import lru_cache

import msgspec

from proxy.worker.caching.entry import Entry


class Invalidation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is said has to fit; nothing is said: everything."""

    route: str | None = None
    model: str | None = None
    """As asked for, or `provider/model` as answered."""
    tags: tuple[str, ...] = ()
    """One of them."""
    team: str | None = None
    tenants: tuple[str, ...] | None = None
    """Of these alone, whatever else is said; None: of all."""

    def concerns(self, entry: Entry) -> bool:
        """Whether that one is not to be given any more."""
        return (
            self.route in (None, entry.route)
            and self.model in (None, entry.requested, f"{entry.provider}/{entry.model}")
            and (not self.tags or not set(self.tags).isdisjoint(entry.tags))
            and self.team in (None, entry.team)
            and (self.tenants is None or entry.tenant in self.tenants)
        )

    def labels(self) -> list[str]:
        """Every entry that is concerned has one of these."""
        whose = [""] if self.tenants is None else [f"{tenant}|" for tenant in self.tenants]
        if self.tags:
            kinds = [f"tag:{tag}" for tag in self.tags]
        elif self.route is not None:
            kinds = [f"route:{self.route}"]
        elif self.model is not None:
            kinds = [f"model:{self.model}"]
        elif self.team is not None:
            kinds = [f"of:{self.team}"]
        else:
            kinds = [""]
        return [f"{each}{kind}" for each in whose for kind in kinds]


Labels = frozenset[str]


@lru_cache(maxsize=4096)
def labels_of(tenant: str, team: str | None, route: str, models: tuple[str, ...], tags: tuple[str, ...]) -> Labels:
    """All labels of an entry: each for everybody's invalidations, and for its own tenant's."""
    kinds = ["", f"route:{route}", *(f"model:{model}" for model in models), *(f"tag:{tag}" for tag in tags)]
    if team is not None:
        kinds.append(f"of:{team}")
    return frozenset((*kinds, *(f"{tenant}|{kind}" for kind in kinds)))


def entry_labels(entry: Entry) -> Labels:
    """Those of a whole one."""
    models = (entry.requested, f"{entry.provider}/{entry.model}")
    return labels_of(entry.tenant, entry.team, entry.route, models, entry.tags)
