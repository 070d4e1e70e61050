"""The boundary of the screen: text from anywhere becomes `Content` here, and nowhere else in the console.

Keeps true: no markup is ever parsed, and no control, escape or bidirectional character gets through. Styles are our
own words; `$` names are colours of the theme.
"""

from textual.content import Content

from app.console.figures import UNKNOWN
from gatewatch.safe_text import safe

Part = Content | str | tuple[object, str]

STATUS_MARKS = {
    "ok": ("●", "$success"),
    "cached": ("●", "$success"),
    "blocked": ("▲", "$warning"),
    "truncated": ("▲", "$warning"),
    "client_closed": ("▲", "$warning"),
}
"""Status of a call or attempt → mark and colour; anything else is ✗. The word always stands beside the mark."""


def plain(text: object, style: str = "", limit: int = 2000) -> Content:
    """Text from outside, harmless; None is a dash."""
    shown = Content(safe(UNKNOWN if text is None else text, limit))
    return shown.stylize(style) if style else shown


def line(*parts: Part) -> Content:
    """Parts side by side; a tuple is (text, style)."""
    whole = [part if isinstance(part, Content) else plain(*_pair(part)) for part in parts]
    return Content("").join(whole)


def lines(*rows: Content) -> Content:
    """Rows under each other."""
    return Content("\n").join(rows)


def mark(status: str | None) -> tuple[str, str]:
    """The mark and colour of a status."""
    return STATUS_MARKS.get(status or "", ("✗", "$error"))


def status_text(status: str | None) -> Content:
    """`● ok`, `▲ blocked`, `✗ error`: never by colour alone."""
    sign, colour = mark(status)
    return plain(f"{sign} {(status or 'unknown').replace('_', ' ')}", colour)


def _pair(part: str | tuple[object, str]) -> tuple[object, str]:
    return (part, "") if isinstance(part, str) else part
