"""`gatewatch budgets`: how much may be spent, by whom, and how far it has come; with or without a running gateway."""

import argparse
from typing import Any

from app.cli.command import add_home, add_output
from gatewatch.safe_text import safe

SCOPE_HELP = (
    "gateway (all together); team, project, user, key, route, model, provider_key or environment (each of them on its"
    " own); or one of those by name: team/search, project/search/web, key/NAME, model/openai/gpt-5, environment/live"
)
LIST_COLUMNS = (
    *("scope", "name", "window", "measure", "spent", "held", "limit", "left", "used", "pace"),
    *("forecast", "soft", "resets_at", "managed_by", "rule"),
)
NO_REASONS = ("WHY", "…", "...")
"""What stands in a command that is to be copied, for the reason that is to be written."""
SET_COLUMNS = ("budget_id", "measure", "limit", "window", "soft", "step_down", "throttle", "managed_by")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands list, set, grant and remove."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="action", required=True)
    listing = commands.add_parser(
        "list",
        help="how far each budget is spent, and what it will come to",
        description="How far each budget is spent, by what the ledger says, and what it will come to by the end of its"
        " period: a straight line through what was observed, with an interval that holds in 80 of 100 cases.",
    )
    setting = commands.add_parser(
        "set", help="make or change one", description="Make or change one. What is left out of a change stays."
    )
    granting = commands.add_parser("grant", help="lift a ceiling until some time, once")
    removing = commands.add_parser("remove", help="take those of a scope away, or one of them")
    verifying = commands.add_parser(
        "verify",
        help="compare what the running gateway counts with the ledger, now",
        description="Compare what the running gateway counts with the ledger, now; it does so each minute by itself."
        " Counters that differ are named, and set right by the ledger.",
    )
    listing.add_argument("scope", metavar="SCOPE", nargs="?", help=SCOPE_HELP)
    for each in (setting, granting, removing):
        each.add_argument("scope", metavar="SCOPE", help=SCOPE_HELP)
    for each in (setting, granting):
        each.add_argument("--usd", metavar="USD", help="US dollars, as in 500 or 0.25")
        each.add_argument("--tokens", metavar="N", type=int, help="tokens of input and output")
    _add_window(setting)
    granting.add_argument("--until", metavar="TIME", required=True, help="7d (from now), or ISO 8601")
    granting.add_argument("--reason", metavar="WHY", required=True, help="stands in the audit trail")
    for each in (granting, removing):
        each.add_argument("--budget", metavar="ID", help="which one, where the scope has several")
    for each in (listing, setting, granting, removing, verifying):
        add_home(each, attach=True)
        add_output(each)


def _add_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--period", choices=("minute", "hour", "day", "week", "month"), help="of the calendar (default: month)"
    )
    parser.add_argument("--zone", metavar="ZONE", help="the calendar's time zone, as in Europe/Berlin (default: UTC)")
    parser.add_argument("--rolling", metavar="TIME", help="instead: at no time more than this in the last 7d, 24h, …")
    parser.add_argument("--soft", metavar="SHARE", help="from where on it warns (default: 80%%)")
    switch = argparse.BooleanOptionalAction
    parser.add_argument("--step-down", action=switch, help="from there on, cheaper targets of routes that allow it")
    parser.add_argument("--throttle", action=switch, help="from there on, test keys make one call at a time")


def run(args: argparse.Namespace) -> int:
    """Raises UsageError for what does not fit, NotFound with the nearest name, NotAllowed for what is the file's."""
    return {"list": _list, "set": _set, "grant": _grant, "remove": _remove, "verify": _verify}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from app.cli.output import print_rows
    from app.cli.performing import is_there, perform
    from gatewatch.actions.budgets import ListBudgets

    rows = perform(args, "budgets.list", ListBudgets(scope=args.scope)) if is_there(args) else []
    note_unpriced(rows)
    if args.output == "table":
        print_rows([for_people(row) for row in rows], "table", LIST_COLUMNS)
    else:
        print_rows(rows, args.output, None if rows else LIST_COLUMNS)
    return 0


def _verify(args: argparse.Namespace) -> int:
    """Exit code 1 where a counter differed, or nothing could be compared."""
    import sys

    from app.cli.output import print_object, print_rows
    from app.cli.performing import perform
    from gatewatch.actions.counters import VerifyCounters

    found = perform(args, "budgets.verify", VerifyCounters())
    if args.output == "json":
        print_object(found, "json")
    else:
        print_rows(found["differences"], args.output, ("rule", "name", "measure", "counted", "ledger"))
    if found["skipped"]:
        sys.stderr.write(f"gatewatch: not compared: {safe(found['skipped'], 500)}\n")
    else:
        differ = len(found["differences"])
        sys.stderr.write(f"gatewatch: {found['compared']} counters were compared with the ledger, {differ} differed\n")
    return int(bool(found["differences"] or found["skipped"]))


def note_unpriced(rows: list[dict[str, Any]]) -> None:
    """On stderr: that there are calls which no budget in money knows of, as many as one row has at most."""
    import sys

    if most := max((row["unpriced_calls"] for row in rows if row["measure"] == "usd"), default=0):
        sys.stderr.write(
            f"gatewatch: {most} calls have no price, and are in no sum of money:"
            " `gatewatch show calls --where cost=unpriced` shows them, `gatewatch prices set` prices models\n"
        )


def for_people(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the view `budgets` with shares in percent, and the forecast in one cell."""
    shown = dict(row)
    for share in ("used", "pace", "forecast_used"):
        if row[share] is not None:
            shown[share] = f"{row[share]:.1%}"
    if row["forecast_low"] is not None:
        shown["forecast"] = f"{_cents(row['forecast'])} ({_cents(row['forecast_low'])}–{_cents(row['forecast_high'])})"
    elif row["forecast"] is not None:
        shown["forecast"] = _cents(row["forecast"])
    shown["name"] = name_for_people(row)
    shown["soft"] = f"{row['soft']} reached" if row["soft_reached"] else row["soft"]
    if row["granted"] not in (0, "0"):
        shown["limit"] = f"{row['limit']} ({row['granted']} granted)"
    return shown


def name_for_people(row: dict[str, Any]) -> str | None:
    """Of a budget or limit: whose it is, and whether there is anybody of that name."""
    if not row.get("name_known", True):
        return f"{row['name']} (no such {row['scope']})"
    return f"{row['key_name']} ({row['name']})" if row["key_name"] else row["name"] or None


def _cents(amount: int | str) -> str:
    """Money to the cent, where it is as much; tokens as they are."""
    if isinstance(amount, int) or "." not in amount:
        return str(amount)
    whole, _, rest = amount.partition(".")
    return amount if whole == "0" and rest.startswith("00") else f"{whole}.{rest[:2]}"


def _set(args: argparse.Namespace) -> int:
    from app.cli.output import print_rows
    from app.cli.performing import perform
    from gatewatch.actions.budgets import SetBudget
    from gatewatch.errors import UsageError

    if args.rolling is not None and (args.period is not None or args.zone is not None):
        raise UsageError("--rolling beside --period or --zone", "one of the two")
    asked = SetBudget(
        scope=args.scope,
        picos=_picos(args.usd),
        tokens=args.tokens,
        period=args.period or "month",
        zone=args.zone or "UTC",
        rolling_us=None if args.rolling is None else span(args.rolling, "--rolling"),
        soft=None if args.soft is None else _share(args.soft),
        step_down=args.step_down,
        throttle=args.throttle,
    )
    print_rows(perform(args, "budgets.set", asked, make=True), args.output, SET_COLUMNS)
    return 0


def _grant(args: argparse.Namespace) -> int:
    from app.cli.output import print_object
    from app.cli.performing import perform
    from gatewatch.actions.budgets import GrantBudget
    from gatewatch.errors import UsageError

    if args.reason.strip() in NO_REASONS:
        raise UsageError(f"--reason {args.reason}: that is no reason yet", 'as in --reason "the launch"')
    asked = GrantBudget(
        scope=args.scope,
        picos=_picos(args.usd),
        tokens=args.tokens,
        until=_until(args.until),
        reason=args.reason,
        budget=args.budget,
    )
    print_object(perform(args, "budgets.grant", asked), args.output)
    return 0


def _remove(args: argparse.Namespace) -> int:
    from app.cli.output import print_rows
    from app.cli.performing import perform
    from gatewatch.actions.budgets import RemoveBudget

    asked = RemoveBudget(scope=args.scope, budget=args.budget)
    print_rows(perform(args, "budgets.remove", asked), args.output, SET_COLUMNS)
    return 0


def span(text: str, option: str) -> int:
    """Microseconds. Raises UsageError."""
    from gatewatch.errors import UsageError
    from gatewatch.timespan import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _until(text: str) -> int:
    """`7d` is from now on. Raises UsageError."""
    import time

    from gatewatch.errors import UsageError
    from gatewatch.timespan import parse_duration, parse_instant

    now = time.time_ns() // 1000
    try:
        return now + parse_duration(text)
    except ValueError:
        try:
            return parse_instant(text, now)
        except ValueError as error:
            raise UsageError(f"--until: {str(error).replace('15m (ago)', '7d (from now)')}") from None


def _picos(text: str | None) -> int | None:
    """Raises UsageError for what is no amount of dollars."""
    import re

    from gatewatch.errors import UsageError
    from gatewatch.money import picos_from_usd

    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,12})?", text):
        raise UsageError(f"--usd: {text!r} is no amount of USD", "write it as in 500 or 0.25")
    return picos_from_usd(text)


def _share(text: str) -> str:
    """`80%` → 0.8. Raises UsageError."""
    import re
    from decimal import Decimal

    from gatewatch.errors import UsageError

    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?%", text):
        raise UsageError(f"--soft: {text!r} is no share", "write it as in 80%")
    return str(Decimal(text[:-1]) / 100)
