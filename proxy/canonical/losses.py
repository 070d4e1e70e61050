"""What a target cannot be told.

Keeps true: nothing a caller asked for disappears unseen. It is a 400 that names the parameter, or, where the route
drops parameters, it stands in the header `x-gatewatch-dropped-params`.
"""

from collections.abc import Mapping
from typing import Never

from proxy.refusal import Refusal

LONGEST_NAME = 100
MOST_DROPPED = 50
"""Names come from callers: so many and so long are kept."""
_DROP = "Leave it out, ask for another model, or let the route drop it (drop_params: true)."
_NEVER_DROPPED = "Leave it out, or ask for another model."


class Losses:
    """Collects what is dropped on the way to one target."""

    def __init__(self, provider: str, *, drop: bool = False, names: Mapping[str, str] | None = None) -> None:
        self._provider = provider
        self._drop = drop
        self._names = names or {}
        """Field of `Ask` → what the caller's dialect calls it, where that differs."""
        self.dropped: list[str] = []

    def lose(self, param: str, reason: str = "") -> None:
        """The target cannot be told `param` (a field of `Ask`, or the caller's own name). Raises Refusal, or drops it.

        For values that change nothing where they are left out (null, the default, an empty list): do not call it.
        """
        name = self._names.get(param, param)[:LONGEST_NAME]
        if not self._drop:
            raise self._refusal(name, reason, _DROP)
        if name not in self.dropped and len(self.dropped) < MOST_DROPPED:
            self.dropped.append(name)

    def refuse(self, param: str, reason: str = "") -> Never:
        """As `lose`, for what would be another request without it: never dropped. Raises Refusal."""
        raise self._refusal(self._names.get(param, param)[:LONGEST_NAME], reason, _NEVER_DROPPED)

    def _refusal(self, name: str, reason: str, way_out: str) -> Refusal:
        because = f": {reason}" if reason else ""
        message = f"The provider {self._provider!r} cannot be told {name!r}{because}. {way_out}"
        return Refusal(400, "unsupported_parameter", message, param=name)
