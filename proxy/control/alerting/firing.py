"""What is told of an alert, and to whom: the one thing that engine and sinks share."""

from collections.abc import Callable, Collection
from typing import Literal, Protocol

import msgspec

from gatewatch.alerts.alert import Severity


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that began to fire, or is over. Texts in it may come from calls and names that others chose."""

    id: str
    """Of the alert and what it is about, the same when it fires and when it clears: `slow|team/search`."""
    alert: str
    """Its name in the configuration, or of one that is built in: `slow`."""
    subject: str
    """What it is about, as scopes are written: `gateway`, `team/search`, `provider_key/openai/main`."""
    state: Literal["firing", "cleared"]
    severity: Severity
    value: str
    """What was measured, for people: `1.4 s`, `12 %`, `8.20 USD`."""
    threshold: str
    """What it was measured against, in the same words."""
    since: int
    """When it began to fire; µs since the epoch, UTC."""
    at: int
    """When this was found; µs."""
    text: str
    """One line that says what happened, where, and what is done about it."""
    actions: tuple[str, ...] = ()
    """What is in force because of it, for people: `pause key/…`. Of one that is over: what stays in force."""


class Sink(Protocol):
    """Where firings go."""

    on_heard: "Hear"

    def tell(self, firing: Firing, told: Collection[str]) -> None:
        """Take it and return at once, from the event loop; the same may be told again and again until it was heard.

        `told`: the names of those who know that it fires. Never raises: what goes wrong is the sink's to say.
        """


Hear = Callable[[str, Firing], object]
"""Called from the event loop with the name of a sink that has taken a firing, or will never do."""
