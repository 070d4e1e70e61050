"""All that a gateway's alerts are told to: the log, and every webhook that the configuration names.

Keeps true: another configuration takes effect at once; a webhook that stays as it was keeps what waits for it; each is
told what it does not know yet, and no other is.
"""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from gatewatch.config.alert_sinks import BUILT_IN, Webhook
from gatewatch.errors import GatewatchError, NotFound
from gatewatch.keys.secret_shapes import shown
from proxy.control.alarms import Alarms
from proxy.control.alerting.firing import Firing, Hear
from proxy.control.alerting.sinks.log_sink import LogSink
from proxy.control.alerting.sinks.webhook import Resolve, WebhookSink

LAST_SECONDS = 2.0
LOG = "log"


class Sinks:
    """Of one gateway; a sink itself. Belongs to the event loop."""

    def __init__(self, resolve: Resolve, alarms: Alarms, gateway: str) -> None:
        """`gateway`: the name by which messages say where they come from."""
        self.on_heard: Hear = lambda *_: None
        self._resolve = resolve
        self._alarms = alarms
        self._gateway = gateway
        self._log = LogSink(gateway)
        self._webhooks: dict[str, tuple[WebhookSink, asyncio.Task[None]]] = {}

    def named(self, gateway: str) -> None:
        """The name that a gateway has once it listens; before the first webhook is configured."""
        self._gateway = gateway
        self._log = LogSink(gateway)

    def configure(self, webhooks: Mapping[str, Webhook]) -> None:
        """These, and no others."""
        for name, (sink, task) in list(self._webhooks.items()):
            if webhooks.get(name) != sink.webhook:
                del self._webhooks[name]
                task.cancel()
                sink.end()
        for name, webhook in webhooks.items():
            if name not in self._webhooks:
                heard = partial(self._heard, name)
                sink = WebhookSink(name, webhook, self._resolve, self._alarms, self._gateway, heard)
                self._webhooks[name] = sink, asyncio.create_task(sink.run(), name=f"alert sink {name}")

    def tell(self, firing: Firing, told: Collection[str]) -> None:
        """Hand it to those that do not know it; a sink that is there no more has nothing to be told."""
        over = firing.state == "cleared"
        if (LOG in told) == over:
            self._log.tell(firing)
            self._heard(LOG, firing)
        for name, (sink, _) in self._webhooks.items():
            if (name in told) == over:
                sink.tell(firing)
        for name in set(told) - self._webhooks.keys() - {LOG} if over else ():
            self._heard(name, firing)

    def _heard(self, name: str, firing: Firing) -> None:
        self.on_heard(name, firing)

    async def stop(self) -> None:
        """What waits has a moment to go out; then it is lost, and the log has it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                for sink, _ in self._webhooks.values():
                    await sink.emptied()
        tasks = [task for _, task in self._webhooks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._webhooks.clear()

    async def test(self, name: str) -> dict[str, Any]:
        """Tell one of them of an alert that is none, once and now; how that went.

        Raises NotFound, GatewatchError where it is not taken.
        """
        firing = _try_out()
        began = time.monotonic()
        if name == LOG:
            self._log.tell(firing)
            said = "written"
        elif name in self._webhooks:
            outcome = await self._webhooks[name][0].send(firing)
            if not outcome.delivered:
                raise GatewatchError(
                    f"The alert sink {name} did not take it: it {outcome.said}.",
                    "See its lines under alert_sinks in the configuration, and where its references lead.",
                )
            said = outcome.said
        elif name in BUILT_IN:
            said = "always there: alerts stand in the console and in `gatewatch alerts list`"
        else:
            known = ", ".join((*BUILT_IN, *self._webhooks))
            raise NotFound(f"There is no alert sink {shown(name)}.", f"There are: {known}.")
        return {"sink": name, "delivered": True, "said": said, "took_ms": round((time.monotonic() - began) * 1000)}


def _try_out() -> Firing:
    now = time.time_ns() // 1000
    return Firing(
        id="test|gateway",
        alert="test",
        subject="gateway",
        state="firing",
        severity="info",
        value="0",
        threshold="0",
        since=now,
        at=now,
        text="This is a test by an operator: nothing is wrong.",
    )
