"""Opaque reasoning state on its way through a caller of another dialect.

A signature means something to the dialect that made it alone. Callers hand it back unread, so it travels with the name
of its maker; one without a name is the caller's own dialect's.
"""

_MARK = "gw1."
MARK = _MARK.encode()
"""Stands in a request's bytes where it holds a signature of another dialect."""


def wrap(origin: str, signature: str) -> str:
    """A signature as it goes to a caller of another dialect."""
    return f"{_MARK}{origin}.{signature}"


def unwrap(text: str) -> tuple[str, str] | None:
    """(origin, signature) of a wrapped one; None for any other text."""
    if not text.startswith(_MARK):
        return None
    origin, dot, signature = text[len(_MARK) :].partition(".")
    return (origin, signature) if origin and dot else None
