"""An audit entry in the words of other people's formats: what kind of deed it is, and how it ended."""

from ipaddress import ip_address
from typing import Literal

Kind = Literal["create", "read", "update", "delete", "other"]

_KINDS: dict[Kind, frozenset[str]] = {
    "create": frozenset({"create", "declare", "add", "mint", "grant", "import", "start", "begin"}),
    "read": frozenset(
        {
            *("list", "show", "view", "read", "verify", "export", "identify", "snapshot", "connect", "explain", "test"),
            *("watched", "silences", "versions", "diff", "targets"),
        }
    ),
    "update": frozenset(
        {
            *("set", "edit", "update", "rotate", "reload", "move", "bind", "change", "carry", "quarantine", "release"),
            *("refile", "anchor", "switch", "store", "lift", "pause", "resume", "note", "accept", "fire", "clear"),
            *("ack", "silence", "unsilence", "shift", "return"),
            *("canary", "drain", "undrain", "rollback"),
        }
    ),
    "delete": frozenset(
        {
            *("delete", "remove", "revoke", "abandon", "drop", "forget", "unset", "end", "invalidate"),
            "cancel",
        }
    ),
}


def kind_of(action: str) -> Kind:
    """What `key.revoke` does with the thing: deletes it. By the last of its words that is known."""
    for word in reversed(action.replace(":", ".").replace("-", "_").split(".")):
        for kind, words in _KINDS.items():
            if word in words or word.partition("_")[0] in words:
                return kind
    return "other"


def address_in(source: str | None) -> str | None:
    """The network address that an actor came from, None for a process of this machine."""
    text = (source or "").strip()
    host = text.rpartition(":")[0].strip("[]") if text.count(":") == 1 or text.startswith("[") else text
    try:
        return str(ip_address(host))
    except ValueError:
        return None
