"""`gatewatch explain`: everything that was decided about one call, and why it cost what it did."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatewatch.ledger.answer import Row
    from gatewatch.ledger.reader import LedgerReader

PATIENCE_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Everything that was decided about one call, in its order. Times are UTC."
    parser.add_argument("call_id", metavar="CALL_ID", help="the header x-gatewatch-call-id of a reply, or show calls")
    add_home(parser, attach=True)
    add_output(parser, "table", "json")


def run(args: argparse.Namespace) -> int:
    """Raises NotFound for a call that the ledger does not have."""
    from app.cli.attach_options import attached, reader_of
    from app.cli.explaining.checks import checks_json
    from app.cli.explaining.money import cost_json
    from app.cli.explaining.next_step import next_step
    from app.cli.explaining.story import passage_json, story
    from app.cli.output import print_json
    from app.cli.progress import catching_up
    from app.console.charges import charges_of
    from app.console.price_rows import PriceRows
    from gatewatch.errors import NotFound
    from gatewatch.paths import Home
    from gatewatch.safe_text import safe

    reader = reader_of(args, catching_up())
    try:
        answer = reader.ask("call", call_id=args.call_id)
        bodies = _kept(reader, args.call_id) if answer.rows else []
    finally:
        reader.close()
    if not answer.rows:
        behind = answer.fresh["behind_bytes"]
        raise NotFound(
            f"The ledger has no call {safe(args.call_id, 60)}",
            f"{behind} bytes of the journal are not loaded yet: try again."
            if behind
            else "`gatewatch show calls` lists.",
        )
    call = answer.rows[0]
    charges = charges_of(call, PriceRows(attached(args) or Home.find(args.home)).of(call))
    known = _known(args, call)
    rules = known.get("rules") or {}
    if args.output == "json":
        print_json(
            {
                "call": {name: value for name, value in call.items() if name != "checked"},
                "configuration": known,
                "checked": checks_json(call, rules),
                "bodies": [{"kind": each["kind"], "size": each["size"]} for each in bodies],
                "passage": passage_json(call),
                "cost": cost_json(call, charges),
                "next_step": step._asdict() if (step := next_step(call, rules)) else None,
            }
        )
    else:
        sys.stdout.writelines(f"{line}\n" for line in story(call, charges, {**known, "bodies": bodies}))
    return 0


def _kept(reader: "LedgerReader", call_id: str) -> "list[Row]":
    """Where its bodies stand; none where the ledger has none, or must not tell."""
    from gatewatch.errors import GatewatchError

    try:
        return reader.ask("body_places", call_id=call_id).rows
    except GatewatchError:  # kept from those of one team, as the bodies are
        return []


def _known(args: argparse.Namespace, call: "Mapping[str, Any]") -> "dict[str, Any]":
    """What the gateway noted of the call's configuration; empty where it cannot be asked, or must not tell."""
    from app.cli.explaining.checks import checks
    from app.cli.performing import is_there, perform
    from gatewatch.actions.configurations import MOST_RULES, ExplainConfiguration
    from gatewatch.errors import GatewatchError
    from gatewatch.safe_text import safe
    from gatewatch.timespan import parse_instant

    rules = [check.rule for check in checks(call)]
    rules += [call[name] for name in ("blocked_by", "stepped_down") if call.get(name)]
    asked = ExplainConfiguration(
        version=call["config_version"],
        route=call["route"],
        route_version=call["route_version"],
        rules=list(dict.fromkeys(rules))[:MOST_RULES],
        at=parse_instant(call["started_at"], 0),
    )
    if not is_there(args):
        return {}
    try:
        told: dict[str, Any] = perform(args, "configuration.explain", asked, patience=PATIENCE_SECONDS)
    except GatewatchError as error:
        sys.stderr.write(f"gatewatch: what its configuration was is not told: {safe(error.title, 200)}\n")
        return {}
    return told
