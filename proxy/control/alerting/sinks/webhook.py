"""A webhook: its queue, and the task that hands messages over, one after the other.

Keeps true: telling never waits and never fails; a message waits once, however often it is told; it is tried until it is
taken or its time is up, and goes out under the same id each time; only then it counts as heard, so that whoever tells
it may do so again after a crash; what is wrong is one alarm, which ends with the next message that is taken. Secrets
are looked up for each message and kept nowhere.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from gatewatch.alerts.alert import SEVERITIES
from gatewatch.config.alert_sinks import Webhook
from gatewatch.errors import GatewatchError
from proxy.control.alarms import Alarms
from proxy.control.alerting.firing import Firing
from proxy.control.alerting.sinks.destination import Undeliverable, checked_url
from proxy.control.alerting.sinks.posting import TRY_SECONDS, Outcome, post
from proxy.control.alerting.sinks.signature import signature_headers, signing_key
from proxy.control.alerting.sinks.slack import slack_message
from proxy.control.alerting.sinks.told import message_id, told

if TYPE_CHECKING:
    import httpx

MOST_WAITING = 256
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

Resolve = Callable[[str], str | None]
"""A reference → its secret. Called in threads. Raises GatewatchError."""

log = logging.getLogger("gatewatch.alerts")


class WebhookSink:
    """One of `alert_sinks`. Belongs to the event loop."""

    def __init__(
        self,
        name: str,
        webhook: Webhook,
        resolve: Resolve,
        alarms: Alarms,
        gateway: str,
        heard: Callable[[Firing], object] = lambda _: None,
    ) -> None:
        """`heard`: called with what was taken, and with what is given up."""
        self._heard = heard
        self.webhook = webhook
        self._name = name
        self._resolve = resolve
        self._alarms = alarms
        self._gateway = gateway
        self._waiting: dict[str, tuple[Firing, float]] = {}
        """By the id of the message, the next first; with the moment (monotonic) at which it is given up."""
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._lost = 0
        """Messages since the last one that was taken."""
        self._client: httpx.AsyncClient | None = None

    def tell(self, firing: Firing) -> None:
        """Queue it where it is severe enough, or take its newer words. Of more than `MOST_WAITING` the least severe
        wait where they are: with whoever tells them."""
        if firing.state == "firing" and _rank(firing) < SEVERITIES.index(self.webhook.severity):
            return
        id = message_id(firing, self._gateway)
        if id not in self._waiting:
            if len(self._waiting) >= MOST_WAITING and not self._made_room(firing):
                return
            self._waiting[id] = firing, time.monotonic() + self.webhook.give_up / 1e6
        else:
            self._waiting[id] = firing, self._waiting[id][1]
        self._idle.clear()
        self._news.set()

    def _made_room(self, firing: Firing) -> bool:
        """Whether another, less severe message has gone back; not the one that is just being told."""
        _, *later = self._waiting
        least = min(later, key=lambda id: _rank(self._waiting[id][0]))
        if _rank(self._waiting[least][0]) >= _rank(firing):
            return False
        del self._waiting[least]
        return True

    async def run(self) -> None:
        """Until cancelled. What is wrong with it shows now, and not when the first alert fires."""
        try:
            await self._look()
            while True:
                while self._waiting:
                    id, (firing, due) = next(iter(self._waiting.items()))
                    await self._deliver(firing, due)
                    del self._waiting[id]
                    self._heard(firing)
                self._idle.set()
                self._news.clear()
                await self._news.wait()
        finally:
            await self.close()

    async def emptied(self) -> None:
        """Until nothing waits."""
        await self._idle.wait()

    async def send(self, firing: Firing) -> Outcome:
        """One try, now. Never raises but to be cancelled."""
        try:
            url, key = await asyncio.to_thread(self._secrets)
            client = await self._opened()
            shaped = slack_message if self.webhook.shape == "slack" else told
            body = msgspec.json.encode(shaped(firing, self._gateway))
            headers = signature_headers(key, message_id(firing, self._gateway), int(time.time()), body)
            outcome = await post(client, url, body, headers)
            if outcome.delivered:
                self._lost = 0
                self._alarms.set(self._alarm, None)
            return outcome
        except GatewatchError as error:
            return Outcome(False, f"cannot be asked: {error.title}", again=not isinstance(error, Undeliverable))
        except Exception as error:  # noqa: BLE001 - its text and traceback may hold the URL
            log.error("alert sink %s: unexpected %s", self._name, type(error).__name__)
            return Outcome(False, f"failed ({type(error).__name__})", again=True)

    async def close(self) -> None:
        """Let go of connections."""
        client, self._client = self._client, None
        if client:
            await client.aclose()

    def end(self) -> None:
        """It is not configured any more: what was wrong with it does not matter."""
        self._alarms.set(self._alarm, None)

    async def _look(self) -> None:
        try:
            await asyncio.to_thread(self._secrets)
        except GatewatchError as error:
            self._say(f"cannot be asked: {error.title}")
        except Exception as error:  # noqa: BLE001 - as in `send`
            self._say(f"cannot be asked ({type(error).__name__})")

    async def _deliver(self, firing: Firing, due: float) -> None:
        pause = FIRST_PAUSE
        while True:
            outcome = await self.send(firing)
            if outcome.delivered:
                return
            wait = max(outcome.wait, pause * random.uniform(0.5, 1.0))  # noqa: S311 - spread, not secret
            if not outcome.again or time.monotonic() + wait > due:
                self._lose(outcome.said)
                return
            self._say(outcome.said)
            await asyncio.sleep(wait)
            pause = min(LONGEST_PAUSE, pause * 2)

    def _lose(self, said: str) -> None:
        self._lost += 1
        log.error("alert sink %s: a message was given up: it %s", self._name, said)
        self._say(said)

    def _say(self, said: str) -> None:
        lost = f" Messages given up: {self._lost}." if self._lost else " It is tried again." if self._waiting else ""
        self._alarms.set(
            self._alarm,
            f"The alert sink {self._name} does not take messages: it {said}.{lost}"
            f" Alerts stand in the log and the console all the same; try it with `gatewatch alerts test {self._name}`.",
        )

    @property
    def _alarm(self) -> str:
        return f"alert_sink:{self._name}"

    def _secrets(self) -> tuple[str, bytes | None]:
        """URL and key. Raises GatewatchError."""
        url, secret = self._resolve(self.webhook.url), self.webhook.secret
        found = self._resolve(secret) if secret else None
        return checked_url(url or "", self.webhook), signing_key(found) if found else None

    async def _opened(self) -> "httpx.AsyncClient":
        await asyncio.to_thread(import_module, "proxy.checked_transport")  # 200 ms the first time
        from proxy.checked_transport import checked_client

        if self._client is None:
            self._client = checked_client(allow_private=self.webhook.allow_private, seconds=TRY_SECONDS)
        return self._client


def _rank(firing: Firing) -> int:
    return SEVERITIES.index(firing.severity)
