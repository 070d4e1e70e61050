"""Where sentences end in a text that is still coming.

Keeps true: an end is only called one when what follows shows it, so that "3." before "14" and "e.g." are none; in a
block of code only lines end.
"""

import re

_CLOSING = "\"'”’»›)\\]}*_`"
_END = re.compile(
    rf"[.!?…؟۔।]++[{_CLOSING}]*+(?=\s)"  # Latin and its kin: white space follows
    rf"|[。！？｡]++[」』）】》〉{_CLOSING}]*+(?=.)"  # Chinese and Japanese: anything does
)
_OPENING = "\"'“‘„«‹([{*_`"
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}|[^\W\d_]|\d{1,2}")
"""`J`, `e.g`, `U.S`, `Ph.D`, `z.B`; and the numbers of lists and days."""
_ABBREVIATIONS = frozenset({
    "al", "approx", "art", "bzw", "ca", "cf", "chap", "co", "dept", "dr", "ed", "eds", "eq", "est", "etc", "evtl",
    "ex", "fig", "figs", "ggf", "gov", "inc", "inkl", "jr", "ltd", "max", "min", "mio", "mr", "mrs", "ms", "mt", "nr",
    "nos", "op", "pp", "prof", "ref", "rev", "sec", "sen", "sr", "st", "std", "str", "tel", "univ", "usw", "vgl", "vol",
    "vs", "zzgl",
})  # fmt: skip
_FENCES = ("```", "~~~")
_LINE_START = 80
"""Characters of a line that are kept: what stands before a fence is white space."""


class Prose:
    """One text, in the order in which it goes out."""

    def __init__(self) -> None:
        self._fence = ""
        """That of the block of code that it is in."""
        self._line = ""
        """How the line begins that it ended in."""

    def end_in(self, held: str) -> int:
        """Behind the last sentence that has ended in what is held; 0: none has."""
        lines = held.rfind("\n") + 1
        fence, line = self._after(held)
        if fence or line.lstrip().startswith(_FENCES):
            return lines
        end = lines
        for match in _END.finditer(held, lines):
            if match.group() != "." or not _is_abbreviated(held[lines : match.start()]):
                end = match.end()
        return end

    def went(self, text: str) -> None:
        """This has gone out."""
        self._fence, self._line = self._after(text)

    def _after(self, text: str) -> tuple[str, str]:
        """The fence and the line that it would be in behind this text."""
        fence = self._fence
        *whole, rest = (self._line + text).split("\n")
        for line in whole:
            line = line.strip()
            if not line.startswith(_FENCES):
                continue
            if not fence:
                fence = line[:3]
            elif line.startswith(fence) and not line.strip(fence[0]):
                fence = ""
        return fence, rest[:_LINE_START]


def _is_abbreviated(before: str) -> bool:
    """Whether a full stop behind this is no sentence's."""
    words = before.split()
    if not words or before[-1].isspace():
        return True
    word = words[-1].lstrip(_OPENING)
    return word.lower() in _ABBREVIATIONS or _INITIALS.fullmatch(word) is not None
