"""Compiles the base book out of the genai-prices package: `python -m gatewatch.prices.compile`.

For maintainers: nothing at run time imports this module or that package. The conditions that the package nests (dated
prices, hours, thresholds, variants by tier) become flat rows, one per set of unit prices.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from importlib.metadata import version

from genai_prices.data import providers
from genai_prices.types import ModelInfo

from gatewatch.prices.book import BASE
from gatewatch.prices.package import Terms, match_of, start_dates, terms_on
from gatewatch.prices.revise import Lists, read_lists, revise, write_lists
from gatewatch.prices.row import PriceRow, price_row

OUR_NAMES = {"aws": "bedrock", "x-ai": "xai"}
"""Their provider → our name, where the names differ."""

MINIMUM_SECONDS = {("groq", "whisper-large-v3"): 10, ("groq", "whisper-large-v3-turbo"): 10}
"""Stands in the package as code, in `ModelInfo.calc_price`."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def compile_lists(recorded_at: datetime) -> Lists:
    """Price list → its rows, models in the package's order. Raises ValueError for what has no place in a row."""
    return {
        (name := OUR_NAMES.get(provider.id, provider.id)): [
            row for model in provider.models for row in _rows(name, model, recorded_at)
        ]
        for provider in providers
    }


def _rows(provider: str, model: ModelInfo, recorded_at: datetime) -> Iterator[PriceRow]:
    for terms, start, end in _validities(model):
        yield price_row(
            provider=provider,
            model=model.id,
            match=match_of(model.match),
            prices=terms.prices,
            tier=terms.tier,
            above=terms.above,
            hours=terms.hours,
            minimum_seconds=MINIMUM_SECONDS.get((provider, model.id), 0),
            valid_from=start,
            valid_to=end,
            source=f"genai-prices {version('genai-prices')}",
            recorded_at=recorded_at,
        )


def _validities(model: ModelInfo) -> list[tuple[Terms, datetime | None, datetime | None]]:
    """All terms with their beginnings and ends; what goes on unchanged over a date is one."""
    found: list[tuple[Terms, datetime | None, datetime | None]] = []
    starts: list[datetime | None] = [None, *start_dates(model)]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        for terms in terms_on(model, start or _LONG_AGO):
            ending = (terms, start)
            at = next((i for i, (known, _, until) in enumerate(found) if start and (known, until) == ending), None)
            if at is None:
                found.append((terms, start, end))
            else:
                found[at] = (terms, found[at][1], end)
    return found


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m gatewatch.prices.compile", description=__doc__)
    parser.add_argument("--as-of", type=date.fromisoformat, default=datetime.now(UTC).date(), metavar="DATE")
    as_of = datetime.combine(parser.parse_args(argv).as_of, time(), UTC)
    standing = read_lists(BASE)
    revised = revise(standing, compile_lists(as_of), as_of)
    write_lists(BASE, revised)
    before = {row for rows in standing.values() for row in rows}
    after = {row for rows in revised.values() for row in rows}
    ended = {row.id for row in before} - {row.id for row in before & after}
    added = {row.id for row in after} - {row.id for row in before}
    sys.stdout.write(f"{len(after)} rows in {len(revised)} lists: {len(added)} new, {len(ended)} with a new end\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
