"""What a target cannot be told.

Keeps true: nothing a caller asked for disappears unseen. It is a 400 that names the parameter, or, where the route
drops parameters, it stands in the header `x-gatewatch-dropped-params`.
"""

from collections.abc import Mapping
from typing import Never

from proxy.refusal import Refusal


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
        name = self._names.get(param, param)
        if not self._drop:
            raise _refusal(name, self._provider, reason)
        if name not in self.dropped:
            self.dropped.append(name)

    def refuse(self, param: str, reason: str = "") -> Never:
        """As `lose`, for what would be another request without it: never dropped. Raises Refusal."""
        raise _refusal(self._names.get(param, param), self._provider, reason)


def _refusal(name: str, provider: str, reason: str) -> Refusal:
    return Refusal(
        400,
        "unsupported_parameter",
        f"The provider {provider!r} cannot be told {name!r}{f': {reason}' if reason else ''}. "
        "Leave it out, ask for another model, or let the route drop it (drop_params: true).",
        param=name,
    )
