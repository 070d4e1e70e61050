"""All tries of one call: which target is asked and with which key, and whether another one may be.

Keeps true: a key that fails is followed by the next of the same target, each once, then by the next target; a provider
none of whose keys may be used is not asked; and no caller is told that a key of ours was refused as if it were theirs.
"""

import asyncio

from gatewatch.control.key_hold import KeyHold
from gatewatch.redact import redact
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import DO_NOT_RETRY, Refusal, upstream
from proxy.settings import Route, Target
from proxy.upstream.exchange import Exchange
from proxy.worker.allowance import KeyAllowances
from proxy.worker.attempt import AttemptFailed, attempt
from proxy.worker.channel import Channel, Upstream
from proxy.worker.ending import Ending, lost
from proxy.worker.inbound import Inbound
from proxy.worker.key_fault import key_fault
from proxy.worker.passage import Passage, best_passage


class Attempts:
    """Makes the tries of one worker's calls."""

    def __init__(self, ending: Ending, allowances: KeyAllowances) -> None:
        self._ending = ending
        self._allowances = allowances

    async def first_answer(self, inbound: Inbound, route: Route, upstreams: dict[str, Upstream]) -> Exchange:
        """The first target that answers with a reply worth relaying; one deadline over all tries.

        `upstreams`: those of the configuration that the call began under. Raises Refusal, UpstreamFailed.
        """
        total_due = asyncio.get_running_loop().time() + route.deadlines.total
        failed: AttemptFailed | None = None
        for target in route.targets:
            provider = upstreams[target.provider]
            try:
                channel, passage = best_passage(provider, target, route, inbound)
            except Refusal:
                if failed is None:
                    raise
                continue  # an earlier target could be told all of it, and its failure is the better answer
            answer = await self._ask(inbound, provider, channel, target, passage, route, total_due, failed)
            if isinstance(answer, Exchange):
                return answer
            failed = answer
            if not failed.may_go_elsewhere:
                break
        assert failed, "a route has at least one target"
        retried = failed.refusal.status == 502 and len(inbound.attempts) > 1
        if retried and DO_NOT_RETRY[0] not in failed.refusal.headers:
            failed.refusal.headers += DO_NOT_RETRY
        raise failed.refusal from failed

    def heard(self, inbound: Inbound, refusal: Refusal) -> None:
        """A reply that was worth relaying turned out to be an error: it may have been about the key."""
        if not isinstance(refusal.said, ProviderError) or inbound.channel is None:
            return
        channel, model = inbound.channel, inbound.call.model or ""
        if fault := key_fault(refusal.said):
            channel.quarantine.failed(channel.provider.name, channel.key, model, fault, again=False)

    async def _ask(
        self,
        inbound: Inbound,
        provider: Upstream,
        channel: Channel,
        target: Target,
        passage: Passage,
        route: Route,
        total_due: float,
        failed: AttemptFailed | None,
    ) -> Exchange | AttemptFailed:
        """One target, with one key after the other; the reply, or the last failure. Raises UpstreamFailed."""
        team = inbound.call.team
        tried: tuple[str, ...] = ()
        while (key := provider.keys.choose(team, route.name, target.model, tried)) is not None:
            tried += (key.id,)
            if failed and lost(inbound):
                self._ending.lose(inbound)
            if failed and inbound.held:
                try:
                    await self._allowances.extend(inbound, provider.provider, target.model)
                except Refusal as refusal:  # a cheaper target may still be asked; if not, the failure is the answer
                    why = f"{target.provider}/{target.model} was not asked: {refusal.reason or refusal.message}"
                    failed.refusal.reason = f"{failed.refusal.reason}; {why}" if failed.refusal.reason else why
                    return failed
            channel = channel.with_key(key)
            self._choose(inbound, channel, target, passage)
            quarantine = provider.quarantine
            again = bool(quarantine.held) and quarantine.try_again(target.provider, key, target.model)
            try:
                exchange, _ = await attempt(inbound, channel, target, passage.request, route, total_due)
            except AttemptFailed as error:
                failed = error
                if error.fault:
                    quarantine.failed(target.provider, key, target.model, error.fault, again=again)
                    again = False
                if not error.of_the_key:
                    break
            else:
                if again:
                    quarantine.went_well(target.provider, key, target.model)
                    again = False
                return exchange
            finally:
                if again:
                    quarantine.undecided(target.provider, key, target.model)
        return failed or AttemptFailed(_no_key(inbound, provider, target, route), may_go_elsewhere=True)

    @staticmethod
    def _choose(inbound: Inbound, channel: Channel, target: Target, passage: Passage) -> None:
        call = inbound.call
        call.provider, call.model, call.dialect = target.provider, target.model, channel.dialect.name
        call.provider_key = channel.key.id
        call.dropped_params = [redact(name) for name in passage.dropped]
        inbound.channel, inbound.passage = channel, passage


def _no_key(inbound: Inbound, provider: Upstream, target: Target, route: Route) -> Refusal:
    """The provider was not asked. Which keys are there for the call, and why none is used, is for the row alone."""
    keys = provider.keys.for_call(inbound.call.team, route.name)
    holds: list[KeyHold] = []
    for key in keys:
        holds += provider.quarantine.holds_on(target.provider, key, target.model)
    if not keys:
        refusal = upstream(503, "upstream_auth", "The gateway has no key at the provider for this call.", DO_NOT_RETRY)
        refusal.reason = f"every key of {target.provider} is bound to other teams or models"
        return refusal
    empty = any(hold.kind == "exhausted" for hold in holds)
    what = "account at the provider has no quota left" if empty else "key is not taken by the provider"
    refusal = upstream(503, "upstream_auth", f"The gateway's {what}.", DO_NOT_RETRY)
    refusal.reason = f"in quarantine: {', '.join(dict.fromkeys(hold.key_id for hold in holds))}"
    return refusal
