"""Tells on stderr how a rotation comes along: one line for each step, and for what it waits for."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewatch.control.provider_rotations import Rotation

_STEPS = {
    "minted": "the provider has made a key",
    "stored": "the new key is in the vault",
    "probed": "the provider takes the new key",
    "switching": "from here on nothing is rolled back",
    "switched": "the vault has it in place of the old one",
    "taken": "every worker calls with the new key",
    "drained": "calls that began with the old key are over",
    "revoked": "the old key is done with",
}


class Progress:
    """Remembers what was said."""

    def __init__(self) -> None:
        self._said = ""

    def tell(self, rotation: dict[str, Any]) -> None:
        """`rotation` as `providers.rotation` answers it."""
        from gatewatch.safe_text import safe

        line = line_of(rotation)
        if line and line != self._said:
            sys.stderr.write(f"{safe(rotation['provider'], 60)}: {safe(line, 600)}\n")
            sys.stderr.flush()
            self._said = line


_alone = Progress()


def tell_of(rotation: "Rotation") -> None:
    """The same of a rotation that this process carries out."""
    from gatewatch.actions.provider_rotation import view

    _alone.tell(view(rotation))


def line_of(rotation: dict[str, Any]) -> str:
    """What there is to say of it now; empty: nothing."""
    step, state = rotation["step"], rotation["state"]
    if state == "rolled-back":
        return f"rolled back, the old key is in use as before: {rotation['failure']}"
    if state == "failed":
        return f"stopped after {step}: {rotation['failure']}"
    if state == "done":
        return "done"
    if rotation["awaiting"]:
        return f"waiting until {rotation['awaiting']}"
    if step == "drained" and rotation["calls_left"]:
        return f"{rotation['calls_left']} calls that began with the old key are still running, and their time is over"
    if step == "revoked" and rotation["revoked"]:
        return "the provider has ended the old key"
    if step == "revoked" and rotation["keep_old"]:
        return "the old key stays as it is"
    return _STEPS.get(step, "")
