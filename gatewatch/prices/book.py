"""The price book: finds the row that a call is charged by.

- The first model of a list whose row in force matches the name decides, as in the list it was compiled from.
- An operator's row wins over the list's for its own provider and tier, under its name and every other name that the
  list counts as that model; among those in force the one that began last wins, then the one recorded last.
- No row means that the price is unknown. No other tier's price stands in for it.

A list is read when its provider is first asked for, and what was found is kept per provider and model, so that a
look-up on the hot path is one dictionary access. Imports stay small: the standard library and msgspec.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from gatewatch.prices.match import LONGEST_NAME, matches, with_dashes
from gatewatch.prices.price_lists import Source, source_of, without_prefix
from gatewatch.prices.row import PriceRow, minutes

BASE = Path(__file__).parent / "base"
REMEMBERED_NAMES = 4096
"""Apps may send any model name: beyond this many the book forgets what it found and looks again."""

_ALWAYS, _FOREVER = -(2**63), 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # gatewatch.timespan has it too, and half a megabyte of time zones
_DECODER = msgspec.json.Decoder(PriceRow)


class _Span(NamedTuple):
    """A row's conditions in the form that is compared per call."""

    from_us: int
    to_us: int
    tier: str
    above: int
    hours: tuple[tuple[int, int], ...]
    row: PriceRow


_Models = tuple[tuple[_Span, ...], ...]
"""The spans of each model that a name may mean, in the order of the list."""


class PriceBook:
    """Belongs to one thread. Make one with `PriceBook.open`."""

    def __init__(self, folder: Path, overrides: Sequence[PriceRow]) -> None:
        self._folder = folder
        self._names = frozenset(path.stem for path in folder.glob("*.jsonl"))
        self._lists: dict[str, list[list[PriceRow]]] = {}
        self._overrides: dict[str, list[PriceRow]] = {}
        for row in sorted(overrides, key=_precedence, reverse=True):
            self._overrides.setdefault(row.provider, []).append(row)
        self._found: dict[tuple[str, str], tuple[tuple[_Span, ...], _Models]] = {}

    @classmethod
    def open(cls, overrides: Sequence[PriceRow] = (), folder: Path = BASE) -> "PriceBook":
        """The book with an operator's rows over it. Reads no list yet."""
        return cls(folder, overrides)

    def find(
        self, provider: str, model: str, at_us: int, *, tier: str = "standard", input_tokens: int = 0
    ) -> PriceRow | None:
        """The row in force at `at_us` (µs since the epoch, UTC) for a call with so many input tokens in all.

        None: the price is unknown. Never raises, whatever the names are.
        """
        found = self._found.get((provider, model))
        if found is None:
            found = self._look_up(provider, model)
        overriding, models = found
        for span in overriding:
            if _applies(span, at_us, tier, input_tokens):
                return span.row
        for spans in models:
            in_force = False
            for span in spans:
                if span.from_us <= at_us < span.to_us:
                    in_force = True
                    if _applies(span, at_us, tier, input_tokens):
                        return span.row
            if in_force:
                return None
        return None

    def rows(self, provider: str, model: str) -> list[PriceRow]:
        """Every row that may price this name at some time, the operator's first."""
        overriding, models = self._look_up(provider, model)
        return [span.row for spans in (overriding, *models) for span in spans]

    def in_force(self, provider: str, at_us: int) -> list[PriceRow]:
        """What a provider's models cost at `at_us`, by tier and threshold: the operator's rows, then its lists'."""
        taken: dict[tuple[str, str], datetime | None] = {}
        found: list[PriceRow] = []
        for row in self._overrides.get(provider, ()):
            place = row.model.lower(), row.tier
            if _holds(_span(row), at_us) and taken.setdefault(place, row.valid_from) == row.valid_from:
                found.append(row)
        for name in source_of(provider).lists:
            rows = (row for model in self._list(name) for row in model)
            found += [row for row in rows if _holds(_span(row), at_us) and (row.model.lower(), row.tier) not in taken]
        return found

    def providers(self) -> list[str]:
        """Names that have a list, or rows of the operator."""
        return sorted(self._names | self._overrides.keys())

    def _look_up(self, provider: str, model: str) -> tuple[tuple[_Span, ...], _Models]:
        if len(model) > LONGEST_NAME:
            return (), ()
        source, name = source_of(provider), model.lower()
        inherited: tuple[_Span, ...] = ()
        if source.by_prefix and (split := without_prefix(model)):
            inherited, models = self._look_up(*split)
        else:
            models = tuple(self._models(source, name)) or tuple(self._models(source, with_dashes(name)))
        found = (*self._overriding(provider, name, models), *inherited), models
        if len(self._found) >= REMEMBERED_NAMES:
            self._found.clear()
        self._found[provider, model] = found
        return found

    def _overriding(self, provider: str, name: str, models: _Models) -> list[_Span]:
        counted_as = models[0][0].row.model.lower() if models else name
        rows = self._overrides.get(provider, ())
        exact = [row for row in rows if matches(row.match, name)]
        wider = [row for row in rows if row.model.lower() == counted_as and row not in exact]
        return [_span(row) for row in (*exact, *wider)]

    def _models(self, source: Source, name: str) -> Iterator[tuple[_Span, ...]]:
        for listed in (*source.lists, *source.resold):
            for rows in self._list(listed):
                known = [row for row in rows if row.tier == "standard" or listed not in source.resold]
                spans = tuple(_span(row) for row in known if matches(row.match, name))
                if spans:
                    yield spans
                if any(span.from_us == _ALWAYS and span.to_us == _FOREVER for span in spans):
                    return  # nothing behind it can ever decide

    def _list(self, name: str) -> list[list[PriceRow]]:
        if name not in self._names:
            return []
        if name not in self._lists:
            self._lists[name] = _by_model(_DECODER.decode_lines((self._folder / f"{name}.jsonl").read_bytes()))
        return self._lists[name]


def _applies(span: _Span, at_us: int, tier: str, input_tokens: int) -> bool:
    return span.tier == tier and (not span.above or input_tokens > span.above) and _holds(span, at_us)


def _holds(span: _Span, at_us: int) -> bool:
    if not span.from_us <= at_us < span.to_us:
        return False
    if not span.hours:
        return True
    minute = at_us // 60_000_000 % 1440
    return any(begin <= minute < end if begin < end else minute >= begin or minute < end for begin, end in span.hours)


def _span(row: PriceRow) -> _Span:
    return _Span(
        _ALWAYS if row.valid_from is None else _us(row.valid_from),
        _FOREVER if row.valid_to is None else _us(row.valid_to),
        row.tier,
        row.above,
        tuple(minutes(span) for span in row.hours),
        row,
    )


def _by_model(rows: Sequence[PriceRow]) -> list[list[PriceRow]]:
    """Rows of one model together, models in the order of their first row; within one, the higher threshold first."""
    models: dict[str, list[PriceRow]] = {}
    for row in rows:
        models.setdefault(row.model, []).append(row)
    return [sorted(each, key=lambda row: -row.above) for each in models.values()]


def _precedence(row: PriceRow) -> tuple[int, int, datetime]:
    return _ALWAYS if row.valid_from is None else _us(row.valid_from), row.above, row.recorded_at


def _us(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
