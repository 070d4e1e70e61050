"""Says on stderr how far something long has come, where somebody watches."""

import sys
from collections.abc import Callable

WORTH_SAYING = 32 * 1024 * 1024
"""Bytes; less than that is loaded before anybody wonders."""


def catching_up(what: str = "loading the journal") -> Callable[[int, int], None] | None:
    """A function to call with the bytes done and those there are, or None where stderr is no terminal."""
    if not sys.stderr.isatty():
        return None

    def say(done: int, total: int) -> None:
        if total > WORTH_SAYING:
            end = "\n" if done >= total else ""
            sys.stderr.write(f"\rgatewatch: {what}: {100 * done // total} % of {total >> 20} MB{end}")
            sys.stderr.flush()

    return say
