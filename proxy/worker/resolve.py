"""Where a name leads that is no route: `provider/model` of a configured provider, or a bare name that one has.

A bare name goes to the provider nearest to the model's maker (`gatewatch.models.makers.distance`), and among equals to
the one that stands first in the configuration. A provider takes the names of its list of models, and the dated editions
of those. What was found is kept, with a bound: apps may send any name.
"""

from difflib import get_close_matches
from itertools import islice

from gatewatch.models.makers import distance
from gatewatch.models.name_forms import without_edition
from gatewatch.models.shelf import shelf
from proxy.settings import Route, Settings, Target
from proxy.worker.near_names import NearNames, close_to

REMEMBERED = 1024
COMPARED = 200
"""Names of routes and of providers that a name without a target is held against."""


class Names:
    """All names that lead somewhere under one set of settings. Reads the lists when a bare name is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._routes: dict[str, Route | None] = {}
        self._takers: dict[str, list[str]] | None = None
        self._editions: dict[str, list[str]] = {}
        self._near: NearNames | None = None

    def route(self, model: str) -> Route | None:
        """For a name that is no configured route. Its `name` is `provider/model`, however it was asked for."""
        if model in self._routes:
            return self._routes[model]
        if len(self._routes) >= REMEMBERED:
            self._routes.clear()
        provider, slash, name = model.partition("/")
        if not (slash and name and provider in self.settings.providers):
            provider, name = self._taker(model) or "", model
        target = Target(provider=provider, model=name)
        found = (
            Route(name=f"{provider}/{name}", targets=(target,), deadlines=self.settings.deadlines) if provider else None
        )
        self._routes[model] = found
        return found

    def is_bare(self, model: str) -> bool:
        """Whether a name states no configured provider."""
        provider, slash, name = model.partition("/")
        return not (slash and name and provider in self.settings.providers)

    def near(self, model: str) -> list[str]:
        """Up to three names that lead somewhere and look like this one that does not, the likeliest first."""
        if self._near is None:
            providers = self.settings.providers.values()
            bare = {name for provider in providers for name in shelf().current_names(provider.price_provider)}
            self._near = NearNames((*self.settings.routes, *sorted(bare)))
        short_ones = islice(self.settings.routes, COMPARED)  # `smrt` shares no three letters in a row with `smart`
        return close_to(model, [*self._at_near_provider(model), *short_ones, *self._near.of(model)])

    def _at_near_provider(self, model: str) -> list[str]:
        """`message/x` → `messages/x`, where only that is a provider."""
        provider, slash, name = model.partition("/")
        near = get_close_matches(provider[:COMPARED], islice(self.settings.providers, COMPARED), 1) if slash else []
        return [f"{near[0]}/{name}"] if near and name else []

    def _taker(self, model: str) -> str | None:
        if self._takers is None:
            self._read_lists()
            assert self._takers is not None
        takers = self._takers.get(model)
        if takers is None and (plain := without_edition(model)) != model:
            takers = self._editions.get(plain)
        if takers is None:
            return None
        price_provider = {name: provider.price_provider for name, provider in self.settings.providers.items()}
        return min(takers, key=lambda name: distance(price_provider[name], model))  # the first of equals

    def _read_lists(self) -> None:
        self._takers = {}
        for provider in self.settings.providers.values():
            for model in shelf().names(provider.price_provider):
                for names, name in ((self._takers, model), (self._editions, without_edition(model))):
                    takers = names.setdefault(name, [])
                    if provider.name not in takers:
                        takers.append(provider.name)


_latest: Names | None = None


def names_of(settings: Settings) -> Names:
    """A worker has one set of settings at a time: its names are kept until the next."""
    global _latest
    if _latest is None or _latest.settings is not settings:
        _latest = Names(settings)
    return _latest
