"""The errors that someone acts on. Everything else is a builtin exception.

Exit codes are a contract: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 gateway unreachable.
"""


class GatewatchError(Exception):
    """An error an operator sees: what happened and where, with the next step."""

    exit_code = 1

    def __init__(self, title: str, next_step: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.title}\n  {self.next_step}" if self.next_step else self.title


class UsageError(GatewatchError):
    """What was typed does not fit."""

    exit_code = 2


class NotFound(GatewatchError):
    """What was named does not exist."""

    exit_code = 3


class NotAllowed(GatewatchError):
    """It exists, but may not be done: no permission, or owned by the configuration file."""

    exit_code = 4


class Unreachable(GatewatchError):
    """No gateway answers."""

    exit_code = 5
