"""Whether a provider takes a key, before any call of an app depends on it.

The list of models costs nothing, so that is asked for first. It proves something only where whoever has no key is
refused it. Else, where there is no list, and where this key may not see it, the cheapest call is made.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import msgspec

from gatewatch.errors import GatewatchError, UsageError
from gatewatch.rotation.parts import ProbeFailed
from proxy.checked_transport import checked_client
from proxy.dialects.registry import provider_dialect
from proxy.settings import Provider, ProviderKey, Way
from proxy.trial.call import Caller, Reply
from proxy.trial.findings import harmless
from proxy.trial.trying import DEADLINE_SECONDS, tried
from proxy.trial.verdict import unreachable

_FOR_NOW = frozenset({"", "rate", "provider"})
"""Verdicts that the next try may find otherwise; the empty one: there was no reply."""
_NO_LIST = frozenset({403, 404, 405, 501})
"""403: a restricted key may make calls all the same."""
_REFUSED = frozenset({401, 403})


class Probe:
    """Tries keys at one provider. `compiled` makes it with a secret, and raises where that cannot be sent."""

    def __init__(self, compiled: Callable[[str], Provider], targets: Sequence[str], control: Path) -> None:
        self._compiled = compiled
        self._targets = targets
        self._control = control

    async def probe(self, secret: str) -> None:
        """As `Prober` promises."""
        try:
            provider = self._compiled(secret)
        except GatewatchError as error:
            raise ProbeFailed(error.title, error.next_step) from None
        key = ProviderKey(id=provider.keys[0].id, secret=secret)
        provider = msgspec.structs.replace(provider, keys=(key,))
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                if not await self._listed(provider):
                    await self._called(provider)
        except TimeoutError:
            raise ProbeFailed(f"no reply within {DEADLINE_SECONDS:.0f} seconds", for_now=True) from None
        except httpx.HTTPError as error:
            problem, next_step = unreachable(error)
            raise ProbeFailed(harmless(problem, provider), next_step, for_now=True) from None
        except OSError as error:
            raise ProbeFailed(harmless(str(error), provider), for_now=True) from None

    async def _listed(self, provider: Provider) -> bool:
        """Whether the provider lists its models for this key, and not without. Raises ProbeFailed where it refuses."""
        way = provider.ways[0]
        reply = await _listing(provider, way)
        if reply is None or reply.status in _NO_LIST:
            return False
        if reply.status != 200:
            dialect = provider_dialect(way.dialect, way.base_url)
            said = dialect.read_error(reply.status, reply.body).message or "no word why"
            for_now = reply.status in (408, 429) or reply.status >= 500
            raise ProbeFailed(
                f"{provider.name} answered the new key with {reply.status}: {harmless(said, provider)}", for_now=for_now
            )
        without = await _listing(msgspec.structs.replace(provider, keys=(), auth="key"), way)
        return without is not None and without.status in _REFUSED

    async def _called(self, provider: Provider) -> None:
        try:
            found = await tried(provider, provider.ways, None, self._targets, self._control)
        except UsageError:
            raise ProbeFailed(
                f"{provider.name} does not tell by its list of models whether the new key works, and no model is known"
                " to try it with",
                f"write a model under models with the target {provider.name}/MODEL, then rotate again",
            ) from None
        if found.problem:
            raise ProbeFailed(found.problem, found.next_step, for_now=found.verdict in _FOR_NOW)


async def _listing(provider: Provider, way: Way) -> Reply | None:
    async with checked_client(allow_private=provider.allow_private, seconds=DEADLINE_SECONDS) as client:
        return await Caller(client, provider, way).listing()
