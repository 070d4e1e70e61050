"""Takes out of a provider's words what it quotes of the request: prompts are nobody's to keep in a row.

A quotation counts where it is long enough to be text, and stands in the request just so. The model's name stays: rows
have it anyway, and whoever reads one looks for it.
"""

import re
from typing import Any

import msgspec

IN_ITS_PLACE = "[from the request]"

_SHORTEST = 16
_LONGEST = 500
_MARK = re.compile(r"['\"`]")


def without_quotes(message: str, body: dict[str, Any]) -> str:
    """`message` with a mark in place of everything between quotation marks that the request holds."""
    message = message[:_LONGEST]
    marks = [found.start() for found in _MARK.finditer(message)]
    if not body or not marks:
        return message
    asked = msgspec.json.encode({name: value for name, value in body.items() if name != "model"}).decode()
    ends = [len(message), *reversed(marks)]  # quoted text may hold marks itself, and its end may have been cut off
    out, at = "", 0
    for first in marks:
        if first < at:
            continue
        for last in ends:
            said = message[first + 1 : last]
            if len(said) >= _SHORTEST and msgspec.json.encode(said).decode()[1:-1] in asked:
                out += message[at : first + 1] + IN_ITS_PLACE
                at = last
                break
    return out + message[at:]
