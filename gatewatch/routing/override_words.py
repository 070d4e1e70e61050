"""What is in force over a route or a target, in a few words, for a column."""

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
