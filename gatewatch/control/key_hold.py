"""A key of a provider that must not be used for now: what workers, the control process and the store say of it."""

from typing import Literal

import msgspec

Kind = Literal["refused", "exhausted"]
"""The provider does not take the key; or takes it, and its quota or money is used up."""

FIRST_PAUSE_US = 60 * 1_000_000
ALONE_PAUSE_US = 1_000_000
LONGEST_PAUSE_US = 3600 * 1_000_000
TOGETHER_US = 10 * 1_000_000
"""Keys of one provider that are refused within this time: that is rather the provider's fault than theirs."""


class KeyHold(msgspec.Struct, frozen=True, kw_only=True):
    """One key in quarantine. Times µs since the epoch, UTC."""

    provider: str
    key_id: str
    model: str = ""
    """The only one that it is not used for; empty: for none."""
    version: str
    """Of the secret."""
    kind: Kind
    reason: str
    """In our own words."""
    since: int
    until: int
    """From when one call may try it again."""
    failures: int = 1
    """How often it failed: at first, and each time that it was tried again."""

    @property
    def place(self) -> tuple[str, str, str]:
        """Of which there is one hold at most."""
        return self.provider, self.key_id, self.model


def pause_us(failures: int, *, alone: bool = False) -> int:
    """How long to wait before the next try: a minute, doubled each time, at most an hour.

    `alone`: no other key serves meanwhile; then it begins with a second.
    """
    return min((ALONE_PAUSE_US if alone else FIRST_PAUSE_US) << min(failures - 1, 12), LONGEST_PAUSE_US)
