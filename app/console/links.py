"""Deep links: a place in the console in one line, the same in the console, in its palette and in the shell.

:overview
:routes
:calls team=search status>=400
:call 01930b2e-7a31-7d0e-8a55-1b2c3d4e5f60
"""

import re
import uuid
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from gatewatch.errors import UsageError
from gatewatch.filters import compile_filter
from gatewatch.ids import milliseconds_of
from gatewatch.safe_text import safe

Place = Literal["overview", "calls", "call", "routes"]
PLACES: dict[Place, str] = {
    "overview": "how the gateway is doing",
    "calls": "live list of calls, with a filter after it",
    "call": "one call by its id",
    "routes": "where calls go, and what is in force over that",
}

_BARE = re.compile(r"[\w./:@+-]+", re.ASCII)


@dataclass(frozen=True)
class Link:
    """Where to go. `argument` is the filter of `calls`, the id of `call`."""

    place: Place
    argument: str = ""

    @classmethod
    def parse(cls, text: str) -> "Link":
        """`:calls team=search` → link; the colon may be left out. Raises UsageError, FilterError for a filter."""
        name, _, argument = text.strip().removeprefix(":").strip().partition(" ")
        argument = argument.strip()
        if name not in PLACES:
            near = get_close_matches(name, PLACES, n=1, cutoff=0.5)
            places = ", ".join(f":{place}" for place in PLACES)
            raise UsageError(
                f"There is no :{safe(name, 40)} here; {f'did you mean :{near[0]}?' if near else f'there are {places}.'}"
            )
        if name in ("overview", "routes") and argument:
            raise UsageError(f":{name} takes nothing after it.", f"For calls: :calls {safe(argument, 80)}")
        if name == "calls":
            compile_filter(argument)
        if name == "call":
            argument = _call_id(argument)
        return cls(name, argument)

    def __str__(self) -> str:
        return f":{self.place} {self.argument}".rstrip()


def condition(column: str, value: str | int | None) -> str:
    """A filter for one value of one column. Raises ValueError for a text that nobody could type."""
    text = "" if value is None else str(value)
    quote = '"' if '"' not in text else "'"
    if quote in text or text != safe(text):
        raise ValueError("it holds quotes of both kinds or hidden characters, so no filter can name it")
    return f"{column}={text}" if _BARE.fullmatch(text) else f"{column}={quote}{text}{quote}"


def _call_id(text: str) -> str:
    try:
        milliseconds_of(text)
        return str(uuid.UUID(text))
    except ValueError:
        raise UsageError(
            f":call wants the id of a call, not {safe(text, 80)!r}.", "`c` copies the id of a call."
        ) from None
