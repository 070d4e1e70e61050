"""The models that providers list themselves.

Keeps true: none is asked again within five minutes; one that does not answer is left out, and asked again after ten
seconds.
"""

import asyncio
import logging
import time
from weakref import WeakKeyDictionary

import msgspec

from proxy.settings import Deadlines
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.attempt import read_some
from proxy.worker.channel import Upstream

FRESH_SECONDS = 300.0
RETRY_SECONDS = 10.0
ASK_SECONDS = 5.0
LONGEST_LIST = 4 * 1024 * 1024

log = logging.getLogger("gatewatch.worker")


class _Model(msgspec.Struct):
    id: str = ""
    name: str = ""
    """Google's, after `models/`."""


class _Models(msgspec.Struct):
    data: list[_Model] = []
    models: list[_Model] = []


_decode = msgspec.json.Decoder(_Models).decode


class ProviderModels:
    """Remembers what providers listed."""

    def __init__(self) -> None:
        self._listed: WeakKeyDictionary[Upstream, tuple[float, tuple[str, ...]]] = WeakKeyDictionary()
        """Upstream, a new one when its configuration changes → until when its list is good, and the list."""

    async def of(self, upstream: Upstream) -> tuple[str, ...]:
        """Names as the provider spells them; empty where it does not say."""
        now = time.monotonic()
        until, names = self._listed.get(upstream, (0.0, ()))
        if now < until:
            return names
        self._listed[upstream] = now + RETRY_SECONDS, names  # others need not ask meanwhile, nor if it fails
        key = upstream.keys.for_listing()
        channel = upstream.channels[0].with_key(key) if key else None
        head = channel.models_head() if channel else None
        if channel is None or head is None:
            return names
        deadlines = Deadlines(total=ASK_SECONDS)
        exchange = Exchange(deadlines, asyncio.get_running_loop().time() + ASK_SECONDS)
        try:
            await channel.pool.send(exchange, head, b"", deadlines)
            await exchange.reply_started()
            body = await read_some(exchange, LONGEST_LIST)
            if exchange.status != 200:
                raise ValueError(f"it answered {exchange.status}")
            found = _names(body)
        except (UpstreamFailed, ValueError) as error:
            log.warning("the models of %s are not known: %s", upstream.provider.name, error)
            return names
        self._listed[upstream] = now + FRESH_SECONDS, found
        return found


def _names(body: bytes) -> tuple[str, ...]:
    """Raises ValueError for what is no list of models."""
    listed = _decode(body)
    names = [model.id for model in listed.data] + [model.name.removeprefix("models/") for model in listed.models]
    return tuple(dict.fromkeys(name for name in names if name and name.isprintable() and len(name) <= 256))
