"""One try at a provider in the ways that it is configured for, within a bounded time."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from proxy.checked_transport import checked_client
from proxy.settings import Provider, Way
from proxy.trial.call import Caller
from proxy.trial.findings import Findings
from proxy.trial.steps import Trial

DEADLINE_SECONDS = 30.0
_NEXT_WAY = frozenset({"place", "request"})
"""Verdicts that are of one way alone: another dialect may work."""


async def tried(
    provider: Provider, ways: Sequence[Way], model: str | None, targets: Sequence[str], control: Path
) -> Findings:
    """What a cheap call finds; `control`: the store with the operator's prices. Raises UsageError: which model?"""
    found = Findings(provider=provider.name)
    try:
        async with (
            asyncio.timeout(DEADLINE_SECONDS),
            checked_client(allow_private=provider.allow_private, seconds=DEADLINE_SECONDS) as client,
        ):
            for way in ways:
                found = Findings(provider=provider.name, dialect=way.dialect, base_url=way.base_url)
                trial = Trial(provider, way, Caller(client, provider, way), control, found)
                await trial.run(model, targets)
                if found.verdict not in _NEXT_WAY:
                    break
    except TimeoutError:
        found.problem = f"no reply within {DEADLINE_SECONDS:.0f} seconds"
        found.next_step = "is it the right address, and may this machine reach it?"
    return found
