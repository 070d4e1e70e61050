"""Alerts as lines of the gateway's log: `alert`, then one JSON object."""

import logging

import msgspec

from proxy.control.alerting.firing import Firing
from proxy.control.alerting.sinks.told import told

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.CRITICAL}

log = logging.getLogger("gatewatch.alerts")


class LogSink:
    """Writes each firing as it comes."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway

    def tell(self, firing: Firing) -> None:
        """One line; of one that is over at the level of news."""
        level = _LEVELS[firing.severity] if firing.state == "firing" else logging.INFO
        log.log(level, "alert %s", msgspec.json.encode(told(firing, self._gateway)).decode())
