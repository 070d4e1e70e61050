"""One try with one key, from the request to the end of the reply; who has to hear how it went, hears it here.

Keeps true: what fails before anything has gone out may be mended by another target, also where the reply had begun to
come; what fails later is the call's end.
"""

from typing import Protocol

import msgspec

from gatewatch.call import Attempt
from gatewatch.known_secret import without_known
from proxy.dialects.provider_error import ProviderError
from proxy.refusal import Refusal
from proxy.settings import Deadlines, Route
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.attempt import OF_THE_PROVIDER, AttemptFailed, attempt, failed_by
from proxy.worker.choice import Choice
from proxy.worker.ending import Ending
from proxy.worker.hedging import FindBeside, Race
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.pacing import Pacing
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

    def __init__(self, relay: Relay, pacing: Pacing, breakers: Breakers, measured: Measures, ending: Ending) -> None:
        self._relay = relay
        self._pacing = pacing
        self._breakers = breakers
        self._measured = measured
        self._ending = ending

    async def make(
        self, tries: Tries, choice: Choice, *, is_last: bool, beside: FindBeside | None = None
    ) -> AttemptFailed | None:
        """None where the reply was relayed to its end. `is_last`: there is no other target. `beside`: finds one that is
        asked, too, where this one takes long.

        Raises Refusal and UpstreamFailed where some of it has gone out, or the client has gone.
        """
        inbound, began_us, asked = tries.inbound, tries.inbound.elapsed_us(), choice
        race: Race | None = None
        trial = Trial(self._breakers, choice)
        try:
            if beside is None:
                choice.take(inbound)
                answer = await self._head(tries, choice, is_last=is_last)
            else:
                race = Race(tries, choice, self._head, self._ending)
                answer, winner = await race.run(beside)
                self._outrun(race, winner, began_us, inbound)
                if winner is not choice:
                    trial.end()
                    choice, trial = winner, Trial(self._breakers, winner)
            failed = answer if isinstance(answer, AttemptFailed) else await self._relayed(tries, choice, trial, *answer)
            self._note(choice, trial, failed, inbound, began_us)
            if failed and choice is not asked:  # whoever asked knows of the other key alone
                if failed.fault:
                    choice.use.failed(failed.fault)
                failed.fault = failed.wait = None
            return failed
        except Refusal as refusal:
            if isinstance(refusal.said, ProviderError) and (fault := failed_by(refusal.said, refusal).fault):
                choice.use.failed(fault)
            elif refusal.code in OF_THE_PROVIDER:
                trial.failed(answered=True)
            raise
        except UpstreamFailed as failure:
            if failure.kind in OF_THE_PROVIDER:
                trial.failed(answered=True)
            raise
        finally:
            trial.end()
            if race is not None:
                race.end()

    async def _head(self, tries: Tries, choice: Choice, *, is_last: bool) -> tuple[Exchange, Attempt] | AttemptFailed:
        """Until the reply has begun. Raises UpstreamFailed where the client has gone."""
        inbound, route, turn = tries.inbound, tries.route, choice.turn
        deadlines = route.deadlines if is_last or route.next_after is None else _hasty(route, route.next_after)
        try:
            exchange, record = await attempt(
                *(inbound, choice.channel, choice.target, choice.passage.request, route, deadlines, tries.total_due)
            )
        except AttemptFailed as failed:
            if turn is not None and failed.answered:
                is_limited = failed.refusal.code == "upstream_rate_limited"
                self._pacing.refused(turn, failed.headers, failed.wait, is_limited=is_limited)
            return failed
        if turn is not None:
            self._pacing.served(turn, exchange.headers)
        self._measured.answered(choice.target.provider, choice.target.model, record.latency_us, inbound.call.stream)
        return exchange, record

    async def _relayed(
        self, tries: Tries, choice: Choice, trial: "Trial", exchange: Exchange, record: Attempt
    ) -> AttemptFailed | None:
        """Raises what no other target can mend."""
        inbound = tries.inbound

        def went_well() -> None:
            trial.went_well()
            choice.use.went_well()

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
            record.error_message = without_known(message, choice.channel.key.secret)
            return inside
        return None

    def _note(
        self, choice: Choice, trial: "Trial", failed: AttemptFailed | None, inbound: Inbound, began_us: int
    ) -> None:
        target, call, after_us = choice.target, inbound.call, inbound.elapsed_us() - began_us
        if failed is None:
            if call.endpoint != "count_tokens":  # says nothing of how fast it answers
                self._measured.ended(target.provider, target.model, after_us, call.output_tokens, call.stream)
        elif failed.of_the_provider:
            trial.failed(answered=failed.answered)
            self._measured.failed(target.provider, target.model, after_us)

    def _outrun(self, race: Race, winner: Choice, began_us: int, inbound: Inbound) -> None:
        """What is learnt of the one that has not won: it failed, or was too slow."""
        for choice, answer in race.others(winner):
            trial = Trial(self._breakers, choice)
            if isinstance(answer, AttemptFailed) and answer.fault:
                choice.use.failed(answer.fault)
            elif isinstance(answer, AttemptFailed) and answer.of_the_provider:
                trial.failed(answered=answer.answered)
            self._measured.failed(choice.target.provider, choice.target.model, inbound.elapsed_us() - began_us)
            trial.end()
            choice.end()


class Trial:
    """What its breaker hears of one try."""

    def __init__(self, breakers: Breakers, choice: Choice) -> None:
        self._breakers = breakers
        self._place = choice.target.provider, choice.channel.key.id, choice.target.model
        self._is_open = breakers.begin(*self._place)
        """Whether it is the one that a breaker hangs on."""

    def went_well(self) -> None:
        """There is a reply that is no error."""
        self._is_open = False
        self._breakers.went_well(*self._place)

    def failed(self, *, answered: bool) -> None:
        """By the provider's fault."""
        self._is_open = False
        self._breakers.failed(*self._place, answered=answered)

    def end(self) -> None:
        """It is over, however it went."""
        if self._is_open:
            self._is_open = False
            self._breakers.undecided(*self._place)


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
