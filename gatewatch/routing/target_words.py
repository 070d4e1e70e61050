"""How it stands with a target of a route, in a few words, for a column: the same in print and on the console."""

from collections.abc import Mapping
from typing import Any

from gatewatch.routing.override_words import in_words


def out_of_order(row: Mapping[str, Any]) -> list[str]:
    """What is in force over it, then what the gateway has seen of it. `row`: as the routes view tells it."""
    said = [in_words(each) for each in row["overrides"] if row["is_target"] or each["kind"] != "rollback"]
    if row.get("shifted"):
        said.append("comes last")
    if row.get("breaker") in ("open", "half_open"):
        said.append("breaker open" if row["breaker"] == "open" else "half open")
    return said


def in_order(row: Mapping[str, Any]) -> str:
    """What it is there for, where nothing is out of order."""
    return ", ".join(row["purposes"]) or ("in use" if row["is_target"] else "not a target")
