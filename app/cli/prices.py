"""`gatewatch prices`: what models cost, when, and an operator's own prices over it. In USD per million tokens."""

import argparse
import re
import sys
import time
from typing import TYPE_CHECKING, Any

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from datetime import datetime

    from gatewatch.prices.book import PriceBook
    from gatewatch.prices.row import PriceRow

LIST_COLUMNS = ("provider", "model", "tier", "above", "input", "cached", "cache_write", "output", "other", "valid_from")
SHOW_COLUMNS = (
    *("in_force", "tier", "above", "hours", "valid_from", "valid_to"),
    *("input", "cached", "cache_write", "cache_write_1h", "output", "other", "id"),
)
_AMOUNT = re.compile(r"\d{1,7}(?:\.\d{1,12})?", re.ASCII)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, show and set."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)

    listing = commands.add_parser("list", help="the prices in force", description="The prices in force.")
    listing.add_argument("--provider", metavar="NAME", help="of one provider only")

    showing = commands.add_parser("show", help="every price of one model", description="Every price of one model.")
    showing.add_argument("model", metavar="PROVIDER/MODEL")

    for each in (listing, showing):
        each.add_argument("--at", metavar="DATE", default="now", help="in force at that time (default: now)")

    setting = commands.add_parser(
        "set",
        help="a price of your own",
        description="A price of your own, in USD per million tokens. It wins over the list from its date on.",
    )
    setting.add_argument("model", metavar="PROVIDER/MODEL")
    setting.add_argument("--input", metavar="USD", required=True, help="input tokens")
    setting.add_argument("--cached", metavar="USD", help="input read from the cache (default: as input)")
    setting.add_argument("--cache-write", metavar="USD", help="input written to the cache (default: as input)")
    setting.add_argument("--cache-write-1h", metavar="USD", help="the same for an hour (default: as cache write)")
    setting.add_argument("--output", metavar="USD", dest="output_price", help="output tokens, if the model has any")
    setting.add_argument("--web-search", metavar="USD", help="a thousand web searches")
    setting.add_argument("--tier", metavar="TIER", default="standard", help="standard, batch, flex, priority or fast")
    setting.add_argument("--from", metavar="DATE", required=True, dest="since", help="valid from (UTC)")

    for each in (listing, showing):
        add_output(each)
    setting.add_argument("-o", dest="output", choices=("table", "json", "csv"), default="table", help="output format")
    for each in (listing, showing, setting):
        add_home(each, attach=each is setting)


def run(args: argparse.Namespace) -> int:
    """Raises NotFound for a model without a price, UsageError for what cannot be read."""
    action = {"list": _list, "show": _show, "set": _set}[args.action]
    return action(args)


def _list(args: argparse.Namespace) -> int:
    from gatewatch.errors import NotFound
    from gatewatch.safe_text import safe

    book, at = _book(args), _instant(args.at, "--at")
    providers = [args.provider] if args.provider else book.providers()
    rows = {row.id: row for provider in providers for row in book.in_force(provider, at)}
    if not rows and args.provider:
        raise NotFound(f"no prices are known for {safe(args.provider, 80)}", "`gatewatch prices set` makes your own")
    _print([_view(row, in_force=True) for row in rows.values()], args.output, LIST_COLUMNS)
    return 0


def _show(args: argparse.Namespace) -> int:
    from gatewatch.errors import NotFound
    from gatewatch.safe_text import safe

    book, at = _book(args), _instant(args.at, "--at")
    provider, model = _named(args.model)
    rows = book.rows(provider, model)
    if not rows:
        raise NotFound(
            f"{safe(args.model, 120)} has no price: its calls are unpriced",
            "`gatewatch prices set` makes one, `gatewatch prices list` shows what is known",
        )
    views = []
    for row in sorted(rows, key=lambda row: (row.tier != "standard", row.tier, row.above)):
        found = book.find(provider, model, at, tier=row.tier, input_tokens=row.above + 1)
        views.append(_view(row, in_force=found is not None and found.id == row.id))
    _print(views, args.output, SHOW_COLUMNS)
    return 0


def _set(args: argparse.Namespace) -> int:
    import msgspec

    from app.cli.output import print_object
    from app.cli.performing import perform
    from gatewatch.actions.prices import SetPrice
    from gatewatch.errors import UsageError
    from gatewatch.prices.row import TIERS, PriceRow, Prices

    provider, model = _named(args.model)
    if args.tier not in TIERS:
        raise UsageError(f"{args.tier!r} is no service tier", f"one of {', '.join(TIERS)}")
    asked = SetPrice(
        provider=provider,
        model=model,
        prices=Prices(
            input=_picos(args.input, "--input", 10**6),
            cache_read=_picos(args.cached, "--cached", 10**6),
            cache_write=_picos(args.cache_write, "--cache-write", 10**6),
            cache_write_1h=_picos(args.cache_write_1h, "--cache-write-1h", 10**6),
            output=_picos(args.output_price, "--output", 10**6),
            web_search=_picos(args.web_search, "--web-search", 10**3),
        ),
        tier=args.tier,
        valid_from=_instant(args.since, "--from"),
    )
    if not _book(args).rows(provider, model):
        sys.stderr.write("gatewatch: no list knows this model: the price holds for exactly this name\n")
    row = msgspec.convert(perform(args, "prices.set", asked, make=True), PriceRow)
    view = _view(row, in_force=row.valid_from is not None and row.valid_from <= row.recorded_at)
    print_object(view if args.output == "json" else _flat(view), args.output)
    return 0


def _book(args: argparse.Namespace) -> "PriceBook":
    """The book as this home's gateway has it; nothing is made where there is no home yet."""
    from gatewatch.paths import Home
    from gatewatch.prices.book import PriceBook
    from gatewatch.prices.overrides import load_file

    return PriceBook.open(load_file(Home.find(args.home).control))


def _named(text: str) -> tuple[str, str]:
    from gatewatch.errors import UsageError
    from gatewatch.prices.match import LONGEST_NAME

    provider, _, model = text.partition("/")
    if not provider or not model or len(model) > LONGEST_NAME:
        raise UsageError("a price is for a provider and a model", "write them as in openai/gpt-4o")
    return provider, model


def _instant(text: str, option: str) -> int:
    from gatewatch.errors import UsageError
    from gatewatch.timespan import parse_instant

    try:
        return parse_instant(text, time.time_ns() // 1000)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _picos(text: str | None, option: str, units: int) -> int | None:
    """USD for so many units → picodollars for one."""
    from gatewatch.errors import UsageError
    from gatewatch.money import picos_from_usd

    if text is None:
        return None
    if not _AMOUNT.fullmatch(text):
        raise UsageError(f"{option}: {text!r} is no amount of USD", "write it as in 2.50")
    picos, rest = divmod(picos_from_usd(text), units)
    if rest:
        raise UsageError(f"{option}: {text} is finer than a picodollar for one", "write fewer decimals")
    return picos


def _view(row: "PriceRow", *, in_force: bool) -> dict[str, Any]:
    """As scripts read it: USD per million tokens as decimal text, `other` per million tokens or per piece."""
    from gatewatch.money import usd_text
    from gatewatch.prices.row import TOKEN_METERS

    def usd(meter: str) -> str | None:
        picos = getattr(row.prices, meter)
        return None if picos is None else usd_text(picos * (10**6 if meter in TOKEN_METERS else 1))

    shown = {"input": "input", "cache_read": "cached", **{n: n for n in ("cache_write", "cache_write_1h", "output")}}
    meters = [meter for meter in row.prices.__struct_fields__ if meter not in shown]
    return {
        "provider": row.provider,
        "model": row.model,
        "in_force": in_force,
        "tier": row.tier,
        "above": row.above,
        "hours": list(row.hours),
        "valid_from": row.valid_from and _iso(row.valid_from),
        "valid_to": row.valid_to and _iso(row.valid_to),
        **{name: usd(meter) for meter, name in shown.items()},
        "other": {meter: text for meter in meters if (text := usd(meter)) is not None},
        "id": row.id,
        "source": row.source,
        "recorded_at": _iso(row.recorded_at),
    }


def _iso(instant: "datetime") -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _flat(view: dict[str, Any]) -> dict[str, Any]:
    """For tables and CSV, where a cell is one text."""
    return view | {
        "in_force": "yes" if view["in_force"] else None,
        "above": view["above"] or None,
        "hours": " ".join(view["hours"]) or None,
        "other": ", ".join(f"{meter} {usd}" for meter, usd in view["other"].items()) or None,
    }


def _print(views: list[dict[str, Any]], output: str, columns: tuple[str, ...]) -> None:
    from app.cli.output import print_rows

    print_rows(views if output == "json" else [_flat(view) for view in views], output, columns)
