"""The options that say whose a key is and what it may do, for making and for editing one."""

import argparse
from typing import Any

from app.cli.keys.wording import NOTHING, count, end, listed, picos

OWNERS = ("project", "user", "service")
LISTS = ("models", "routes", "dialects", "networks")
STATED = ("region", "data_class")
COUNTS = ("max_uses", "max_tokens")


def add_owner(parser: argparse.ArgumentParser) -> None:
    owner = parser.add_argument_group("whose it is")
    owner.add_argument("--project", metavar="P", help="part of the team's work; made where there is none")
    owner.add_argument("--user", metavar="NAME", help="the person whose key it is")
    owner.add_argument("--service", metavar="NAME", help="the program whose key it is; belongs to one team for good")


def add_limits(parser: argparse.ArgumentParser) -> None:
    limits = parser.add_argument_group("what it may do (default: anything, without end)")
    limits.add_argument("--models", metavar="A,B", help="the only models it may ask for")
    limits.add_argument("--routes", metavar="A,B", help="the only routes its calls may take")
    limits.add_argument("--dialects", metavar="A,B", help="the only dialects it may speak, as in openai-chat")
    limits.add_argument("--networks", metavar="A,B", help="the only networks it may come from, as in 10.0.0.0/8")
    limits.add_argument("--region", metavar="AREA", help="where alone its calls may be answered, as in eu")
    limits.add_argument(
        "--data-class", metavar="CLASS", help="how sensitive its calls are: public, internal, confidential, restricted"
    )
    limits.add_argument("--max-uses", metavar="N", help="calls over its whole life")
    limits.add_argument("--max-tokens", metavar="N", help="input and output tokens over its whole life")
    limits.add_argument("--max-usd", metavar="USD", help="spend over its whole life, as in 25 or 0.50")
    ends = limits.add_mutually_exclusive_group()
    ends.add_argument("--expires", metavar="WHEN", help="30d from now, or an ISO 8601 time")
    ends.add_argument("--ttl", metavar="SPAN", help="how long it lives, as in 15m for a job")


def scope_of(args: argparse.Namespace, *, none_takes_away: bool = False) -> dict[str, Any]:
    """Fields of the actions for what was given. `none_takes_away`: the words of NOTHING stand for no limit."""
    from gatewatch.control.records import now_us

    def is_nothing(text: str) -> bool:
        return none_takes_away and text in NOTHING

    fields: dict[str, Any] = {}
    for name in (*OWNERS, *LISTS, *STATED, *COUNTS):
        text = getattr(args, name)
        if text is None:
            continue
        option = f"--{name.replace('_', '-')}"
        if is_nothing(text):
            fields[name] = None
        elif name in LISTS:
            fields[name] = listed(text)
        else:
            fields[name] = count(option, text) if name in COUNTS else text
    if args.max_usd is not None:
        fields["max_picos"] = None if is_nothing(args.max_usd) else picos("--max-usd", args.max_usd)
    option, text = ("--ttl", args.ttl) if args.ttl is not None else ("--expires", args.expires)
    if text is not None and is_nothing(text):
        fields["expires_at"] = None
    elif text is not None:
        length, at = end(option, text, now_us())
        fields |= {"ttl_us": length} if at is None else {"expires_at": at}
    return fields
