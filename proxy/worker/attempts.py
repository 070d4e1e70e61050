"""All tries of one call: which target is asked, and whether another one may be."""

import asyncio

from gatewatch.redact import redact
from proxy.refusal import DO_NOT_RETRY, Refusal
from proxy.settings import Route, Target
from proxy.upstream.exchange import Exchange
from proxy.worker.attempt import AttemptFailed, attempt
from proxy.worker.channel import Channel, Upstream
from proxy.worker.ending import Ending, lost
from proxy.worker.inbound import Inbound
from proxy.worker.passage import Passage, best_passage


class Attempts:
    """Makes the tries of one worker's calls."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    async def first_answer(self, inbound: Inbound, route: Route, upstreams: dict[str, Upstream]) -> Exchange:
        """The first target that answers with a reply worth relaying; one deadline over all tries.

        `upstreams`: those of the configuration that the call began under. Raises Refusal, UpstreamFailed.
        """
        total_due = asyncio.get_running_loop().time() + route.deadlines.total
        failed: AttemptFailed | None = None
        for target in route.targets:
            try:
                channel, passage = best_passage(upstreams[target.provider], target, route, inbound)
            except Refusal:
                if failed is None:
                    raise
                continue  # an earlier target could be told all of it, and its failure is the better answer
            if failed and lost(inbound):
                self._ending.lose(inbound)
            self._choose(inbound, channel, target, passage)
            try:
                exchange, _ = await attempt(inbound, channel, target, passage.request, route, total_due)
            except AttemptFailed as error:
                failed = error
                if not failed.may_go_elsewhere:
                    break
            else:
                return exchange
        assert failed, "a route has at least one target"
        retried = failed.refusal.status == 502 and len(inbound.attempts) > 1
        if retried and DO_NOT_RETRY[0] not in failed.refusal.headers:
            failed.refusal.headers += DO_NOT_RETRY
        raise failed.refusal from failed

    @staticmethod
    def _choose(inbound: Inbound, channel: Channel, target: Target, passage: Passage) -> None:
        call = inbound.call
        call.provider, call.model, call.dialect = target.provider, target.model, channel.dialect.name
        call.provider_key = channel.key.id if channel.key else None
        call.dropped_params = [redact(name) for name in passage.dropped]
        inbound.channel, inbound.passage = channel, passage
