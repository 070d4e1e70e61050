"""The rungs of a call: its targets; those for longer calls, where a provider says that it is too long; a short answer
of a small model; a stored text.

Keeps true: each further rung is asked within what is left of the call's deadline, with what it may cost held beside
what lost tries may have cost, and only where region and data class let it; when all fail, the caller is told of the
targets' failure.
"""

import msgspec

from proxy.refusal import Refusal
from proxy.routing import ShortAnswer
from proxy.settings import Caps, Provider, Route
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.allowance import KeyAllowances
from proxy.worker.attempts import Attempts
from proxy.worker.channel import Upstream
from proxy.worker.ending import Ending, was_begun
from proxy.worker.inbound import Inbound
from proxy.worker.routing.allowed import objection
from proxy.worker.shaping.last_resort import (
    SHORT_ANSWER,
    Failure,
    answer_with,
    is_of_targets,
    may_still_be_answered,
)
from proxy.worker.shaping.short_answer import shortly
from proxy.worker.shaping.stored_reply import takes_text
from proxy.worker.shaping.windows import for_longer_calls

_TOO_LATE_SECONDS = 0.2
"""So little left of the deadline is no time for another model to answer."""

Upstreams = dict[str, Upstream]


class Ladder:
    """Answers the calls of one worker."""

    def __init__(self, attempts: Attempts, ending: Ending, allowances: KeyAllowances) -> None:
        self._attempts = attempts
        self._ending = ending
        self._allowances = allowances

    async def answer(self, inbound: Inbound, route: Route, upstreams: Upstreams, caps: Caps) -> None:
        """By the first rung that has an answer. Raises Refusal, UpstreamFailed, JournalFull."""
        try:
            await self._attempts.answer(inbound, route, upstreams, caps)
            return
        except (Refusal, UpstreamFailed) as failure:
            if not route.has_further_rungs or not may_still_be_answered(inbound, failure):
                raise
            first: Failure = failure
        failed = await self._further(inbound, route, upstreams, caps, first)
        if failed is not None:
            raise failed

    async def _further(
        self, inbound: Inbound, route: Route, upstreams: Upstreams, caps: Caps, failed: Failure
    ) -> Failure | None:
        if targets := for_longer_calls(inbound, route, _providers(upstreams), failed):
            longer = msgspec.structs.replace(route, targets=targets)
            most = max(1, self._attempts.most - len(inbound.attempts))
            again = await self._ask(inbound, longer, upstreams, caps, failed, most)
            if again is None:
                return None
            failed = again
        if not is_of_targets(failed):
            return failed
        if route.short_answer and await self._short_answer(inbound, route, route.short_answer, upstreams, caps, failed):
            return None
        if route.stored_reply is None or not takes_text(inbound.call.endpoint, inbound.body):
            return failed
        self._leave(inbound, failed)
        await answer_with(route.stored_reply, inbound, self._ending)
        return None

    async def _short_answer(
        self, inbound: Inbound, route: Route, short: ShortAnswer, upstreams: Upstreams, caps: Caps, failed: Failure
    ) -> bool:
        """Whether it has answered. If not, the call is as it was before."""
        call, target = inbound.call, short.target
        body = shortly(call.endpoint, inbound.body, short)
        if body is None:
            return False
        if why := objection(call, upstreams[target.provider].provider, target):
            call.passed_over = [*(call.passed_over or ()), [target.name, why]]
            return False
        self._leave(inbound, failed)
        asked, place = (inbound.body, inbound.ask), _Place(inbound)
        inbound.body, inbound.ask, call.degraded = body, None, SHORT_ANSWER
        rung = msgspec.structs.replace(route, targets=(target,), patience=0.0, next_after=None, hedge_after=None)
        again = await self._ask(inbound, rung, upstreams, caps, failed, 1)
        if again is None:
            return True
        self._leave(inbound, again)
        (inbound.body, inbound.ask), call.degraded = asked, None
        place.put_back(inbound)
        return False

    async def _ask(
        self, inbound: Inbound, rung: Route, upstreams: Upstreams, caps: Caps, failed: Failure, most: int
    ) -> Failure | None:
        """The failure that is the answer: `failed` where this rung may not be asked. None where it has answered.

        `most`: tries of it."""
        left = rung.deadlines.total - inbound.elapsed_us() / 1e6
        if left < _TOO_LATE_SECONDS:
            return failed
        self._leave(inbound, failed)
        first = rung.targets[0]
        if inbound.held:
            try:
                await self._allowances.extend(inbound, upstreams[first.provider].provider, first.model)
            except Refusal as refusal:
                inbound.call.passed_over = [*(inbound.call.passed_over or ()), [first.name, refusal.code]]
                return failed
        rung = msgspec.structs.replace(rung, deadlines=msgspec.structs.replace(rung.deadlines, total=left))
        try:
            await self._attempts.answer(inbound, rung, upstreams, caps, most)
        except (Refusal, UpstreamFailed) as failure:
            if not may_still_be_answered(inbound, failure):
                raise
            return failure
        return None

    def _leave(self, inbound: Inbound, failed: Failure) -> None:
        """The last try is behind: what it may have cost although it has not answered, if its provider has said nothing
        of that."""
        if not was_begun(inbound):
            return
        if isinstance(failed, UpstreamFailed) or failed.said is None:
            self._ending.lose(inbound)
        elif inbound.exchange is not None:
            inbound.exchange.abort("upstream_invalid", failed.code)
            inbound.exchange = None


def _providers(upstreams: Upstreams) -> dict[str, Provider]:
    return {name: upstream.provider for name, upstream in upstreams.items()}


class _Place:
    """Where a call went last."""

    def __init__(self, inbound: Inbound) -> None:
        call = inbound.call
        self._of_call = call.provider, call.model, call.provider_key, call.dialect, call.dropped_params
        self._way = inbound.channel, inbound.passage

    def put_back(self, inbound: Inbound) -> None:
        call = inbound.call
        call.provider, call.model, call.provider_key, call.dialect, call.dropped_params = self._of_call
        inbound.channel, inbound.passage = self._way
