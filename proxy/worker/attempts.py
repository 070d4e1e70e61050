"""All tries of one call: which target is asked and with which key, and whether another one may be.

Keeps true: a key that fails is followed by the next of the same target, three at most, then by the next target, as long
as nothing has gone out; a provider none of whose keys may be used is not asked; a key that is full is passed over, and
where all are, the caller is told of the one that is free soonest; and no caller is told that a key of ours was refused
as if it were theirs.
"""

import asyncio

from gatewatch.control.key_hold import KeyHold
from gatewatch.known_secret import without_known
from gatewatch.redact import redact
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import DO_NOT_RETRY, Refusal, upstream
from proxy.retry_after import retry_after_seconds
from proxy.settings import Caps, ProviderKey, Route, Target
from proxy.worker.admission.admission import Admission
from proxy.worker.allowance import KeyAllowances
from proxy.worker.attempt import AttemptFailed, attempt, failed_by
from proxy.worker.channel import Channel, Upstream
from proxy.worker.ending import Ending, lost
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.pacing.turns import Turn
from proxy.worker.passage import Passage, best_passage
from proxy.worker.quarantine import KeyTry
from proxy.worker.relay import Relay
from proxy.worker.upstream_error import told, wait_headers

MOST_TRIES = 3
"""Of one call at one target, the first included."""


class Attempts:
    """Makes the tries of one worker's calls."""

    def __init__(
        self, ending: Ending, allowances: KeyAllowances, admission: Admission, pacing: Pacing, relay: Relay
    ) -> None:
        self._ending = ending
        self._relay = relay
        self._allowances = allowances
        self._admission = admission
        self._pacing = pacing

    async def answer(self, inbound: Inbound, route: Route, upstreams: dict[str, Upstream], caps: Caps) -> None:
        """Relay the reply of the first target that has one worth relaying; one deadline over all tries.

        `upstreams`: those of the configuration that the call began under. Raises Refusal, UpstreamFailed, JournalFull.
        """
        total_due = asyncio.get_running_loop().time() + route.deadlines.total
        turn = await self._pacing.route_turn(route, inbound, total_due) if self._pacing.rules.routes else None
        try:
            while (failed := await self._round(inbound, route, upstreams, total_due, caps)) is not None:
                if failed.again is None or failed.refusal.code != "upstream_rate_limited":
                    break
                if not await self._pacing.rest(inbound, failed.again, total_due):
                    break
        finally:
            if turn is not None:
                turn.end()
        if failed is None:
            return
        retried = failed.refusal.status == 502 and len(inbound.attempts) > 1
        if retried and DO_NOT_RETRY[0] not in failed.refusal.headers:
            failed.refusal.headers += DO_NOT_RETRY
        raise failed.refusal from failed

    async def _round(
        self, inbound: Inbound, route: Route, upstreams: dict[str, Upstream], total_due: float, caps: Caps
    ) -> AttemptFailed | None:
        """Each target once; the failure that is the answer, None where the reply was relayed."""
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
                return None
            if not failed.may_go_elsewhere:
                break
        assert failed, "a route has at least one target"
        return failed

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
        asked = 0
        waits = [failed.again] if failed and failed.again is not None else []
        is_limited = False
        while asked < MOST_TRIES and (key := keys.choose(team, route.name, model, tried)) is not None:
            tried += (key.id,)
            if failed and lost(inbound):
                self._ending.lose(inbound)
            use = KeyTry(provider.quarantine, target.provider, key, model)
            turn: Turn | None = None
            queued = inbound.call.queued_us
            try:
                if failed and inbound.held:
                    try:
                        await self._allowances.extend(inbound, provider.provider, model)
                    except Refusal as refusal:  # a cheaper target may still be asked; if not, the failure is the answer
                        return failed.and_not_asked(target, refusal)
                try:
                    turn = await self._turn(inbound, provider, target, key, route, total_due)
                except Refusal as refusal:
                    failed = _not_asked(target, refusal, failed)
                    if refusal.rule_scope != "provider_key":
                        return failed
                    if (wait := retry_after_seconds(dict(refusal.headers), 0.0)) is not None:
                        waits.append(wait)
                        is_limited = failed.refusal.status == 429
                    continue
                if inbound.call.queued_us > queued and not use.is_again and not keys.may_be_used(key, model):
                    continue
                asked += 1
                channel = channel.with_key(key)
                self._choose(inbound, channel, target, passage)
                failed = await self._try(inbound, channel, target, passage, route, total_due, caps, use, turn)
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
                if turn is not None:
                    turn.end()
            is_limited = failed.refusal.status == 429
            if not failed.of_the_key:
                break
        if failed and is_limited:
            if (soonest := keys.soonest(team, route.name, model, tried)) is not None:
                waits.append(soonest)
            if waits:
                failed.again = min(waits)
                failed.refusal.headers = wait_headers(failed.again)
        return failed or AttemptFailed(_no_key(inbound, provider, target, route), may_go_elsewhere=True)

    async def _turn(
        self, inbound: Inbound, provider: Upstream, target: Target, key: ProviderKey, route: Route, total_due: float
    ) -> Turn | None:
        """A turn with that key, and room under the rules that concern the try. Raises Refusal where there is none.

        None: the call needs no turn.
        """
        turn: Turn | None = None
        lane = self._pacing.lane(target.provider, key.id, target.model)
        if inbound.call.endpoint != "count_tokens":  # of which providers keep a limit of its own
            is_last = target is route.targets[-1]
            turn = lane.begin(inbound.call) if lane.outer is None else None
            turn = turn or await self._pacing.turn(lane, inbound, target, total_due, is_last=is_last)
        if self._admission.is_idle:
            return turn
        before = len(inbound.reserved.met) if inbound.reserved else 0
        try:
            await self._admission.before_try(inbound, provider.provider, target, key.id)
        except BaseException:
            if turn is not None:
                turn.end()
            raise
        for concern, taken, amount, most in inbound.reserved.met[before:] if inbound.reserved else ():
            rule = concern.rule
            if rule.scope == "provider_key" and rule.window and rule.window.seconds:
                lane.told(rule.id, most, most - taken - amount, rule.window.seconds)
        return turn

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
        turn: Turn | None,
    ) -> AttemptFailed | None:
        """With one key; None where the reply was relayed to its end."""
        try:
            exchange, record = await attempt(inbound, channel, target, passage.request, route, total_due)
        except AttemptFailed as failed:
            if turn is not None and inbound.exchange is not None and inbound.exchange.status:
                is_limited = failed.refusal.code == "upstream_rate_limited"
                self._pacing.refused(turn, inbound.exchange.headers, failed.wait, is_limited=is_limited)
            return failed
        if turn is not None:
            self._pacing.served(turn, exchange.headers)
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


def _not_asked(target: Target, refusal: Refusal, failed: AttemptFailed | None) -> AttemptFailed:
    """A key or a target that may not be asked now is no answer where there is one already."""
    return failed.and_not_asked(target, refusal) if failed else AttemptFailed(refusal, may_go_elsewhere=True)


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
