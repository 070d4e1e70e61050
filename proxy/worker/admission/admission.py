"""Admit, and settle: what a call may use at most is reserved before it is sent, and given back when it has ended.

Keeps true: a call is held to every rule of every scope that concerns it, on every endpoint, before each of its tries;
what it reserved is settled once, by what its row says; a call that was refused has used nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from copy import copy

from gatewatch.call import Call
from gatewatch.limits.amounts import Wanted
from gatewatch.limits.charged import charged
from gatewatch.limits.concerned import Concern, Concerned
from gatewatch.limits.counters import Asked, Counters, CountersAway, Position, Standing
from gatewatch.limits.memory import MemoryCounters
from gatewatch.limits.rule import Rule
from proxy.refusal import Refusal, limits_away
from proxy.settings import Limiting, Provider, Route, Target
from proxy.worker.admission.overridden import in_force, overridden, paused
from proxy.worker.admission.reserved import Reserved, Want, wants
from proxy.worker.admission.told import refused
from proxy.worker.at_most import most_picos
from proxy.worker.inbound import Inbound
from proxy.worker.routing.orders import cheapest_first, last_of_all, shifted
from proxy.worker.settle import Meter

LONGEST_CALL_US = 3_600_000_000
"""Counters remember so much beyond their window: a call that began in it may still settle."""
MOST_TOLD = 5000
"""Counters in one answer to the control process."""
_NOTHING = Wanted(0, 0, 0, False)
ONE_AT_A_TIME = Rule(id="throttled", kind="limit", scope="key", measure="concurrent", most=1)
"""What holds for a key that is throttled."""


class Admission:
    """Of one worker."""

    def __init__(self, limiting: Limiting, counters: Counters, meter: Meter) -> None:
        self._meter = meter
        self.counters = counters
        self._memory = counters if isinstance(counters, MemoryCounters) else None
        self._limiting = Limiting()
        self.configure(limiting)

    def configure(self, limiting: Limiting) -> None:
        """Other rules; calls in flight settle under these."""
        known = {rule.id: rule.counting for rule in self._limiting.rules}
        kept = [rule for rule in limiting.rules if known.get(rule.id, rule.counting) == rule.counting]
        if len(kept) < len(limiting.rules):  # the others count something else from now on: they begin anew
            self.counters.configure([rule.id for rule in (*kept, ONE_AT_A_TIME)], [ONE_AT_A_TIME.id])
        self._limiting = limiting
        self._concerned = Concerned(limiting.rules)
        self._overridden = overridden(limiting.overrides)
        self._stepping = frozenset(rule.id for rule in limiting.rules if rule.step_down)
        self._priced = any(rule.measure == "picos" or rule.unpriced_only for rule in limiting.rules)
        ids = [rule.id for rule in (*limiting.rules, ONE_AT_A_TIME)]
        unseeded = [rule.id for rule in limiting.rules if rule.window is None]
        self.counters.configure(ids, [*unseeded, ONE_AT_A_TIME.id], (*limiting.rules, ONE_AT_A_TIME))

    def shifted(self, route: Route, call: Call) -> Route:
        """The route with those targets last that traffic is shifted away from."""
        route, because = shifted(route, self._overridden)
        if because:
            call.stepped_down = because.because
        return route

    async def admit(self, inbound: Inbound, route: Route, providers: Mapping[str, Provider]) -> Route:
        """Before anything is bought: reserve what the call may use at most at its first target. Raises Refusal.

        Returns the route with its targets in the order to be tried, with the first of which the call is reckoned: one
        whose model has no room comes last.
        """
        call, stepping = inbound.call, None
        if self._overridden:
            if because := paused(self._overridden, call):
                raise because
            stepping = in_force(self._overridden, "step_down", call)
        if stepping and (cheaper := self._cheaper(inbound, route, providers)):
            route, call.stepped_down = cheaper, stepping.because
        first: Refusal | None = None
        for _ in route.targets:
            try:
                await self._admit(inbound, providers[route.targets[0].provider])
                break
            except Refusal as refusal:
                first = first or refusal
                if refusal.rule_scope == "model" and len(route.targets) > 1:
                    if inbound.reserved:
                        inbound.reserved.met.clear()  # that model does not serve it
                    route = last_of_all(route)
                    self._reckon_first(inbound, route, providers)
                elif refusal.rule in self._stepping and not call.stepped_down:
                    cheaper = self._cheaper(inbound, route, providers)
                    if cheaper is None:
                        raise first from None
                    route, call.stepped_down = cheaper, refusal.rule
                else:
                    raise first from None
        else:
            assert first, "a route has at least one target"
            raise first
        reserved = inbound.reserved
        if reserved is None or not reserved.soft:
            return route
        soft = next((rule for rule in reserved.soft if rule.step_down), None)
        if soft and (cheaper := self._cheaper(inbound, route, providers)):
            route, call.stepped_down = cheaper, soft.id
        return route

    async def _admit(self, inbound: Inbound, provider: Provider) -> None:
        call = inbound.call
        concerns = self._concerned.by_call(call) + self._concerned.by_model(call.provider, call.model)
        throttled = in_force(self._overridden, "throttle", call)
        if not concerns and not throttled:
            return
        reserved = inbound.reserved
        most = self._wanted(inbound, call, provider, concerns)
        if reserved is None:
            reserved = inbound.reserved = Reserved(most)
        else:
            reserved.wanted = most
        asked = wants(concerns, most, any_for_unpriced=self._concerned.has_unpriced)
        await self._reserve(inbound, reserved, asked)
        reserved.place = (call.provider, call.model)
        self._note_money(call, most)
        if throttled or (call.environment != "live" and any(rule.throttle for rule in reserved.soft)):
            await self._reserve(inbound, reserved, [(Concern(ONE_AT_A_TIME, call.key_id or ""), 1)])

    async def admit_kept(self, inbound: Inbound) -> None:
        """Before a call is given what another has bought: it is a request to every rule that concerns it, and no more
        than that; of a model's requests it is none in the end. Raises Refusal."""
        call = inbound.call
        if self._overridden and (because := paused(self._overridden, call)):
            raise because
        concerns = self._concerned.by_call(call) + self._concerned.by_model(call.provider, call.model)
        throttled = in_force(self._overridden, "throttle", call)
        if not concerns and not throttled:
            return
        reserved = inbound.reserved = Reserved(_NOTHING)
        await self._reserve(inbound, reserved, wants(concerns, _NOTHING))
        if throttled:
            await self._reserve(inbound, reserved, [(Concern(ONE_AT_A_TIME, call.key_id or ""), 1)])

    def release(self, inbound: Inbound) -> None:
        """What is held for the call is let go of: it begins anew."""
        if inbound.reserved is not None:
            self.counters.settle(inbound.call.call_id, (), None)
            inbound.reserved, inbound.call.checked = None, None

    def _note_money(self, call: Call, most: Wanted) -> None:
        if self._priced and not most.is_unpriced:
            call.reserved_picos = most.picos

    def _reckon_first(self, inbound: Inbound, route: Route, providers: Mapping[str, Provider]) -> None:
        first = route.targets[0]
        inbound.call.provider, inbound.call.model = first.provider, first.model
        self._meter.reckon(inbound.call, providers[first.provider], first.model, inbound.body)

    def _cheaper(self, inbound: Inbound, route: Route, providers: Mapping[str, Provider]) -> Route | None:
        """The route with its cheaper targets first, if it has such and may; the call is reckoned for the first then."""
        if not route.step_down:
            return None

        def cost(target: Target) -> int | None:
            return self._reckoned(inbound, providers[target.provider], target).cost_picos

        cheaper = cheapest_first(route, cost)
        if cheaper.targets[0] == route.targets[0]:
            return None
        self._reckon_first(inbound, cheaper, providers)
        return cheaper

    async def before_try(
        self, inbound: Inbound, provider: Provider, target: Target, key_id: str, *, beside: bool = False
    ) -> None:
        """Before each try: the rules of its model and its provider's key, and what it may cost beyond what is held.

        `beside`: the one before it is still under way.

        Raises Refusal where it must not be made; what was held for the call still is.
        """
        concerned, reserved = self._concerned, inbound.reserved
        if reserved is None and not (concerned.has_models or concerned.has_provider_keys):
            return
        there = (target.provider, target.model)
        elsewhere = reserved is None or reserved.place != there
        again = reserved is not None and len(inbound.attempts) > reserved.tries
        if not elsewhere and not concerned.has_provider_keys and not (again and concerned.has_models):
            return
        of_key = concerned.by_provider_key(target.provider, key_id, target.model)
        of_model = concerned.by_model(*there)
        if reserved is None or elsewhere:
            most = self._wanted_there(inbound, provider, target, [*of_model, *of_key])
            asked = wants(of_key + of_model, most)
        else:
            most = reserved.wanted
            asked = wants(of_key, most)
            if again:
                asked += [(each, 1) for each in of_model if each.rule.measure == "requests"]
        if reserved is None:
            reserved = inbound.reserved = Reserved(most)
        if not beside and (left := reserved.leave(all_of_it=elsewhere)):
            self.counters.let_go(inbound.call.call_id, left)
        if elsewhere:
            most = _both(reserved.wanted, most, inbound.lost_picos)
            asked += reserved.lacks(concerned.by_call(inbound.call), most)
        await self._reserve(inbound, reserved, asked)
        reserved.wanted, reserved.place, reserved.tries = most, there, len(inbound.attempts)
        self._note_money(inbound.call, most)

    def settle(self, inbound: Inbound) -> None:
        """The call has ended: charge it by its row, to all rules that are in force now; once. Never raises.

        As soon as its last record is written, so that calls settle in the order of the journal.
        """
        if inbound.is_settled:
            return
        call = inbound.call
        inbound.is_settled = True
        if call.status == "blocked" or not inbound.was_opened:
            self.counters.settle(call.call_id, (), None)
            return
        self.counters.settle(call.call_id, charged(self._concerned, call, inbound.attempts), inbound.position)

    def unseeded(self) -> list[str]:
        """Ids of rules whose counters do not know yet what was before them."""
        return sorted(self._memory.unseeded) if self._memory else []

    def recount(self, rules: Collection[str]) -> None:
        """Of counters in this worker's memory."""
        if self._memory:
            self._memory.recount(rules)

    def standing(self, at: int, begin: int, position: Position) -> Standing | None:
        """Counters in this worker's memory, from the `begin`-th on, at this position of the journal.

        Of rules that are seeded alone. None where the counters are elsewhere.
        """
        counters = self._memory
        if counters is None:
            return None
        rules = [rule for rule in self._limiting.rules if rule.window and rule.id not in counters.unseeded]
        oldest = {rule.id: rule.window.oldest(at) for rule in rules if rule.window}
        settled, is_rest = counters.settled(oldest, begin, MOST_TOLD)
        return Standing(
            at=at, position=position, settled=settled, begin=begin, following=0 if is_rest else begin + MOST_TOLD
        )

    @property
    def is_idle(self) -> bool:
        """Whether no rule is in force, and nothing has to be settled."""
        return not self._concerned.rules and not self._limiting.overrides

    def forget(self, now: int) -> None:
        """To be called about once a second: let go of what no longer counts."""
        oldest = {rule.id: _kept_from(rule, now) for rule in self._concerned.rules}
        self.counters.forget(oldest)

    def _wanted(self, inbound: Inbound, reckoned: Call, provider: Provider, concerns: Sequence[Concern]) -> Wanted:
        """What the call may use at most where it is reckoned for. Raises Refusal where a rule needs its price."""
        picos, is_unpriced = reckoned.cost_picos or 0, reckoned.cost_picos is None
        if self._priced and (is_unpriced or inbound.names_models):
            try:
                picos = most_picos(self._meter, inbound, reckoned, provider)
            except Refusal as refusal:
                if refusal.code != "model_without_price":
                    raise
                for each in concerns:
                    if each.rule.measure == "picos" and self._limiting.unpriced == "refuse":
                        refusal.rule = each.rule.id
                        raise
                is_unpriced = True
        goes_in = reckoned.input_tokens_uncached + reckoned.input_cache_read_tokens
        return Wanted(goes_in, reckoned.output_tokens, picos, is_unpriced)

    def _wanted_there(
        self, inbound: Inbound, provider: Provider, target: Target, of_model: Sequence[Concern]
    ) -> Wanted:
        reckoned = self._reckoned(inbound, provider, target)
        return self._wanted(inbound, reckoned, provider, [*self._concerned.by_call(inbound.call), *of_model])

    def _reckoned(self, inbound: Inbound, provider: Provider, target: Target) -> Call:
        reckoned = copy(inbound.call)
        reckoned.provider, reckoned.model = target.provider, target.model
        self._meter.estimate(reckoned, provider, target.model, inbound.body)
        return reckoned

    async def _reserve(self, inbound: Inbound, reserved: Reserved, asked_for: list[Want]) -> None:
        """All of it, or nothing and Refusal."""
        if not asked_for:
            return
        call = inbound.call
        now = call.started_at
        if self._memory is not None and (found := self._memory.take(call.call_id, asked_for, now)) is not None:
            self._note(call, reserved, asked_for, found, took=True)
            return
        asked: list[Asked] = []
        for each, amount in asked_for:
            if not each.begin <= now < each.end:
                each.turn(now)
            rule = each.rule
            most = rule.ceiling(now) if rule.grants else rule.most
            asked.append(Asked(each.key, each.now_bucket, each.oldest, amount, most))
        try:
            verdict = await self.counters.reserve(call.call_id, asked)
        except CountersAway as away:
            if self._limiting.when_away == "allow":
                return
            raise limits_away(str(away)) from None
        found = [(taken, held, most) for (taken, held, _), (*_, most) in zip(verdict.levels, asked, strict=True)]
        self._note(call, reserved, asked_for, found, took=verdict.in_the_way < 0)
        if verdict.in_the_way >= 0:
            raise refused(asked_for, verdict.levels, now)

    @staticmethod
    def _note(
        call: Call, reserved: Reserved, asked_for: list[Want], found: list[tuple[int, int, int]], *, took: bool
    ) -> None:
        """What it met, for its row and its reply. `found`: what each had taken and held, and its ceiling."""
        checked, met = reserved.checked.append, reserved.met.append
        for (each, amount), (taken, held, most) in zip(asked_for, found, strict=True):
            checked(b"%s%d,%d,%d,%d]" % (each.head, taken, held, amount, most))
            if each.told_as >= 0:
                met((each, taken, amount if took else 0, most))
            soft = each.rule.soft
            if soft is not None and taken + amount >= soft and each.rule not in reserved.soft:
                reserved.soft.append(each.rule)
        call.checked = reserved.checks()
        if took:
            reserved.held += asked_for


def _both(one: Wanted, other: Wanted, lost_picos: int) -> Wanted:
    """The more of each; what lost tries may have cost comes on top of the other."""
    return Wanted(
        max(one.input_tokens, other.input_tokens),
        max(one.output_tokens, other.output_tokens),
        max(one.picos, other.picos + lost_picos),
        other.is_unpriced,
    )


def _kept_from(rule: Rule, now: int) -> int:
    return rule.window.oldest(now - LONGEST_CALL_US) if rule.window else 0
