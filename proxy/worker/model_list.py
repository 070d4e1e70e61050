"""What `/v1/models` lists: the routes, and as `provider/model` what each provider lists itself and what is known to be
sold there. Of an aggregator its own list stands alone, where it can be had.

Keeps true: a key sees what it may ask for, and nothing else; a price is not older than a minute, and is from the book
that calls are charged by; the event loop goes on while a list is made.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from gatewatch.control.records import KeyRecord
from gatewatch.models.makers import AGGREGATORS
from gatewatch.models.shelf import shelf
from gatewatch.prices.book import PriceBook
from proxy.refusal import Refusal, model_not_found
from proxy.settings import Settings
from proxy.worker.authorise import allows_route, authorise
from proxy.worker.channel import Upstream
from proxy.worker.model_entries import Entry, entry, listing, one, pricing_of
from proxy.worker.provider_models import ProviderModels

PRICES_SECONDS = 60
REMEMBERED_KEYS = 32
"""Allow-lists whose listing is kept."""
_AT_A_TIME_NS = 2_000_000
"""How long the event loop waits for us."""

_Lists = Mapping[str, tuple[str, ...]]
_Allowed = tuple[tuple[str, ...] | None, tuple[str, ...] | None]
"""A key's lists of models and of routes."""


class _Made:
    """Everything that can be listed under one set of settings, prices and provider lists, and what keys see of it."""

    def __init__(self, settings: Settings, book: PriceBook, lists: _Lists, minute: int) -> None:
        self.made_from = (settings, book, minute, lists)
        self.entries: dict[str, Entry] = {}
        self.seen_by: dict[_Allowed, list[Entry]] = {}
        self.written: dict[_Allowed, bytes] = {}

    def holds_for(self, settings: Settings, book: PriceBook, lists: _Lists, minute: int) -> bool:
        ours = self.made_from
        return ours[0] is settings and ours[1] is book and ours[2] == minute and ours[3] == lists


class ModelList:
    """Lists models, and keeps what it has listed."""

    def __init__(self) -> None:
        self._provider_models = ProviderModels()
        self._own_book: PriceBook | None = None
        self._made: _Made | None = None
        self._making = asyncio.Lock()

    async def entries(
        self, settings: Settings, upstreams: dict[str, Upstream], key: KeyRecord, book: PriceBook | None = None
    ) -> list[dict[str, Any]]:
        """OpenAI's model objects, of models that this key may ask for; not to be changed.

        `book`: that of the meter. Without one prices are the base book's.
        """
        book = self._base_book() if book is None else book
        return _seen_by(await self._all(settings, upstreams, book), settings, key, book)

    async def reply(
        self,
        settings: Settings,
        upstreams: dict[str, Upstream],
        key: KeyRecord,
        book: PriceBook,
        *,
        wanted: str = "",
        anthropic: bool = False,
        query: str = "",
    ) -> bytes:
        """The body for `/v1/models` and, with `wanted`, for `/v1/models/{wanted}`. Raises Refusal."""
        made = await self._all(settings, upstreams, book)
        if wanted:
            return one(_entry_of(made, settings, key, book, unquote(wanted)), anthropic)
        seen = _seen_by(made, settings, key, book)
        if anthropic:
            return listing(seen, True, query)
        allowed = key.models, key.routes
        written = made.written.get(allowed)
        if written is None:
            written = made.written[allowed] = listing(seen, False, query)
        return written

    def _base_book(self) -> PriceBook:
        if self._own_book is None:
            self._own_book = PriceBook.open()
        return self._own_book

    async def _all(self, settings: Settings, upstreams: dict[str, Upstream], book: PriceBook) -> _Made:
        names = await asyncio.gather(*(self._provider_models.of(upstream) for upstream in upstreams.values()))
        lists = dict(zip(upstreams, names, strict=True))
        minute = int(time.time()) // PRICES_SECONDS
        if self._made is None or not self._made.holds_for(settings, book, lists, minute):
            async with self._making:
                if self._made is None or not self._made.holds_for(settings, book, lists, minute):
                    self._made = await _make(settings, book, lists, minute)
        return self._made


async def _make(settings: Settings, book: PriceBook, lists: _Lists, minute: int) -> _Made:
    made = _Made(settings, book, lists, minute)
    for route in settings.routes.values():
        first = route.targets[0]
        made.entries[route.name] = _entry(settings, book, route.name, first.provider, first.model)
    begun = time.perf_counter_ns()
    for provider in settings.providers.values():
        sold_as = provider.price_provider
        names = dict.fromkeys(lists.get(provider.name, ()))
        if not (names and sold_as in AGGREGATORS):
            names |= dict.fromkeys(shelf().current_names(sold_as))
            names |= dict.fromkeys(_priced_by_operator(book, sold_as))
        for model in names:
            name = f"{provider.name}/{model}"
            if name not in made.entries:
                made.entries[name] = _entry(settings, book, name, provider.name, model)
            if time.perf_counter_ns() - begun > _AT_A_TIME_NS:
                await asyncio.sleep(0)
                begun = time.perf_counter_ns()
    return made


def _priced_by_operator(book: PriceBook, price_provider: str) -> list[str]:
    """Models of one's own that stand in no list."""
    return [row.model for row in book.in_force(price_provider, time.time_ns() // 1000) if row.source == "operator"]


def _seen_by(made: _Made, settings: Settings, key: KeyRecord, book: PriceBook) -> list[Entry]:
    allowed = key.models, key.routes
    seen = made.seen_by.get(allowed)
    if seen is None:
        if len(made.seen_by) >= REMEMBERED_KEYS:
            made.seen_by.clear()
            made.written.clear()
        listed = key.routes if key.models is None else key.models
        if listed is None:
            seen = list(made.entries.values())
        else:
            asked = (_reachable(made, settings, key, book, name) for name in listed)
            seen = [each for each in asked if each is not None]
        made.seen_by[allowed] = seen
    return seen


def _reachable(made: _Made, settings: Settings, key: KeyRecord, book: PriceBook, name: str) -> Entry | None:
    """None for a name on an allow-list that leads nowhere, or where the key may not go."""
    found = made.entries.get(name)
    if found is not None and allows_route(key, name):
        return found
    try:
        target = authorise(settings, key, name).targets[0]
    except Refusal:
        return None
    return _entry(settings, book, name, target.provider, target.model)


def _entry_of(made: _Made, settings: Settings, key: KeyRecord, book: PriceBook, name: str) -> Entry:
    """One model under the name that was asked. Raises Refusal: what this key may not ask for is not there for it."""
    found = made.entries.get(name)
    if found is not None and key.allows_model(name) and allows_route(key, name):
        return found
    try:
        route = authorise(settings, key, name)
    except Refusal as refusal:
        raise refusal if refusal.status == 404 else model_not_found(name) from None
    if route.name not in made.entries and not _is_known(settings, route.targets[0].provider, route.targets[0].model):
        raise model_not_found(name)
    return _entry(settings, book, name, route.targets[0].provider, route.targets[0].model)


def _is_known(settings: Settings, provider: str, model: str) -> bool:
    return model in shelf().names(settings.providers[provider].price_provider)


def _entry(settings: Settings, book: PriceBook, name: str, provider: str, model: str) -> Entry:
    sold_as = settings.providers[provider].price_provider
    return entry(name, provider, shelf().facts_of(sold_as, model), pricing_of(book, sold_as, model))
