"""One target is asked: with which of its keys, how often, and what is learnt of it.

Keeps true: a key that fails is followed by the next of the same target; a target that is overloaded is asked again
where no other is left, three tries at most and within its budget of retries; a provider none of whose keys may be used
is not asked; a key that is full is passed over, and where all are, the caller is told of the one that is free soonest;
and no caller is told that a key of ours was refused as if it were theirs.
"""

import random
from functools import partial

from gatewatch.control.key_hold import KeyHold
from proxy.refusal import DO_NOT_RETRY, Refusal, upstream
from proxy.retry_after import retry_after_seconds
from proxy.settings import ProviderKey, Route, Target
from proxy.worker.admission.admission import Admission
from proxy.worker.allowance import KeyAllowances
from proxy.worker.attempt import AttemptFailed
from proxy.worker.channel import Channel, Upstream
from proxy.worker.choice import Choice
from proxy.worker.ending import Ending, lost
from proxy.worker.inbound import Inbound
from proxy.worker.one_try import OneTry, of_route
from proxy.worker.pacing.no_turn import NO_TURN
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.pacing.turns import Turn, pause
from proxy.worker.passage import Passage, best_passage
from proxy.worker.quarantine import KeyTry
from proxy.worker.routing.allowed import none_allowed, objection
from proxy.worker.routing.breakers import Breakers
from proxy.worker.routing.retrying import LONGEST_BACKOFF, MOST_TRIES, RetryBudget, backoff
from proxy.worker.tries import Tries
from proxy.worker.upstream_error import wait_headers


class Asking:
    """Asks targets, one at a time, for one worker's calls."""

    def __init__(
        self,
        ending: Ending,
        allowances: KeyAllowances,
        admission: Admission,
        pacing: Pacing,
        breakers: Breakers,
        retries: RetryBudget,
        one_try: OneTry,
    ) -> None:
        self._ending = ending
        self._allowances = allowances
        self._admission = admission
        self._pacing = pacing
        self._breakers = breakers
        self._retries = retries
        self._try = one_try

    def is_open(self, tries: Tries, target: Target) -> bool:
        """Whether the breakers of all keys that may serve it are open."""
        if not self._breakers.any_open:
            return False
        if tries.route.next_after is not None:
            hasty = self._breakers.standing(target.provider, of_route(tries.route), target.model)
            if hasty == "open":
                return True
        usable, shut = self._usable(tries.upstreams[target.provider], target, tries)
        return bool(usable) and len(shut) == len(usable)

    async def ask(
        self,
        tries: Tries,
        target: Target,
        channel: Channel,
        passage: Passage,
        failed: AttemptFailed | None,
        *,
        is_last: bool,
    ) -> AttemptFailed | None:
        """The last failure, None where the reply was relayed. `failed`: of the targets before it.

        Raises Refusal and UpstreamFailed where some of it has gone out, or the client has gone.
        """
        if because := objection(tries.inbound.call, tries.upstreams[target.provider].provider, target):
            tries.pass_over(target, because)
            refusal = none_allowed(tries.inbound.call, [(target.name, because)])
            return failed or AttemptFailed(refusal, may_go_elsewhere=True)
        if too_dear := _too_dear(tries, target):
            tries.pass_over(target, too_dear.code)
            return failed or AttemptFailed(too_dear, may_go_elsewhere=True)
        earlier = failed.again if failed else None
        while True:
            failed, again = await self._with_its_keys(tries, target, channel, passage, failed, earlier, is_last=is_last)
            if failed is None or again is None:
                return failed
            again *= random.uniform(1.0, 1.1)  # noqa: S311 - spreads load
            if not self._is_worth_waiting(tries, target, again, is_last=is_last):
                return failed
            await pause(tries.inbound, again, "limit")

    def _is_worth_waiting(self, tries: Tries, target: Target, seconds: float, *, is_last: bool) -> bool:
        """Whether a target that limits the call is asked again after so long: as the route's patience says, or, where
        nobody else is left, as calls wait for turns; three tries at most, within its budget of retries."""
        is_patient = seconds <= tries.patience
        if not is_patient and (not is_last or seconds > self._pacing.patience(tries.inbound, tries.total_due)):
            return False
        if tries.left < 1 or seconds >= tries.seconds_left() or tries.asked.count(target) >= MOST_TRIES:
            return False
        if not self._retries.take(target.provider, target.model):
            return False
        if is_patient:
            tries.patience -= seconds
        return True

    async def _with_its_keys(
        self,
        tries: Tries,
        target: Target,
        channel: Channel,
        passage: Passage,
        failed: AttemptFailed | None,
        earlier: float | None,
        *,
        is_last: bool,
    ) -> tuple[AttemptFailed | None, float | None]:
        """The last failure; and in how many seconds this target may be asked again, where it limited the call.

        `earlier`: the soonest that targets before it may be asked again.
        """
        inbound, route = tries.inbound, tries.route
        provider = tries.upstreams[target.provider]
        keys, team, model = provider.keys, inbound.call.team, target.model
        tried: tuple[str, ...] = ()
        asked = 0
        waits = [] if earlier is None else [earlier]
        is_limited, why = False, "upstream_auth"
        while asked < MOST_TRIES and tries.left > 0:
            key = keys.choose(team, route.name, model, tried + self._left_alone(provider, target, tries))
            if key is None:
                break
            tried += (key.id,)
            if failed and (failed.was_lost or lost(inbound)):
                self._ending.lose(inbound)
                failed.was_lost = False
            use = KeyTry(provider.quarantine, target.provider, key, model)
            turn: Turn | None = None
            queued = inbound.call.queued_us
            try:
                if failed and inbound.held:
                    try:
                        await self._allowances.extend(inbound, provider.provider, model)
                    except Refusal as refusal:  # a cheaper target may still be asked; if not, the failure is the answer
                        tries.not_asked(target, refusal.code)
                        return failed.and_not_asked(target, refusal), None
                try:
                    turn = await self._turn(tries, provider, target, key, is_last=is_last)
                except Refusal as refusal:
                    failed = _not_asked(target, refusal, failed)
                    why = refusal.rule if refusal.rule in NO_TURN else refusal.code
                    if refusal.rule_scope != "provider_key":
                        tries.not_asked(target, why)
                        return failed, None
                    if (wait := retry_after_seconds(dict(refusal.headers), 0.0)) is not None:
                        waits.append(wait)
                        is_limited = failed.refusal.status == 429
                    continue
                if inbound.call.queued_us > queued and not use.is_again and not keys.may_be_used(key, model):
                    continue
                asked += 1
                if tries.begin(target):
                    self._retries.called(target.provider, model)
                choice = Choice(target, channel.with_key(key), passage, use, turn)
                hedged = route.hedge_after is not None and not is_last and tries.beside is None and turn is not None
                beside = partial(self._beside, tries) if hedged else None
                failed = await self._try.make(tries, choice, is_last=is_last, beside=beside)
                if failed is None:
                    keys.waits.end(key.id, model)
                    return None, None
                if failed.fault:
                    use.failed(failed.fault)
                    if not keys.is_any_free(team, route.name, model):
                        provider.quarantine.none_left(target.provider, keys.for_call(team, route.name), model, key)
                is_limited = failed.refusal.status == 429
                if is_limited and failed.wait is not None:
                    keys.waits.put(key.id, model, failed.wait)
                use.end(at_once=failed.of_the_request)
            finally:
                use.end()
                if turn is not None:
                    turn.end()
            if failed.of_the_key:
                continue
            if not failed.is_overload or not is_last or not await self._again(tries, target, failed, asked):
                break  # another target is asked at once, rather than the same after a while
            tried = ()
        tries.not_asked(target, why)
        if failed and is_limited:
            soonest = keys.soonest(team, route.name, model, tried)
            if soonest is not None:
                waits.append(soonest)
            if waits:
                failed.again = min(waits)
                failed.refusal.headers = wait_headers(failed.again)
            of_provider = failed.refusal.code == "upstream_rate_limited"  # our own rules are not waited for
            return failed, backoff(max(tries.asked.count(target), 1), soonest) if of_provider else None
        return failed or AttemptFailed(_no_key(inbound, provider, target, route), may_go_elsewhere=True), None

    def _left_alone(self, provider: Upstream, target: Target, tries: Tries) -> tuple[str, ...]:
        """Keys with an open breaker, where there are others that may be used."""
        if not self._breakers.any_open:
            return ()
        usable, shut = self._usable(provider, target, tries)
        return shut if len(shut) < len(usable) else ()

    def _usable(self, provider: Upstream, target: Target, tries: Tries) -> tuple[list[str], tuple[str, ...]]:
        """Keys that are not in quarantine, and those of them whose breaker is open."""
        keys, model = provider.keys, target.model
        usable = [
            key.id for key in keys.for_call(tries.inbound.call.team, tries.route.name) if keys.may_be_used(key, model)
        ]
        return usable, tuple(id for id in usable if self._breakers.standing(target.provider, id, model) == "open")

    async def _again(self, tries: Tries, target: Target, failed: AttemptFailed, asked: int) -> bool:
        """Wait before the same target is asked again, where it may be."""
        wait = backoff(asked, failed.wait)
        if asked >= MOST_TRIES or tries.left < 1 or wait > min(tries.seconds_left(), LONGEST_BACKOFF):
            return False
        if not self._retries.take(target.provider, target.model):
            return False
        await pause(tries.inbound, wait, "overload")
        return True

    async def _turn(
        self, tries: Tries, provider: Upstream, target: Target, key: ProviderKey, *, is_last: bool
    ) -> Turn | None:
        """A turn with that key, and room under the rules that concern the try. Raises Refusal where there is none.

        None: the call needs no turn.
        """
        inbound = tries.inbound
        turn: Turn | None = None
        lane = self._pacing.lane(target.provider, key.id, target.model)
        if inbound.call.endpoint != "count_tokens":  # of which providers keep a limit of its own
            turn = lane.begin(inbound.call) if lane.outer is None else None
            turn = turn or await self._pacing.turn(lane, inbound, target, tries.total_due, is_last=is_last)
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

    async def _beside(self, tries: Tries) -> Choice | None:
        """The next target that may be asked at once, with all that it takes held for it."""
        inbound, route = tries.inbound, tries.route
        for target in route.targets:
            provider = tries.upstreams[target.provider]
            if (
                target in tries.asked
                or self.is_open(tries, target)
                or objection(inbound.call, provider.provider, target)
                or _too_dear(tries, target)
            ):
                continue
            try:
                channel, passage = best_passage(provider, target, route, inbound)
            except Refusal:
                continue
            key = provider.keys.choose(
                inbound.call.team, route.name, target.model, self._left_alone(provider, target, tries)
            )
            if key is None:
                continue
            turn = self._pacing.turn_at_once(target.provider, key.id, target.model, inbound.call)
            if turn is None:
                continue
            try:
                await self._allowances.extend(inbound, provider.provider, target.model)
                if not self._admission.is_idle:
                    await self._admission.before_try(inbound, provider.provider, target, key.id, beside=True)
            except Refusal:
                turn.end()
                continue
            except BaseException:
                turn.end()
                raise
            tries.beside = target
            tries.begin(target)
            use = KeyTry(provider.quarantine, target.provider, key, target.model)
            return Choice(target, channel.with_key(key), passage, use, turn)
        return None


def _too_dear(tries: Tries, target: Target) -> Refusal | None:
    """Why the call's ceiling on cost does not let it go there."""
    inbound = tries.inbound
    if inbound.ceiling is None:
        return None
    return inbound.ceiling.too_dear(inbound, tries.upstreams[target.provider].provider, target.model)


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
