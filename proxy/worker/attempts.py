"""All tries of one call: target after target, until one has answered or none is left.

Keeps true: as long as nothing has gone out, what one target failed of another may mend; a target whose breaker is open
is asked after the others; there is one deadline and one number of tries over all of them.
"""

from itertools import chain

from proxy.refusal import DO_NOT_RETRY, Refusal
from proxy.settings import Caps, Route, Target
from proxy.worker.asking import Asking
from proxy.worker.attempt import AttemptFailed
from proxy.worker.channel import Upstream
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.passage import best_passage
from proxy.worker.tries import Tries


class Attempts:
    """Makes the tries of one worker's calls."""

    def __init__(self, asking: Asking, pacing: Pacing) -> None:
        self._asking = asking
        self._pacing = pacing
        self.most = 8
        """Tries of one call."""

    async def answer(
        self, inbound: Inbound, route: Route, upstreams: dict[str, Upstream], caps: Caps, most: int | None = None
    ) -> None:
        """Relay the reply of the first target that has one worth relaying.

        `upstreams`: those of the configuration that the call began under. `most`: tries, where not all that a call has.
        Raises Refusal, UpstreamFailed, JournalFull.
        """
        tries = Tries(inbound, route, upstreams, caps, self.most if most is None else most)
        turn = await self._pacing.route_turn(route, inbound, tries.total_due) if self._pacing.rules.routes else None
        try:
            while (failed := await self._round(tries)) is not None:
                if failed.again is None or failed.refusal.code != "upstream_rate_limited" or tries.left < 1:
                    break
                if not await self._pacing.rest(inbound, failed.again, tries.total_due):
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

    async def _round(self, tries: Tries) -> AttemptFailed | None:
        """Each target once; the failure that is the answer, None where the reply was relayed.

        Raises Refusal where no target can be told the request.
        """
        targets = tries.route.targets
        untold: Refusal | None = None
        failed: AttemptFailed | None = None
        open_ones: list[Target] = []
        for place, target in enumerate(chain(targets, open_ones)):  # which grows on the way
            if place < len(targets):
                if target == tries.beside and failed is not None:
                    continue  # it has had its try in this round
                if len(targets) > 1 and self._asking.is_open(tries, target):
                    open_ones.append(target)
                    tries.pass_over(target, "breaker_open")
                    continue
            provider = tries.upstreams[target.provider]
            try:
                channel, passage = best_passage(provider, target, tries.route, tries.inbound)
            except Refusal as refusal:
                tries.pass_over(target, refusal.code)
                untold = untold or refusal
                continue
            is_last = place >= len(targets) + len(open_ones) - 1
            failed = await self._asking.ask(tries, target, channel, passage, failed, is_last=is_last)
            if failed is None:
                return None
            if not failed.may_go_elsewhere or tries.left < 1:
                break
        if failed is None:
            assert untold, "a route has at least one target"
            raise untold
        return failed
