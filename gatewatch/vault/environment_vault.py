"""The vault in environment variables, for containers: a provider's key NAME in GATEWATCH_SECRET_NAME, our own entry
`gatewatch/NAME` in GATEWATCH_OWN_NAME.

Keeps true: they are read once and taken out of the environment, so that no child inherits them, and out of what
/proc/PID/environ shows, where the system lets us.
"""

import os
import re

from gatewatch.vault.environment_block import erase
from gatewatch.vault.own_entries import PREFIX, is_own
from gatewatch.vault.read_only import ReadOnlyVault

_OF_PROVIDERS, _OURS = "GATEWATCH_SECRET_", "GATEWATCH_OWN_"
_NO_PART_OF_A_NAME = re.compile("[^A-Z0-9]")

_taken: dict[str, str] = {}
"""Of this process, for its life."""


def take_secrets() -> None:
    """Moves our secrets out of the environment. To be called before anything is started."""
    names = [name for name in os.environ if name.startswith((_OF_PROVIDERS, _OURS))]
    for name in names:
        _taken[name] = os.environ.pop(name)
    if names:
        erase(names)


def with_secrets() -> dict[str, str]:
    """The environment of a gateway that is started by this process: the one kind of child that needs them."""
    take_secrets()
    return dict(os.environ) | _taken


def variable(name: str) -> str:
    """What the variable of an entry is called."""
    start = _OURS if is_own(name) else _OF_PROVIDERS
    return start + _NO_PART_OF_A_NAME.sub("_", name.removeprefix(PREFIX).upper())


class EnvironmentVault(ReadOnlyVault):
    kind = "env"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        take_secrets()

    def get(self, name: str) -> str | None:
        return _taken.get(variable(name), "").strip() or None

    def names(self) -> list[str]:
        """In lower case, with `_` for whatever a variable cannot hold: their own form is not known."""
        ours = [
            PREFIX + name.removeprefix(_OURS).lower().replace("_", "-") for name in _taken if name.startswith(_OURS)
        ]
        providers = [name.removeprefix(_OF_PROVIDERS).lower() for name in _taken if name.startswith(_OF_PROVIDERS)]
        return sorted([*ours, *providers])

    def place(self, name: str) -> str:
        return f"the variable {variable(name)}"

    def whole(self) -> str:
        return "the environment of this process"
