"""Ids of function calls, which Google's models may leave out and everybody else needs.

Keeps true: an id is unique within a conversation, and reading the same reply twice gives the same.
"""

import hashlib
import secrets


class CallIds:
    """For one reply."""

    def __init__(self) -> None:
        self._reply: str | None = None

    def made(self, reply: str | None, choice: int, tool: int) -> str:
        """The id of a call without one."""
        if self._reply is None:
            self._reply = reply or secrets.token_hex(12)
        seed = f"{self._reply}/{choice}/{tool}".encode()
        return "call_" + hashlib.blake2b(seed, digest_size=12).hexdigest()
