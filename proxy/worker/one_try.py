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
from proxy.worker.hedging import HEDGED, FindBeside, Race
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
        inbound, asked = tries.inbound, choice
        race: Race | None = None
        trial = Trial(self._breakers, choice, tries, is_last=is_last)
        try:
            if beside is None:
                choice.take(inbound)
                answer = await self._head(tries, choice, is_last=is_last)
            else:
                race = Race(tries, choice, self._head, self._ending)
                answer, winner = await race.run(beside)
                self._outrun(tries, race, winner)
                if winner is not choice:
                    trial.end()
                    choice, trial = winner, Trial(self._breakers, winner, tries, is_last=True)
            failed = answer if isinstance(answer, AttemptFailed) else await self._relayed(tries, choice, trial, *answer)
            if len(tries.route.targets) > 1:
                self._measure(choice, failed, inbound)
            if failed is not None:
                trial.failed(failed)
            if failed and choice is not asked:  # whoever asked knows of the other key alone
                if failed.fault:
                    choice.use.failed(failed.fault)
                failed.fault = failed.wait = None
            return failed
        except Refusal as refusal:
            if isinstance(refusal.said, ProviderError) and (fault := failed_by(refusal.said, refusal).fault):
                choice.use.failed(fault)
            elif refusal.code in OF_THE_PROVIDER:
                trial.broke()
            raise
        except UpstreamFailed as failure:
            if failure.kind in OF_THE_PROVIDER:
                trial.broke()
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
        if len(route.targets) > 1:
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

    def _measure(self, choice: Choice, failed: AttemptFailed | None, inbound: Inbound) -> None:
        """How fast the target was, from the beginning of its own try: routes with one target need not know."""
        target, call = choice.target, inbound.call
        after_us = call.started_at + inbound.elapsed_us() - inbound.attempts[-1].started_at
        if failed is None:
            if call.endpoint != "count_tokens":  # says nothing of how fast it answers
                self._measured.ended(target.provider, target.model, after_us, call.output_tokens, call.stream)
        elif failed.of_the_provider:
            self._measured.failed(target.provider, target.model, after_us)

    def _outrun(self, tries: Tries, race: Race, winner: Choice) -> None:
        """What is learnt of the one that has not won: it failed, or took at least so long."""
        call = tries.inbound.call
        for choice, answer in race.others(winner):
            trial = Trial(self._breakers, choice, tries, is_last=choice is not race.first)
            if isinstance(answer, AttemptFailed) and answer.fault:
                choice.use.failed(answer.fault)
            elif isinstance(answer, AttemptFailed) and answer.refusal.code != HEDGED:
                trial.failed(answer)
            elif choice is race.first:
                took_us, target = race.took_us, choice.target
                self._measured.answered(target.provider, target.model, took_us, call.stream)
                self._measured.ended(target.provider, target.model, took_us, 0, call.stream)
            trial.end()
            choice.end()


class Trial:
    """What the breakers hear of one try.

    A target that was left because its first byte was too late for this route is left by this route alone.
    """

    def __init__(self, breakers: Breakers, choice: Choice, tries: Tries, *, is_last: bool) -> None:
        self._breakers = breakers
        self._tries = tries
        self._place = choice.target.provider, choice.channel.key.id, choice.target.model
        self._hasty: tuple[str, str, str] | None = None
        self._is_trial = self._is_hasty_trial = False
        if tries.route.next_after is not None and not is_last:
            self._hasty = choice.target.provider, of_route(tries.route), choice.target.model
        if breakers.any_open:
            self._is_trial = breakers.begin(*self._place)
            self._is_hasty_trial = self._hasty is not None and breakers.begin(*self._hasty)

    def went_well(self) -> None:
        """There is a reply that is no error."""
        self._is_trial = self._is_hasty_trial = False
        self._breakers.went_well(*self._place)
        if self._hasty is not None:
            self._breakers.went_well(*self._hasty)

    def failed(self, failed: AttemptFailed) -> None:
        """Nothing has gone out. Counts where it was the provider's fault."""
        if not failed.of_the_provider:
            return
        if failed.refusal.code == "upstream_timeout":
            if self._hasty is not None:
                self._is_hasty_trial = False
                self._breakers.failed(*self._hasty, answered=True)
                return
            if self._tries.seconds_left() <= 0 and len(self._tries.asked) > 1:
                return  # others had used up the time before it was asked
        self._is_trial = False
        self._breakers.failed(*self._place, answered=failed.answered)

    def broke(self) -> None:
        """By the provider's fault, behind content that has gone out."""
        self._is_trial = False
        self._breakers.failed(*self._place, answered=True)

    def end(self) -> None:
        """It is over, however it went."""
        if self._is_trial:
            self._breakers.undecided(*self._place)
        if self._is_hasty_trial and self._hasty is not None:
            self._breakers.undecided(*self._hasty)
        self._is_trial = self._is_hasty_trial = False


def of_route(route: Route) -> str:
    """What stands in a breaker's place for the key, where a route alone has lost its patience."""
    return f"next_after of {route.name}"


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
