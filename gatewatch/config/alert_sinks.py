"""Where alerts go beside the gateway's log and its live state: webhooks, as they stand in the configuration file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gatewatch.config.problems import KeyPath, Problem
from gatewatch.config.section import Section
from gatewatch.config.values import Duration, Flag, HostName, Reference

if TYPE_CHECKING:
    from gatewatch.config.models import Config

_SECOND = 1_000_000

BUILT_IN = ("console", "log")
"""Names of the sinks that every gateway has."""


class Webhook(Section):
    """One address that alerts are sent to."""

    url: Reference
    """Where its URL is: `vault:NAME`, `env:NAME`, `file:PATH`. The URL itself is a secret and never stands here."""
    allow_hosts: tuple[HostName, ...] = Field(min_length=1)
    """The only hosts that the URL may name."""
    secret: Reference | None = None
    """Where the secret is that each message is signed with: at least 24 bytes, as they are or as `whsec_` and base64.
    Needed for `generic`."""
    shape: Literal["generic", "slack"] = "generic"
    """What is sent: all of an alert as JSON, or a message for Slack's incoming webhooks."""
    severity: Literal["info", "warning", "critical"] = "info"
    """The least severe alerts that are sent."""
    give_up: Duration = Field(default=900 * _SECOND, ge=_SECOND, le=86_400 * _SECOND)
    """How long a message is tried again that was not taken."""
    allow_private: Flag = False
    """Whether it may be at a private address and over plain http."""


def sink_problems(config: "Config") -> Iterator[Problem]:
    """Every rule that `alert_sinks` break."""
    for name, sink in config.alert_sinks.items():
        path: KeyPath = ("alert_sinks", name)
        if name in BUILT_IN:
            yield Problem(path, f"a name that stands for the gateway's own {name}", "another name")
        if sink.url == "none":
            yield Problem((*path, "url"), "none", "where the URL is: vault:NAME, env:NAME, file:PATH")
        if sink.secret == "none":  # noqa: S105 - a word of the file
            yield Problem((*path, "secret"), "none", "where it is: vault:NAME, env:NAME, file:PATH")
        if sink.secret is None and sink.shape == "generic":
            yield Problem((*path, "secret"), "nothing", "where the secret is that messages are signed with")
