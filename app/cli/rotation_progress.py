"""Tells on stderr how a rotation comes along: one line for each step, and for what it waits for."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewatch.control.provider_rotations import Rotation

_STEPS = {
    "minted": "the provider has made a key",
    "stored": "the new key is in the vault",
    "probed": "the provider takes the new key",
    "switched": "the new key has taken the place of the old one",
    "taken": "every new call is made with it",
    "drained": "calls that began with the old key are over",
    "revoked": "the old key is done with",
}


class Progress:
    """Remembers what was said."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def tell(self, rotation: dict[str, Any]) -> None:
        """What is new. `rotation` as `providers.rotation` answers it."""
        from gatewatch.safe_text import safe

        for line in lines_of(rotation):
            if line not in self._said:
                sys.stderr.write(f"{safe(rotation['provider'], 60)}: {safe(line, 600)}\n")
                self._said.add(line)
        sys.stderr.flush()


watching = Progress()
"""Of the one rotation that this command is about."""


def tell_of(rotation: "Rotation") -> None:
    """The same of a rotation that this process carries out."""
    from gatewatch.actions.provider_rotation import view

    watching.tell(view(rotation))


def lines_of(rotation: dict[str, Any]) -> list[str]:
    """All that there is to say of it by now."""
    lines = [_step(step, rotation) for step in rotation["steps"] if step in _STEPS]
    match rotation["state"]:
        case "rolled-back":
            lines.append(f"rolled back, the old key is in use as before: {rotation['failure']}")
        case "abandoned":
            lines.append(f"given up after {rotation['step']}")
        case "failed":
            lines.append(f"stopped after {rotation['step']}: {rotation['failure']}")
        case "running" if rotation["awaiting"]:
            lines.append(f"waiting until {rotation['awaiting']}")
    return lines


def _step(step: str, rotation: dict[str, Any]) -> str:
    if step == "drained" and rotation["calls_left"]:
        return f"{rotation['calls_left']} calls that began with the old key still run, and their time is over"
    if step == "revoked":
        if rotation["revoked"]:
            return "the provider has ended the old key"
        return "the old key stays as it is" if rotation["keep_old"] else "the old key is for you to end"
    return _STEPS[step]
