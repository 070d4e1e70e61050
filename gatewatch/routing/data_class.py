"""How sensitive a call is, and how sensitive a call may be that a provider sees."""

from typing import Literal

DataClass = Literal["public", "internal", "confidential", "restricted"]
DATA_CLASSES: tuple[DataClass, ...] = ("public", "internal", "confidential", "restricted")
"""The least sensitive first."""


def most_sensitive(*classes: DataClass | None) -> DataClass | None:
    """None where none is stated."""
    return max((each for each in classes if each), key=DATA_CLASSES.index, default=None)


def may_see(provider: DataClass | None, call: str | None) -> bool:
    """Whether a provider may be sent the call. One of which nothing is stated sees what is public, or of no class."""
    return call is None or DATA_CLASSES.index(call) <= DATA_CLASSES.index(provider or "public")
