"""All tries of one call: which target is asked and with which key, and whether another one may be.

Keeps true: a key that fails is followed by the next of the same target, three at most, then by the next target, as long
as nothing has gone out; a provider none of whose keys may be used is not asked; and no caller is told that a key of
ours was refused as if it were theirs.
"""

import asyncio

from gatewatch.control.key_hold import KeyHold
from gatewatch.known_secret import without_known
from gatewatch.redact import redact
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import DO_NOT_RETRY, Refusal, upstream
from proxy.settings import Caps, Route, Target
from proxy.worker.admission.admission import Admission
from proxy.worker.allowance import KeyAllowances
from proxy.worker.attempt import AttemptFailed, attempt, failed_by
from proxy.worker.channel import Channel, Upstream
from proxy.worker.ending import Ending, lost
from proxy.worker.inbound import Inbound
from proxy.worker.passage import Passage, best_passage
from proxy.worker.quarantine import KeyTry
from proxy.worker.relay import Relay
from proxy.worker.upstream_error import told, wait_headers

MOST_TRIES = 3
"""Of one call at one target, the first included."""


class Attempts:
    """Makes the tries of one worker's calls."""

    def __init__(self, ending: Ending, allowances: KeyAllowances, admission: Admission, relay: Relay) -> None:
        self._ending = ending
        self._relay = relay
        self._allowances = allowances
        self._admission = admission

    async def answer(self, inbound: Inbound, route: Route, upstreams: dict[str, Upstream], caps: Caps) -> None:
        """Relay the reply of the first target that has one worth relaying; one deadline over all tries.

        `upstreams`: those of the configuration that the call began under. Raises Refusal, UpstreamFailed, JournalFull.
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
            failed = await self._ask(inbound, provider, channel, target, passage, route, total_due, failed, caps)
            if failed is None:
                return
            if not failed.may_go_elsewhere:
                break
        assert failed, "a route has at least one target"
        retried = failed.refusal.status == 502 and len(inbound.attempts) > 1
        if retried and DO_NOT_RETRY[0] not in failed.refusal.headers:
            failed.refusal.headers += DO_NOT_RETRY
        raise failed.refusal from failed

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
        caps: Caps,
    ) -> AttemptFailed | None:
        """One target, with one key after the other; the last failure, None where the reply was relayed.

        Raises Refusal and UpstreamFailed where some of it has gone out, or the client has gone.
        """
        keys, team, model = provider.keys, inbound.call.team, target.model
        tried: tuple[str, ...] = ()
        limited = False
        while len(tried) < MOST_TRIES and (key := keys.choose(team, route.name, model, tried)) is not None:
            tried += (key.id,)
            if failed and lost(inbound):
                self._ending.lose(inbound)
            use = KeyTry(provider.quarantine, target.provider, key, model)
            try:
                if failed and inbound.held:
                    try:
                        await self._allowances.extend(inbound, provider.provider, model)
                    except Refusal as refusal:  # a cheaper target may still be asked; if not, the failure is the answer
                        return failed.and_not_asked(target, refusal)
                if not self._admission.is_idle:
                    try:
                        await self._admission.before_try(inbound, provider.provider, target, key.id)
                    except Refusal as refusal:
                        if failed is None:
                            failed = AttemptFailed(refusal, may_go_elsewhere=True)
                        else:
                            failed.and_not_asked(target, refusal)
                        if refusal.rule_scope == "provider_key":
                            continue
                        return failed
                channel = channel.with_key(key)
                self._choose(inbound, channel, target, passage)
                failed = await self._try(inbound, channel, target, passage, route, total_due, caps, use)
                if failed is None:
                    keys.waits.end(key.id, model)
                    return None
                if failed.fault:
                    use.failed(failed.fault)
                    if not keys.is_any_free(team, route.name, model):
                        provider.quarantine.none_left(target.provider, keys.for_call(team, route.name), model, key)
                if failed.wait is not None:
                    keys.waits.put(key.id, model, failed.wait)
                use.end(at_once=failed.of_the_request)
            finally:
                use.end()
            limited = failed.refusal.status == 429
            if not failed.of_the_key:
                break
        if failed and limited and (wait := keys.soonest(team, route.name, model, tried)) is not None:
            failed.refusal.headers = wait_headers(wait)
        return failed or AttemptFailed(_no_key(inbound, provider, target, route), may_go_elsewhere=True)

    async def _try(
        self,
        inbound: Inbound,
        channel: Channel,
        target: Target,
        passage: Passage,
        route: Route,
        total_due: float,
        caps: Caps,
        use: KeyTry,
    ) -> AttemptFailed | None:
        """With one key; None where the reply was relayed to its end."""
        try:
            exchange, record = await attempt(inbound, channel, target, passage.request, route, total_due)
        except AttemptFailed as failed:
            return failed
        try:
            await self._relay.answer(inbound, exchange, caps, use.went_well)
        except Refusal as refusal:  # a good status, and an error under it
            if not isinstance(refusal.said, ProviderError):
                raise
            inside = failed_by(refusal.said, refusal)
            if inbound.request.started or not inside.of_the_key:
                if inside.fault:
                    use.failed(inside.fault)
                raise
            if not exchange.complete:
                exchange.abort("upstream_invalid", refusal.code)
            inbound.tap = None
            said = without_known(told(refusal.said), channel.key.secret)
            record.status, record.error_kind, record.error_message = "error", refusal.code, said
            return inside
        return None

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
