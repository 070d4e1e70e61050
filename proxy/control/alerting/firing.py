"""What is told of an alert, and to whom: the one thing that engine and sinks share."""

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

    def tell(self, firing: Firing) -> None:
        """Take it and return at once, from the event loop. Never raises: what goes wrong is the sink's to say."""
