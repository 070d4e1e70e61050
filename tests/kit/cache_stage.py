"""A whole gateway in this process whose routes keep replies, in front of an upstream that a test decides about."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.routing import CacheBounds, CacheRule
from tests.kit.limit_stage import BODIES, PATHS, Stage
from tests.kit.raw_http import RawReply, ask
from tests.kit.raw_http import request as request_bytes
from tests.kit.worker_process import PEPPER

TEN_MINUTES = CacheRule(ttl=600)
COMMENT = b": gatewatch call_id="


class CacheStage(Stage):
    """Every route keeps its replies for ten minutes."""

    def __init__(self, home: Home, provider: str) -> None:
        super().__init__(home, provider)
        self.keep()

    def keep(self, rule: CacheRule | None = TEN_MINUTES, **bounds: Any) -> None:
        """Other rules for all routes, and other bounds."""
        self.configure(rule, cache=CacheBounds(**bounds))

    def configure(self, rule: CacheRule | None, **changed: Any) -> None:
        settings = msgspec.structs.replace(self.gateway.settings, **changed)
        routes = {name: msgspec.structs.replace(route, cache=rule) for name, route in settings.routes.items()}
        self.gateway.configure(msgspec.structs.replace(settings, routes=routes))

    def key(self, name: str, team: str, **options: Any) -> str:
        """A further key; its secret."""
        with ControlStore.open(self.home.control) as store:
            _, secret = store.create_key(name, team=team, pepper=PEPPER, create_team=True, **options)
        return secret

    def revoke(self, name: str) -> None:
        """As a worker sees it, which looks ten times a second."""
        with ControlStore.open(self.home.control) as store:
            store.revoke_key(name)
        self.gateway.keys.refresh(time.monotonic())
        self.gateway.cutting.look()

    def request(
        self,
        endpoint: str = "chat",
        *,
        secret: str | None = None,
        headers: dict[str, str] | None = None,
        route: str = "talk",
        **fields: Any,
    ) -> bytes:
        body = BODIES[endpoint] | {"model": route} | fields
        known = {"Authorization": f"Bearer {secret or self.secret}"}
        return request_bytes("POST", PATHS[endpoint], json.dumps(body).encode(), known | (headers or {}))

    async def ask(self, endpoint: str = "chat", **said: Any) -> RawReply:
        """One call, and all that it leaves."""
        reply = await ask(self.port, self.request(endpoint, **said))
        await self.quiet()
        return reply


def told(reply: RawReply) -> tuple[str | None, bytes]:
    """What the cache did, and the body without the comment on what the call cost, which is the call's own."""
    lines = reply.body.split(b"\n\n")
    return reply.headers.get("x-gatewatch-cache"), b"\n\n".join(line for line in lines if not line.startswith(COMMENT))


@asynccontextmanager
async def cache_stage(home: Home, provider: str) -> AsyncIterator[CacheStage]:
    """One that serves. `provider`: where a provider of OpenAI's dialect listens, without `/v1`."""
    stage = CacheStage(home, provider)
    await stage.server.start(stage.listening)
    try:
        yield stage
    finally:
        await stage.server.drain(5)
        stage.server.close()
        stage.gateway.close()
        stage.journal.stop()
