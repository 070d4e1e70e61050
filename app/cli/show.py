"""`gatewatch show`: prints a view of the ledger, from the running gateway or from its files."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from app.cli.budgets import LIST_COLUMNS, note_unpriced
from app.cli.budgets import for_people as budget_for_people
from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from gatewatch.ledger.answer import Answer
    from gatewatch.ledger.reader import LedgerReader

VIEWS: dict[str, tuple[str, str]] = {
    "overview": ("overview", "how the gateway does, as one object"),
    "series": ("series", "the same over time, one row per step"),
    "calls": ("calls", "the calls themselves, newest first"),
    "latency": ("latency", "how long calls took (--by model)"),
    "spend": ("spend", "what calls cost (--by team)"),
    "budgets": ("budgets", "how far each budget is spent, and what it will come to"),
    "errors": ("errors", "what went wrong (--by provider); --where status=blocked shows refusals"),
    "estimates": ("estimates", "how far estimates of tokens were off, and what that taught (--by model)"),
    "cache": ("cache", "what the cache answered (--by model)"),
    "keys": ("keys_usage", "what each virtual key was used for"),
    "teams": ("teams", "what each team used"),
    "retention": ("retention", "what is kept of each class of data: how long, since when, how much"),
}
"""View → its query and help line."""
AUDIT = "audit"
"""The view that is none of the ledger's."""
ROUTES = "routes"
"""The view that is of more than the ledger."""
GROUPED = ("latency", "spend", "errors", "estimates", "cache")
RATES = ("error_rate", "cache_hit_rate", "hit_rate", "rate")
ESTIMATED = (
    *("input_error_median", "input_error_p95", "input_bias"),
    *("output_error_median", "output_error_p95", "output_bias"),
)
PAGE = 500
CALL_COLUMNS = (
    *("started_at", "call_id", "team", "key_name", "endpoint", "requested_model", "provider", "model"),
    *("status", "http_status", "error_kind", "input_tokens", "output_tokens", "cost_usd", "attempts"),
    *("latency_ms", "ttft_ms"),
)
COLUMNS = {"calls": CALL_COLUMNS, "budgets": LIST_COLUMNS}
"""What a table shows; JSON and CSV have every column."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Prints a view of the ledger. Times are UTC."
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "views:\n" + "".join(f"  {name:10}{text}\n" for name, (_, text) in VIEWS.items())
    parser.epilog += f"  {AUDIT:10}who did what, newest first; `gatewatch audit list` finds more closely\n"
    parser.epilog += f"  {ROUTES:10}each route's targets: what went there, how it went, what is in force over them\n"
    views = (*VIEWS, ROUTES, AUDIT)
    parser.add_argument("view", metavar="VIEW", choices=views, help=", ".join(views))
    parser.add_argument("--since", metavar="TIME", help="15m, 24h, 7d or ISO 8601 (default: 1h; calls: all)")
    parser.add_argument("--until", metavar="TIME", help="likewise (default: now)")
    parser.add_argument("--by", metavar="DIM", help="group by team, user, model, provider, …")
    parser.add_argument("--where", metavar="FILTER", help="as in 'team=search status>=400 latency>2s'")
    parser.add_argument("--limit", metavar="N", type=int, help="at most so many rows (calls: 100)")
    parser.add_argument("--step", metavar="TIME", help="of a series: 1m, 1h, 1d")
    add_home(parser, attach=True)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Raises UsageError for what does not fit the view, Unreachable where there is no gateway."""
    from app.cli.attach_options import reader_of
    from app.cli.output import print_object, print_rows
    from app.cli.progress import catching_up
    from gatewatch.errors import UsageError

    if args.view == AUDIT:
        return _audit(args)
    if args.view == ROUTES:
        from app.cli.show_routes import show_routes

        return show_routes(args)
    if args.limit is not None and args.limit < 1:
        raise UsageError(f"--limit is at least 1, not {args.limit}")
    if args.view == "budgets" and (given := [name for name in ("since", "until", "where") if getattr(args, name)]):
        why = "a budget counts all calls of its scope" if given == ["where"] else "budgets have windows of their own"
        raise UsageError(
            f"--{given[0]} does not fit budgets: {why}", "`gatewatch budgets list SCOPE` shows one scope's."
        )
    params = {name: getattr(args, name) for name in ("since", "until", "where") if getattr(args, name) is not None}
    for option, views in (("by", GROUPED), ("step", ("series",))):
        if (value := getattr(args, option)) is not None:
            if args.view not in views:
                raise UsageError(f"--{option} does not fit {args.view}", f"It is for {', '.join(views)}.")
            params[option] = value
    reader = reader_of(args, catching_up())
    try:
        if args.view == "calls":
            answer = _calls(reader, args.limit or 100, params)
        else:
            if args.limit and args.view in GROUPED:
                params["limit"] = args.limit
            answer = reader.ask(VIEWS[args.view][0], **params)
    finally:
        reader.close()
    _note(answer)
    if args.view == "budgets":
        note_unpriced(answer.rows)
    rows = answer.rows[: args.limit]
    if args.output == "table":
        rows = [(budget_for_people if args.view == "budgets" else _for_people)(row) for row in rows]
    if args.view == "overview":
        print_object(rows[0], args.output)
    else:
        print_rows(rows, args.output, COLUMNS.get(args.view) if args.output == "table" else None)
    return 0


def _audit(args: argparse.Namespace) -> int:
    from app.cli.audit import instant, print_entries
    from gatewatch.actions.audit import ListAudit
    from gatewatch.errors import UsageError

    for option in ("by", "where", "step"):
        if getattr(args, option) is not None:
            raise UsageError(f"--{option} does not fit audit", "See `gatewatch audit list --help`.")
    asked = ListAudit(since=instant(args.since, "--since"), until=instant(args.until, "--until"))
    return print_entries(args, asked, 100 if args.limit is None else args.limit)


def _calls(reader: "LedgerReader", limit: int, params: dict[str, Any]) -> "Answer":
    """As many pages as it takes."""
    import msgspec

    answer = reader.ask("calls", limit=min(limit, PAGE), **params)
    rows = list(answer.rows)
    while len(rows) < limit and answer.rows and len(answer.rows) == min(PAGE, limit):
        page = min(PAGE, limit - len(rows))
        answer = reader.ask("calls", limit=page, before=rows[-1]["call_id"], **params)
        rows += answer.rows
        if len(answer.rows) < page:
            break
    return msgspec.structs.replace(answer, rows=rows)


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: f"{row[name]:.2%}" for name in RATES if row.get(name) is not None}
    shown |= {
        name: f"{row[name]:+.0%}" if name.endswith("bias") else f"{row[name]:.0%}"
        for name in ESTIMATED
        if row.get(name) is not None
    }
    if row.get("budget_used") is not None:
        shown["budget_used"] = f"{row['budget_used']:.1%}"
    if row.get("rps"):
        shown["rps"] = f"{row['rps']:.3g}"
    if window := row.get("window"):
        shown["window"] = f"{window['since']} – {window['until']}"
    return row | shown


def _note(answer: "Answer") -> None:
    """On stderr: what the numbers do not include."""
    from gatewatch.safe_text import safe

    notes = [str(alarm) for alarm in answer.fresh["alarms"]]
    if behind := answer.fresh["behind_bytes"]:
        notes.append(f"{behind} bytes of the journal are not in this answer yet")
    sys.stderr.writelines(f"gatewatch: {safe(note)}\n" for note in notes)
