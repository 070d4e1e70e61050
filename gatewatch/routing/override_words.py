"""What is in force over a route or a target, in a few words, for a column or a list."""

from collections.abc import Mapping
from typing import Any

NO_SHARE = "0%"


def in_words(override: Mapping[str, Any]) -> str:
    """`canary 5% + search`, `canary stopped`, `rolled back`, `drained`. `override`: as actions on routes tell it."""
    if override["kind"] != "canary":
        return {"drain": "drained", "rollback": "rolled back"}[override["kind"]]
    if override.get("halted"):
        return "canary stopped"
    who = [text for text in (override.get("share"), *(override.get("teams") or ())) if text and text != NO_SHARE]
    return f"canary {' + '.join(who) or NO_SHARE}"


def in_full(override: Mapping[str, Any]) -> str:
    """The same with the target or version, and when it ends, for where these do not stand beside it."""
    what = override.get("target") or override.get("version")
    before = {"drain": "", "rollback": "to "}.get(override["kind"], "of " if override.get("halted") else "to ")
    until = f" until {override['until']}" if override.get("until") else ""
    return f"{in_words(override)}{f' {before}{what}' if what else ''}{until}"
