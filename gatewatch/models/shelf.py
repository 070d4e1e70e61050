"""What is known of a provider's models: looked up by name, read when a provider is first asked for.

A name is found as the provider spells it; then as an edition of a model (a date, a version, `-latest`, a region of
Bedrock); then as the price book matches it, so that facts and price are of the same model. `vendor/model`, and whatever
an aggregator is asked for, is filled in from the vendor's list. What was found is kept, with a bound: apps may send any
name. Belongs to one thread.
"""

from functools import cache
from pathlib import Path

from gatewatch.models.facts import NOTHING, ModelFacts, filled
from gatewatch.models.makers import AGGREGATORS, VENDORS, maker_of
from gatewatch.models.model_list import BASE, read_list
from gatewatch.models.name_forms import LONGEST_NAME, without_edition, without_region
from gatewatch.prices.book import PriceBook
from gatewatch.prices.price_lists import source_of, without_prefix

REMEMBERED = 4096


class _List:
    """One list by name; small letters and capitals count alike."""

    def __init__(self, name: str, folder: Path) -> None:
        self.names: list[str] = []
        self.current: list[str] = []
        self.facts: dict[str, ModelFacts] = {}
        for model in read_list(name, folder):
            self.names.append(model.model)
            if not model.retired:
                self.current.append(model.model)
            self.facts[model.model.lower()] = model.facts
        self.editions: dict[str, ModelFacts] = {}
        for spelled, facts in self.facts.items():
            self.editions.setdefault(without_edition(spelled), facts)


class Shelf:
    """The lists of one folder."""

    def __init__(self, folder: Path = BASE) -> None:
        self._folder = folder
        self._lists: dict[str, _List] = {}
        self._found: dict[tuple[str, str], ModelFacts] = {}
        self._book = PriceBook.open()

    def facts_of(self, price_provider: str, model: str) -> ModelFacts:
        """Empty where nothing is known. Never raises, whatever the names are."""
        found = self._found.get((price_provider, model))
        if found is None:
            if len(model) > LONGEST_NAME:
                return NOTHING
            found = self._look_up(price_provider, model)
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[price_provider, model] = found
        return found

    def names(self, price_provider: str) -> list[str]:
        """Every name that this provider is known to take, retired models' among them; not to be changed."""
        return self._joined(price_provider, False)

    def current_names(self, price_provider: str) -> list[str]:
        """Those that are still sold."""
        return self._joined(price_provider, True)

    def _joined(self, price_provider: str, current: bool) -> list[str]:
        lists = [self._list(name) for name in _own_lists(price_provider)]
        return [name for each in lists for name in (each.current if current else each.names)]

    def _look_up(self, price_provider: str, model: str) -> ModelFacts:
        source = source_of(price_provider)
        if source.by_prefix and (split := without_prefix(model)):
            return self.facts_of(*split)
        name = model.lower()
        found = NOTHING
        for listed in dict.fromkeys((price_provider, *source.lists, *source.resold)):
            found = filled(found, self._in_list(listed, name))
        if found == NOTHING and (priced := self._book.rows(price_provider, model)):
            for row in priced:
                found = filled(found, self._in_list(row.provider, row.model.lower()))
        vendor = maker_of(name) if "/" in name or price_provider in AGGREGATORS else None
        if vendor and vendor != price_provider:
            found = filled(found, self._of_vendor(vendor, name.rpartition("/")[2]))
        return found

    def _of_vendor(self, vendor: str, name: str) -> ModelFacts:
        """By what the vendor's price list calls the model: aggregators spell versions and variants their own way."""
        found = self._in_list(vendor, name)
        if found == NOTHING:
            rows = self._book.rows(vendor, name.partition(":")[0])
            found = self._in_list(vendor, rows[0].model.lower()) if rows else NOTHING
        return found

    def _in_list(self, listed: str, name: str) -> ModelFacts:
        known = self._list(listed)
        found = known.facts.get(name)
        if found is None:
            plain = without_region(name)
            found = known.facts.get(plain) or known.editions.get(without_edition(plain), NOTHING)
        return found

    def _list(self, name: str) -> _List:
        found = self._lists.get(name)
        if found is None:
            found = self._lists[name] = _List(name, self._folder) if _is_file_name(name) else _List("", self._folder)
        return found


def _own_lists(price_provider: str) -> tuple[str, ...]:
    """Where names that a provider takes stand: a cloud also takes those of the vendors that it resells."""
    source = source_of(price_provider)
    if price_provider in VENDORS:
        return source.lists or (price_provider,)
    return tuple(dict.fromkeys((price_provider, *source.lists, *source.resold)))


def _is_file_name(name: str) -> bool:
    return name.replace("-", "").replace("_", "").isalnum()


@cache
def shelf() -> Shelf:
    """The one of this process."""
    return Shelf()


def facts_of(price_provider: str, model: str) -> ModelFacts:
    """What is known of a model that is asked of a provider with this price list; empty where nothing is."""
    return shelf().facts_of(price_provider, model)
