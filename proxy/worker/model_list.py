"""What `/v1/models` lists: the routes; where there are none, what the providers themselves list, as `provider/model`.

Keeps true: none is asked again within five minutes; one that does not answer is left out, and asked again after ten
seconds.
"""

import asyncio
import logging
import time
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from gatewatch.control.records import KeyRecord
from proxy.settings import Deadlines, Settings
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.attempt import read_some
from proxy.worker.authorise import visible_models
from proxy.worker.channel import Upstream

FRESH_SECONDS = 300.0
RETRY_SECONDS = 10.0
ASK_SECONDS = 5.0
LONGEST_LIST = 4 * 1024 * 1024

log = logging.getLogger("gatewatch.worker")


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


_decode = msgspec.json.Decoder(_Models).decode


class ModelList:
    """Remembers what providers listed."""

    def __init__(self) -> None:
        self._listed: WeakKeyDictionary[Upstream, tuple[float, list[str]]] = WeakKeyDictionary()
        """Upstream, a new one when its configuration changes → until when its list is good, and the list."""

    async def entries(self, settings: Settings, upstreams: dict[str, Upstream], key: KeyRecord) -> list[dict[str, Any]]:
        """OpenAI's model objects, of models that this key may ask for."""
        if settings.routes:
            return [_entry(name, settings.routes[name].targets[0].provider) for name in visible_models(settings, key)]
        lists = await asyncio.gather(*(self._of(upstream) for upstream in upstreams.values()))
        return [
            _entry(f"{provider}/{model}", provider)
            for provider, models in zip(upstreams, lists, strict=True)
            for model in models
            if key.allows_model(f"{provider}/{model}")
        ]

    async def _of(self, upstream: Upstream) -> list[str]:
        now = time.monotonic()
        until, models = self._listed.get(upstream, (0.0, []))
        if now < until:
            return models
        self._listed[upstream] = now + RETRY_SECONDS, models  # others need not ask meanwhile, nor if it fails
        deadlines = Deadlines(total=ASK_SECONDS)
        exchange = Exchange(deadlines, asyncio.get_running_loop().time() + ASK_SECONDS)
        try:
            (channel, *_) = upstream.channels
            head = channel.models_head()
            if head is None:
                return models
            await channel.pool.send(exchange, head, b"", deadlines)
            await exchange.reply_started()
            body = await read_some(exchange, LONGEST_LIST)
            if exchange.status != 200:
                raise ValueError(f"it answered {exchange.status}")
            models = [model.id for model in _decode(body).data if model.id.isprintable() and len(model.id) <= 256]
        except (UpstreamFailed, ValueError) as error:
            log.warning("the models of %s are not known: %s", upstream.provider.name, error)
            return models
        self._listed[upstream] = now + FRESH_SECONDS, models
        return models


def _entry(name: str, provider: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": provider}
