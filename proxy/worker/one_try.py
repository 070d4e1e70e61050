"""One try with one key, from the request to the end of the reply; who has to hear how it went, hears it here.

Keeps true: what fails before anything has gone out may be mended by another target, also where the reply had begun to
come; what fails later is the call's end.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from gatewatch.known_secret import without_known
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import Refusal
from proxy.settings import Deadlines, Route, Target
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.attempt import OF_THE_PROVIDER, AttemptFailed, attempt, failed_by
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.pacing.turns import Turn
from proxy.worker.passage import Passage
from proxy.worker.quarantine import KeyTry
from proxy.worker.relay import Relay
from proxy.worker.routing.breakers import Breakers
from proxy.worker.tries import Tries
from proxy.worker.upstream_error import refusal_for_failure, told


class Measures(Protocol):
    """Who keeps how fast targets are."""

    def answered(self, provider: str, model: str, first_byte_us: int, stream: bool) -> None: ...
    def ended(self, provider: str, model: str, latency_us: int, output_tokens: int, stream: bool) -> None: ...
    def failed(self, provider: str, model: str, after_us: int) -> None: ...


class OneTry:
    """Makes them for one worker's calls."""

    def __init__(self, relay: Relay, pacing: Pacing, breakers: Breakers, measured: Measures) -> None:
        self._relay = relay
        self._pacing = pacing
        self._breakers = breakers
        self._measured = measured

    async def make(
        self,
        tries: Tries,
        channel: Channel,
        target: Target,
        passage: Passage,
        use: KeyTry,
        turn: Turn | None,
        *,
        is_last: bool,
    ) -> AttemptFailed | None:
        """None where the reply was relayed to its end. `is_last`: there is no other target.

        Raises Refusal and UpstreamFailed where some of it has gone out, or the client has gone.
        """
        inbound = tries.inbound
        place = target.provider, channel.key.id, target.model
        is_trial, is_decided = self._breakers.begin(*place), False
        began_us = inbound.elapsed_us()

        def went_well() -> None:
            nonlocal is_decided
            is_decided = True
            use.went_well()
            self._breakers.went_well(*place)

        try:
            failed = await self._exchange(tries, channel, target, passage, turn, went_well, is_last=is_last)
            if failed is None:
                call = inbound.call
                after_us = inbound.elapsed_us() - began_us
                self._measured.ended(target.provider, target.model, after_us, call.output_tokens, call.stream)
            elif failed.of_the_provider:
                is_decided = True
                self._breakers.failed(*place, answered=failed.answered)
                self._measured.failed(target.provider, target.model, inbound.elapsed_us() - began_us)
            return failed
        except Refusal as refusal:
            if isinstance(refusal.said, ProviderError) and (fault := failed_by(refusal.said, refusal).fault):
                use.failed(fault)
            elif refusal.code in OF_THE_PROVIDER:
                is_decided = True
                self._breakers.failed(*place, answered=True)
            raise
        except UpstreamFailed as failure:
            if failure.kind in OF_THE_PROVIDER:
                is_decided = True
                self._breakers.failed(*place, answered=True)
            raise
        finally:
            if is_trial and not is_decided:
                self._breakers.undecided(*place)

    async def _exchange(
        self,
        tries: Tries,
        channel: Channel,
        target: Target,
        passage: Passage,
        turn: Turn | None,
        went_well: Callable[[], object],
        *,
        is_last: bool,
    ) -> AttemptFailed | None:
        inbound, route = tries.inbound, tries.route
        deadlines = route.deadlines if is_last or route.next_after is None else _hasty(route, route.next_after)
        try:
            exchange, record = await attempt(
                inbound, channel, target, passage.request, route, deadlines, tries.total_due
            )
        except AttemptFailed as failed:
            if turn is not None and failed.answered and inbound.exchange is not None:
                is_limited = failed.refusal.code == "upstream_rate_limited"
                self._pacing.refused(turn, inbound.exchange.headers, failed.wait, is_limited=is_limited)
            return failed
        if turn is not None:
            self._pacing.served(turn, exchange.headers)
        self._measured.answered(target.provider, target.model, record.latency_us, inbound.call.stream)
        try:
            await self._relay.answer(inbound, exchange, tries.caps, went_well)
        except (Refusal, UpstreamFailed) as broken:  # a good status, and no good reply under it
            inside = _mendable(inbound, broken)
            if inside is None:
                raise
            if not exchange.complete:
                exchange.abort("upstream_invalid", inside.refusal.code)
            inbound.tap = None
            said = inside.refusal.said
            message = told(said) if isinstance(said, ProviderError) else inside.refusal.message
            record.status, record.error_kind = "error", inside.refusal.code
            record.error_message = without_known(message, channel.key.secret)
            return inside
        return None


def _mendable(inbound: Inbound, broken: Refusal | UpstreamFailed) -> AttemptFailed | None:
    """What another key or target may mend, as long as nothing has gone out; None where nothing may."""
    if inbound.content_started:
        return None
    if isinstance(broken, UpstreamFailed):
        if broken.kind not in OF_THE_PROVIDER:
            return None
        failed = AttemptFailed(refusal_for_failure(broken), may_go_elsewhere=True)
    elif isinstance(broken.said, ProviderError):
        failed = failed_by(broken.said, broken)
        return failed if failed.may_go_elsewhere else None
    elif broken.code in OF_THE_PROVIDER:
        failed = AttemptFailed(broken, may_go_elsewhere=True)
    else:
        return None
    failed.was_lost = True
    return failed


def _hasty(route: Route, seconds: float) -> Deadlines:
    return msgspec.structs.replace(route.deadlines, first_byte=min(seconds, route.deadlines.first_byte))
