"""Deeds that are the same however often they are asked for: where an answer gets lost, they are asked for once more.

Keeps true: what may have been done is never reported as not done.
"""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import msgspec


def perform_again(args: argparse.Namespace, name: str, asked: "msgspec.Struct", *, make: bool = False) -> Any:
    """As `perform`. Raises Unreachable where the second answer is lost too: then it is not known what was done."""
    from app.cli.performing import perform
    from gatewatch.errors import Unreachable

    try:
        return perform(args, name, asked, make=make)
    except Unreachable:
        return perform(args, name, asked, make=make)
