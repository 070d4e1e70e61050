"""The worker's application. `serve_call` is a call's whole way, stage by stage."""

import asyncio
import logging
import time
from functools import partial
from pathlib import Path

from gatewatch.control.key_table import KeyTable
from gatewatch.control.records import KeyRecord
from gatewatch.journal.writer import Journal, JournalFull
from gatewatch.limits.counters import Counters, Seeds, Standing
from gatewatch.paths import Home
from gatewatch.redact import redact
from proxy.dialects.anthropic_messages import count_reply
from proxy.http_server.request import ClientLeft, Request
from proxy.refusal import Refusal, internal_error, ledger_full, overloaded
from proxy.routing import Routing
from proxy.settings import Limiting, Route, Settings
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.admission.admission import Admission
from proxy.worker.allowance import KeyAllowances
from proxy.worker.answer_headers import JSON, id_headers, plain_headers
from proxy.worker.asking import Asking
from proxy.worker.attempts import Attempts
from proxy.worker.attribution import attribute, claimed
from proxy.worker.authenticate import authenticate
from proxy.worker.authorise import authorise
from proxy.worker.bodies.keeper import BodyKeeper
from proxy.worker.caching import hook
from proxy.worker.caching.cache import Cache
from proxy.worker.channel import Upstream
from proxy.worker.counted import ESTIMATED, can_count, counts_nothing
from proxy.worker.cutting import Cutting, check_not_cut_off, cut_short
from proxy.worker.deferred.again import known_again
from proxy.worker.deferred.deferred import Deferred
from proxy.worker.deferred.told import PATH as DEFERRED
from proxy.worker.elsewhere import not_that_method, nothing_here, served
from proxy.worker.ending import Ending
from proxy.worker.endpoints import ENDPOINTS, GENERATING, caller_of
from proxy.worker.further_models import check_further_models
from proxy.worker.health import answer_health
from proxy.worker.in_flight import InFlight
from proxy.worker.inbound import Inbound
from proxy.worker.ladder import Ladder
from proxy.worker.leaks import Leaks
from proxy.worker.live import Live
from proxy.worker.model_list import ModelList
from proxy.worker.one_try import OneTry
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.pacing.priority import priority_of
from proxy.worker.passage import Passage
from proxy.worker.peer import TrustedProxies
from proxy.worker.quarantine import Quarantine
from proxy.worker.receive import parse_object, required_model
from proxy.worker.relay import Relay
from proxy.worker.routing.breakers import Breakers
from proxy.worker.routing.retrying import RetryBudget
from proxy.worker.routing.router import Router
from proxy.worker.scope import check_dialect, check_listing, check_network
from proxy.worker.settle import Meter
from proxy.worker.shaping import max_cost, prefixes, windows
from proxy.worker.shaping.cache_marks import look_for_repeats
from proxy.worker.shaping.default_length import limit_length
from proxy.worker.streaming.keep_alive import KeepAlive
from proxy.worker.target_state import TargetState, target_states

log = logging.getLogger("gatewatch.worker")


class Gateway:
    """Serves calls until told to drain."""

    def __init__(
        self,
        settings: Settings,
        keys: KeyTable,
        journal: Journal,
        meter: Meter,
        allowances: KeyAllowances,
        counters: Counters,
        agent: str,
    ) -> None:
        self.keys = keys
        self.journal = journal
        self.meter = meter
        self.live = Live()
        self.draining = False
        self.in_flight = InFlight()
        self.cutting = Cutting(keys, self.in_flight)
        self.keep_alive = KeepAlive(self.in_flight, settings.routing.keep_alive)
        self.leaks = Leaks(keys)
        self._allowances = allowances
        self._agent = agent
        self.quarantine = Quarantine()
        self.quarantine.replace(settings.quarantine)
        self._model_list = ModelList()
        self.bodies = BodyKeeper(Home(Path(settings.home)).bodies)
        self._ending = Ending(journal, meter, self.live, self.bodies)
        self._admission = Admission(settings.limiting, counters, meter)
        self._ending.closed = self._settle
        if settings.seeds:
            counters.seed(settings.seeds)
        self.pacing = Pacing(settings.pacing)
        self.router = Router(settings, meter, self.pacing, self.quarantine)
        self.breakers = Breakers(settings.routing.breaking)
        self._retries = RetryBudget(settings.routing.retry_share)
        one_try = OneTry(Relay(self._ending), self.pacing, self.breakers, self.router.measured, self._ending)
        self._attempts = Attempts(
            Asking(self._ending, allowances, self._admission, self.pacing, self.breakers, self._retries, one_try),
            self.pacing,
        )
        self._prefixes = prefixes.Prefixes()
        self._ladder = Ladder(self._attempts, self._ending, allowances)
        let_in = {"begin": self._begin, "open": self._open}
        self.cache = Cache(settings, keys, self._admission, allowances, self._ending, **let_in)
        self.deferred = Deferred(Home(Path(settings.home)).deferred, meter)
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Take new settings; calls in flight end under the old ones. Raises ValueError, and keeps what it has then."""
        old = getattr(self, "_upstreams", {})
        proxies = TrustedProxies(settings.trusted_proxies)
        upstreams = {
            name: old[name]
            if name in old and old[name].provider == provider
            else Upstream(provider, self._agent, self.quarantine, self.pacing)
            for name, provider in settings.providers.items()
        }
        self.settings, self._proxies, self._upstreams = settings, proxies, upstreams  # all of them or none
        self._kept_warm = {target.provider for route in settings.routes.values() for target in route.targets}
        if not settings.routing.warm:
            self._kept_warm.clear()
        self.leaks.configure(settings)
        self.bodies.configure(settings.bodies)
        self.limit(settings.limiting)
        self.router.configure(settings)
        self.route(settings.routing)
        self.keep_alive.configure(settings.routing.keep_alive)
        self.pacing.configure(settings.pacing)
        self.cache.configure(settings)
        for name, upstream in old.items():
            if self._upstreams.get(name) is not upstream:
                upstream.close()

    def limit(self, limiting: Limiting) -> None:
        """Take other rules."""
        self.meter.learn(limiting.estimate_percents, limiting.usual_outputs)
        self._admission.configure(limiting)

    def route(self, routing: Routing) -> None:
        """Take what is in force over the routes."""
        self.router.route(routing)
        self.breakers.breaking = routing.breaking
        self._retries.share = routing.retry_share
        self._attempts.most = routing.tries

    def seed(self, seeds: Seeds) -> None:
        """Take what the ledger has counted for rules that are new."""
        self._admission.counters.seed(seeds)

    def unseeded(self) -> list[str]:
        """Ids of rules whose counters do not know yet what was before them."""
        return self._admission.unseeded()

    def standing(self, at: int, begin: int) -> Standing | None:
        """Some of the counters, from the `begin`-th on; None where others keep them, or the journal owes records."""
        return None if self.journal.full else self._admission.standing(at, begin, self.journal.position)

    def recount(self, rules: list[str]) -> None:
        """The counters of these rules are wrong: they want to be seeded anew."""
        self._admission.recount(rules)

    def target_states(self) -> list[TargetState]:
        """What is known of the targets that calls went to lately."""
        measured, breakers = self.router.measured.states(), self.breakers.states()
        return target_states(measured, breakers, self.pacing.states(), self.live.tries)

    def held(self) -> dict[str, int]:
        """Counter of a limit or budget → what calls in flight hold of it."""
        return dict(self._admission.counters.held())

    def tick(self) -> None:
        """To be called about once a second."""
        self.journal.look_for_space()
        self.meter.refresh()
        self._ending.flush()
        self._admission.forget(time.time_ns() // 1000)
        self.pacing.tick()
        self.cache.tick()
        self._retries.tick()
        routes = self.settings.routes.values()
        self._allowances.tick(max(self.settings.deadlines.total, *(route.deadlines.total for route in routes), 0))
        for name, upstream in self._upstreams.items():
            upstream.close_idle()
            if name in self._kept_warm:
                upstream.keep_warm(self.settings.deadlines.connect)

    def rejected(self, source: str, kind: str) -> None:
        """A connection was refused before there was a call."""
        self._ending.rejected(source, kind)

    def close(self) -> None:
        """Let go of upstream sockets and the key table."""
        for upstream in self._upstreams.values():
            upstream.close()
        self._ending.close_rows()
        self.deferred.close()
        self.bodies.stop()
        self.cache.close()
        self._allowances.close()
        self.keys.close()

    def stop_calls(self) -> None:
        """The drain's deadline has passed: end what is still running."""
        for inbound in list(self.in_flight):
            inbound.stop("gateway_stopping", "the gateway is stopping")

    async def __call__(self, request: Request) -> None:
        path = request.path
        if path.startswith("/health/"):
            answer_health(request, ready=not self.draining and not self.journal.full)
            return
        endpoint = ENDPOINTS.get(path) if request.method == "POST" else None
        source = self._proxies.source(request.source, request.headers.get(b"x-forwarded-for"))
        caller = endpoint.caller if endpoint else caller_of(path, request.headers)
        inbound = Inbound(request, endpoint.name if endpoint else redact(path[:200])[:100], caller, source)
        self.in_flight.add(inbound)
        try:
            if endpoint:
                await self.serve_call(inbound)
            else:
                await self._serve_other(inbound)
        except ClientLeft:
            pass
        except JournalFull:
            self._ending.unrecorded(inbound)
        except Exception:
            if not inbound.call.status:  # a defect of ours: the call ends all the same, and with it its upstream's part
                self._ending.refuse(inbound, internal_error())
            raise
        finally:
            self.in_flight.discard(inbound)
            request.on_disconnect = None
            if inbound.held is not None:
                self._allowances.settle(inbound)
            self._settle(inbound)

    def _settle(self, inbound: Inbound) -> None:
        if inbound.reserved is not None or not self._admission.is_idle:
            self._admission.settle(inbound)
        inbound.is_settled = True  # also where nothing counts: for a rule that comes later it is in the seeds

    async def serve_call(self, inbound: Inbound) -> None:
        """receive → authenticate → authorise → plan → cache → admit → attempt → relay → settle → record"""
        inbound.task = asyncio.current_task()
        try:
            if inbound.deferred is None:
                key = self._identify(inbound)
                if key.max_uses is not None:
                    await self._allowances.check(key)
                self._let_in(inbound, key)
                if key.dialects is not None:
                    check_dialect(key, inbound.caller.name)
                body = await inbound.request.body(self.settings.caps.body_bytes)
                inbound.body_bytes = len(body)
                self.leaks.check_prompt(inbound, body)
                inbound.body = parse_object(body)
                attribute(inbound.call, inbound.headers, inbound.body)
                if key.user is not None:  # a person's key: what its calls claim does not move them to others' budgets
                    inbound.call.user = key.user
                inbound.call.priority = priority_of(inbound.headers, key.team, self.settings.pacing)
            else:
                key = known_again(inbound, self.keys)
            await self._serve(inbound, key)
        except Refusal as refusal:
            self._ending.refuse(inbound, refusal)
        except UpstreamFailed as failure:
            self._ending.broken(inbound, failure)
        except asyncio.CancelledError:
            if inbound.task is None or inbound.cut_off is None:
                raise
            inbound.task.uncancel()
            self._ending.refuse(inbound, cut_short(inbound))

    async def pass_again(self, inbound: Inbound) -> None:
        """A deferred call passes what every call does before anything is bought; what it may use is held then.

        Raises Refusal.
        """
        await self._serve(inbound, known_again(inbound, self.keys))

    @property
    def upstreams(self) -> dict[str, Upstream]:
        """Of the settings in force, by provider."""
        return self._upstreams

    @property
    def counters(self) -> Counters:
        """In which limits and budgets are counted."""
        return self._admission.counters

    def begin_later(self, inbound: Inbound) -> None:
        """The result of a deferred call is there, which was made without being sent from here."""
        assert inbound.deferred
        assert inbound.deferred.entry
        inbound.known = self.keys.known(inbound.deferred.entry.kid)
        self._open(inbound)

    def answer_later(self, inbound: Inbound, passage: Passage, reply: bytes) -> None:
        """That result becomes its reply. Raises Refusal where it is none."""
        inbound.passage = passage
        seen = passage.read(reply)
        self._ending.settle(inbound, seen, whole=True)
        body = passage.reply(inbound.call.tokens())
        body = reply if body is None else body
        if inbound.kept is not None:
            inbound.kept.add(body)
        self._ending.close(inbound, "ok", 200)
        inbound.request.reply(200, plain_headers(inbound, priced=True), body)

    def close_later(self, inbound: Inbound, status: str, refusal: Refusal) -> None:
        """A deferred call ends without having bought anything more. Its row is not written yet."""
        self._ending.free(inbound)
        self._ending.close(inbound, status, refusal.status, refusal.code, refusal.message)

    def record_later(self, inbound: Inbound) -> None:
        """Write the row of a deferred call, whose reply is safe. Raises JournalFull."""
        try:
            self._ending.record(inbound)
        finally:
            if inbound.held is not None:
                self._allowances.settle(inbound)
            self._settle(inbound)
            self.counters.lasting.discard(inbound.call.call_id)

    # stages

    async def _serve(self, inbound: Inbound, key: KeyRecord) -> None:
        """authorise → plan → cache → admit → attempt → relay → settle → record"""
        model = required_model(inbound.body)
        inbound.call.requested_model = model if model in self.settings.routes else claimed(model)
        route = authorise(self.settings, key, model)
        check_further_models(key, route, inbound.body)
        route = self._admission.shifted(self.router.plan(inbound, route), inbound.call)
        try:
            route = self._fitted(inbound, route)
            way = self._way(inbound, route)
            if inbound.call.priority == "deferred":
                route = self.deferred.weigh(inbound, route, *way)
            if route.cache is None or inbound.call.endpoint == "count_tokens":
                await self._buy(inbound, route, *way)
            else:
                await self.cache.serve(inbound, route, route.cache, partial(self._buy, inbound, route, *way))
        finally:
            later = inbound.deferred is not None and inbound.deferred.route is not None  # it goes into a batch
            if inbound.turns is not None and not inbound.attempts and not later:
                inbound.give_back_turns()

    def _identify(self, inbound: Inbound) -> KeyRecord:
        if inbound.request.refusal:
            raise inbound.request.refusal
        if self.draining:
            raise overloaded("The gateway is shutting down.")
        try:
            inbound.known = authenticate(inbound, self.keys)
        except Refusal:
            self.leaks.check_stranger(inbound)
            raise
        key, call = inbound.known.key, inbound.call
        call.key_id, call.key_name, call.key_version = key.id, key.name, inbound.known.version
        call.team, call.project, call.environment = key.team, key.project, key.environment
        call.config_version = self.settings.config_version
        return key

    def _let_in(self, inbound: Inbound, key: KeyRecord) -> None:
        """To be asked when the key is known to have calls left: one that has none is told nothing else."""
        if key.networks is not None:
            check_network(key, inbound.call.source or "")
        self.leaks.check_arrival(inbound)
        if self.journal.full:
            raise ledger_full()

    def _fitted(self, inbound: Inbound, route: Route) -> Route:
        """The route with the targets that can read the call. The call gets the route's limit, where it has none, and
        what of it has come before."""
        providers = self.settings.providers
        if inbound.body_bytes >= windows.SMALL:
            route = windows.fitting(inbound, route, providers, self.meter)
        if route.max_tokens is not None:
            limit_length(inbound, route, providers)
        if route.prompt_cache and inbound.body_bytes >= prefixes.SHORTEST:
            look_for_repeats(inbound, self._prefixes)
        if route.max_cost_picos is not None or max_cost.HEADER in inbound.headers:
            route = max_cost.affordable(inbound, route, providers, self.meter)
        return route

    def _way(self, inbound: Inbound, route: Route) -> tuple[Settings, dict[str, Upstream]]:
        """Where this call goes; the settings that say so, and their upstreams."""
        call, inbound.epoch = inbound.call, self.settings.epoch
        inbound.route = route
        call.route = route.name
        call.route_version = route.version or None
        call.stream = inbound.body.get("stream") is True and call.endpoint in GENERATING
        return self.settings, self._upstreams

    async def _buy(self, inbound: Inbound, route: Route, settings: Settings, upstreams: dict[str, Upstream]) -> None:
        """admit → attempt → relay → settle → record"""
        assert inbound.known
        first = route.targets[0]
        inbound.call.provider, inbound.call.model = first.provider, first.model
        self.meter.reckon(inbound.call, settings.providers[first.provider], first.model, inbound.body)
        if not self._admission.is_idle:
            route = await self._admission.admit(inbound, route, settings.providers)
        if inbound.known.key.is_capped:
            first = route.targets[0]
            if inbound.held is None:
                await self._allowances.take(inbound, settings.providers[first.provider])
            else:  # it has waited for another's reply, and that does not come
                await self._allowances.extend(inbound, settings.providers[first.provider], first.model)
        check_not_cut_off(inbound, self.keys)
        if inbound.deferred is not None and await self.deferred.divert(inbound, inbound.deferred, route, settings):
            return
        if inbound.flight is not None:
            inbound.call.cache = "miss"
        self._open(inbound)
        if inbound.call.endpoint == "count_tokens":
            await self._count(inbound, route, upstreams)
        else:
            await self._ladder.answer(inbound, route, upstreams, settings.caps)

    def _open(self, inbound: Inbound) -> None:
        """Write what this call will probably cost before anything is bought."""
        if inbound.deferred is None:
            try:
                self.journal.open(inbound.call)
            except JournalFull:
                raise ledger_full() from None
        self._begin(inbound)

    def _begin(self, inbound: Inbound) -> None:
        """From here on it counts, however it ends. Once."""
        if inbound.journalled:
            return
        call = inbound.call
        inbound.journalled = inbound.was_opened = True
        if self.bodies.is_on:
            self.bodies.begin(inbound)
        self.live.started(call)
        if inbound.known is not None:
            self.live.key_used(inbound.known.kid, call.started_at)

    async def _count(self, inbound: Inbound, route: Route, upstreams: dict[str, Upstream]) -> None:
        """By the provider, or, where none can, the estimate that every call is reckoned with."""
        dialect = upstreams[route.targets[0].provider].channel("count_tokens").dialect
        if can_count(dialect):
            try:
                await self._attempts.answer(inbound, route, upstreams, self.settings.caps)
                return
            except Refusal as refusal:
                if not counts_nothing(dialect, refusal, inbound.call.model or ""):
                    raise
        inbound.caller.read(inbound.body)
        first = route.targets[0]
        count = self.meter.input_tokens(self.settings.providers[first.provider], first.model, inbound.body)
        self._ending.close(inbound, "ok", 200)
        inbound.request.reply(200, [*plain_headers(inbound, priced=True), *ESTIMATED], count_reply(count))

    # everything that is not a call

    async def _serve_other(self, inbound: Inbound) -> None:
        method, path = inbound.request.method, inbound.request.path
        try:
            if method == "OPTIONS" and not inbound.request.refusal:  # what browsers ask first, without a key
                raise not_that_method(method, path) if served(path) else nothing_here(path, inbound.caller.name)
            key = self._identify(inbound)
            if key.max_uses is not None and not path.startswith(DEFERRED):  # its last call may be one that waits
                await self._allowances.check(key)
            self._let_in(inbound, key)
            if method == "GET" and (path == "/v1/models" or path.startswith("/v1/models/")):
                check_listing(key, inbound.caller.name)
                await self._models(inbound, key, path.removeprefix("/v1/models").removeprefix("/"))
                return
            if path.startswith(DEFERRED):
                await self.deferred.serve(inbound, key)
                return
            if method == "POST" and path == hook.PATH:
                await self._invalidate(inbound, key)
                return
            raise not_that_method(method, path) if served(path) else nothing_here(path, inbound.caller.name)
        except Refusal as refusal:
            self._ending.refuse(inbound, refusal)

    async def _invalidate(self, inbound: Inbound, key: KeyRecord) -> None:
        which = hook.asked_invalidation(parse_object(await inbound.request.body(hook.BODY_BYTES)), key)
        check_not_cut_off(inbound, self.keys)
        count = self.cache.invalidate_for(which)
        self.leaks.news.set()  # other workers hear of it with the next report
        inbound.request.reply(200, [JSON, *id_headers(inbound)], b'{"invalidated": %d}' % count)

    async def _models(self, inbound: Inbound, key: KeyRecord, wanted: str) -> None:
        inbound.epoch = self.settings.epoch
        body = await self._model_list.reply(
            self.settings,
            self._upstreams,
            key,
            self.meter.book,
            wanted=wanted,
            anthropic=b"anthropic-version" in inbound.headers,
            query=inbound.request.query,
        )
        check_not_cut_off(inbound, self.keys)
        inbound.request.reply(200, [JSON, *id_headers(inbound)], body)
