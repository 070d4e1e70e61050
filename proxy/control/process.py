"""The control process, from its lock to its last record: `gatewatch serve`."""

import asyncio
import inspect
import logging
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gatewatch import __version__
from gatewatch.audit.second_sink import SecondSink, configured_sink
from gatewatch.config.alert_rules import alerts_of
from gatewatch.config.leak_policy import reactions_of
from gatewatch.config.retention_problems import keeping_of
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.limits.in_force import InForce
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.names import gateway_id
from gatewatch.paths import Home
from gatewatch.vault.opening import NO_WISH, Wish, open_vault
from gatewatch.vault.pepper import get_or_create_pepper
from gatewatch.vault.references import resolve
from proxy.control.actions_here import ActionsHere
from proxy.control.alarms import Alarms, most_urgent_first
from proxy.control.alerting.engine import AlertEngine
from proxy.control.alerting.provider_key_ages import provider_key_ages
from proxy.control.alerting.sinks.all_sinks import Sinks
from proxy.control.alerting.target_figures import Figure, target_figures
from proxy.control.background import Background
from proxy.control.body_losses import BodyLosses
from proxy.control.cache_invalidations import CacheInvalidations
from proxy.control.canary_watch import CanaryWatch
from proxy.control.compared_store import ComparedStore
from proxy.control.compared_worker import ComparedWorker
from proxy.control.configuration import Configuration
from proxy.control.counting import Counting
from proxy.control.estimating import Estimating
from proxy.control.home_lock import HomeLock
from proxy.control.key_ages import KeyAges
from proxy.control.key_use import KeyUse
from proxy.control.leaks import LeakWatch
from proxy.control.level_compile import levels_of
from proxy.control.limits_in_force import LimitsInForce
from proxy.control.listening import bind
from proxy.control.metrics.gen_ai import provider_name
from proxy.control.metrics.metrics import Metrics
from proxy.control.names_of_rules import NamesOfRules
from proxy.control.operators_routes import OperatorsRoutes
from proxy.control.operators_rules import OperatorsRules
from proxy.control.provider_leaks import ProviderLeakWatch
from proxy.control.quarantine import Quarantine
from proxy.control.recording import Recording
from proxy.control.reload import watch_config
from proxy.control.rotation_fleet import WorkersFleet
from proxy.control.rotations import Rotations
from proxy.control.routes_in_force import RoutesInForce
from proxy.control.sealed_answers import keep_forgetting
from proxy.control.sealing import Sealing
from proxy.control.service_levels import ServiceLevels
from proxy.control.shared_counting import SharedCounting
from proxy.control.targets_now import targets_now
from proxy.control.verifying import Verifying
from proxy.control.versions_in_force import VersionsInForce
from proxy.control.ways_in import WaysIn
from proxy.control.worker_environment import leave_no_core, variables_with_secrets
from proxy.control.worker_processes import worker_command, workers_left_behind
from proxy.control.workers import Workers
from proxy.settings import Settings
from proxy.worker.live import LiveState

if TYPE_CHECKING:
    from gatewatch.ledger.answer import Answer
    from gatewatch.ledger.service import LedgerService

ADOPT_SECONDS = 2.0
READY_SECONDS = 20.0
DRAIN_SECONDS = 2.0
VERIFY_SECONDS = 300.0

log = logging.getLogger("gatewatch.control")

Ready = Callable[[dict[str, Any]], None]


class ControlProcess:
    """One gateway's control plane."""

    def __init__(
        self, home: Home, config: Path | None, port: int | None, workers: int | None, wish: Wish = NO_WISH
    ) -> None:
        """Raises GatewatchError where the home is taken or the configuration cannot be put in force."""
        self._home = home.make()
        self._lock = HomeLock(home.lock)
        self._started_at = time.time_ns() // 1000
        self._listen = ""
        self._alarms = Alarms()
        self._configuration = Configuration(home, config, workers, self._alarms)
        self._configuration.on_taken = self._taken
        address = self._configuration.at_start.listen
        self._address = (address.host, address.port if port is None else port)
        self._wish = wish
        self._store = ControlStore.open(home.control, actor="gateway")
        self._workers = Workers(worker_command(), self._configuration.count, self._alarms)
        self._key_use = KeyUse(home.control)
        self._leaks = LeakWatch(home.control, self._alarms)
        self._quarantine = Quarantine(home.control, self._store, self._alarms, self._workers)
        self._workers.on_report = self._heard
        self._versions = VersionsInForce(self._store)
        self._body_losses = BodyLosses(self._alarms)
        self._limits = LimitsInForce(self._workers.limit)
        self._routes = RoutesInForce(self._workers.route, lambda: self._taken(self._configuration.settings))
        self._operators_rules = OperatorsRules(self._store, self._limits)
        self._operators_routes = OperatorsRoutes(
            *(self._store, self._routes, self._alarms, lambda: self._configuration.config),
            versions=lambda: {name: route.version for name, route in self._configuration.settings.routes.items()},
        )
        self._counting = Counting(self._home, self._workers, self._limits, self._alarms)
        self._compared_worker = ComparedWorker(self._workers)
        self._cache = CacheInvalidations(self._workers)
        self._verifying = Verifying(self._compared_worker, self._limits, self._alarms)
        self._rotations = Rotations(
            self._home, lambda: self._configuration.loaded, lambda: self._vault, self._fleet, self._alarm_from_elsewhere
        )
        self._provider_leaks = ProviderLeakWatch(
            self._home,
            self._alarms,
            lambda: self._configuration.loaded,
            lambda: self._configuration.settings.providers,
            self._rotations.begin,
        )
        self._sinks = Sinks(lambda reference: resolve(reference, self._vault), self._alarms, socket.gethostname())
        self._alerting = AlertEngine(
            home.control,
            self._limits,
            self._alarms,
            alerts=lambda: alerts_of(self._configuration.config),
            ask=self._ask,
            loaded_until=lambda: self._ledger.loaded_until_us,
            ages=lambda: provider_key_ages(home, self._configuration.config),
            sink=self._sinks,
            figures=self._target_figures,
        )
        self._service_levels = ServiceLevels(
            home.control,
            self._routes,
            self._alarms,
            levels=lambda: levels_of(
                self._configuration.config, self._routes.in_force(self._configuration.settings.routes)
            ),
            ask=self._ask,
            loaded_until=lambda: self._ledger.loaded_until_us,
        )
        self._shared: SharedCounting | None = None
        self._recording: Recording | None = None
        self._ways_in: WaysIn | None = None
        self._sealing: Sealing | None = None

    async def run(self, ready: Ready) -> None:
        """Serve until SIGTERM or SIGINT. Raises where it cannot, having ended all but adopted workers."""
        stopping = asyncio.Event()
        self._loop = loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        background, configuration = Background(self._alarms), self._configuration
        try:
            listening = await self._start()
            background.keep(
                "watch of its configuration", lambda: watch_config(configuration.path, configuration.reload)
            )
            background.keep("second try of a configuration", configuration.keep_trying)
            background.keep("note of when keys were used", self._key_use.run)
            if self._ways_in:
                background.keep("count of failed tries", self._ways_in.keep_noting)
            background.keep("watch for leaked keys", self._leaks.run)
            background.keep("quarantine of providers' keys", self._quarantine.run)
            background.keep("watch of providers' keys", configuration.keep_looking_for_secrets)
            if self._recording:
                estimating = Estimating(self._recording.service.ask, self._limits.estimates)
                background.keep("watch of estimates", estimating.run)
            background.keep("watch of operators' limits and budgets", self._operators_rules.run)
            background.keep("watch of operators' routes", self._operators_routes.run)
            operators = self._operators_routes
            canaries = CanaryWatch(self._store, self._ask, operators.look, lambda: operators.held_back)
            background.keep("watch of canaries", canaries.run)
            background.keep("checkpoint of counters", self._counting.keep_writing)
            names = NamesOfRules(self._store, lambda: configuration.loaded, self._alarms)
            background.keep("watch of the names in limits, budgets and alerts", names.run)
            background.keep("comparison of counters with the ledger", lambda: self._verifying.run(self._ledger))
            if self._shared:
                background.keep("watch of the limits store", self._shared.run)
            background.keep("watch of service levels", self._service_levels.run)
            background.keep("watch of alerts", self._alerting.run)
            background.keep("note of the configuration in force", self._versions.run)
            background.keep("sweep of delivered secrets", lambda: keep_forgetting(self._home, self._vault))
            if await self._workers_are_up(stopping):
                ready(self._ready(listening))
                await asyncio.to_thread(self._rotations.go_on)
                ages = KeyAges(
                    self._home, lambda: self._configuration.loaded, self._rotations, self._alarm_from_elsewhere
                )
                background.keep("watch of the ages of providers' keys", ages.run)
                background.keep("watch for leaked keys of providers", self._provider_leaks.run)
            await stopping.wait()
        finally:
            log.info("draining")
            self._counting.stop()
            await background.stop()
            await self._end(adopted=stopping.is_set())

    async def _start(self) -> socket.socket:
        """Everything but the word that all is ready; the listening socket. Workers import while the vault opens."""
        workers = self._workers
        leave_no_core()
        workers.not_inherited = variables_with_secrets(self._configuration.loaded.tree())
        workers.listen_for_reports(self._home.worker_socket)
        if workers_left_behind(self._home.journal):
            await workers.reported(1, ADOPT_SECONDS)
        self._operators_rules.require(workers=self._configuration.count, store=self._configuration.config.stores.limits)
        listening = await self._listening_socket()
        workers.start(listening)
        self._prepare()
        self._sealing = Sealing(self._home, self._vault, self._second_sink, self._alarm_from_elsewhere)
        self._sealing.start()
        self._quarantine.start(self._configuration.settings, lambda: self._configuration.config)
        self._operators_rules.look()
        self._operators_routes.look()
        await self._share_counters()
        self._alerting.start(self._store)
        self._service_levels.start(self._store)
        workers.configure(self._limited(self._configuration.settings))
        self._versions.taken(self._configuration.loaded, self._configuration.settings)
        self._recording = self._make_recording()
        self._recording.start()
        self._counting.begin(self._recording.service)
        self._sinks.named(f"{socket.gethostname()}:{listening.getsockname()[1]}")
        self._sinks.configure(self._configuration.config.alert_sinks)
        self._ways_in = await self._open_ways_in(self._recording.service)
        return listening

    async def _end(self, *, adopted: bool) -> None:
        """Workers first, so that the recorder loads their last word; the lock last. Every step, whatever fails."""
        ways_in, recording, sealing = self._ways_in, self._recording, self._sealing
        for step in (
            lambda: asyncio.to_thread(self._rotations.stop),
            lambda: self._workers.stop(adopted=adopted),
            lambda: ways_in and ways_in.drain(DRAIN_SECONDS),
            self._sinks.stop,
            self._alerting.note,
            self._key_use.write,
            lambda: recording and asyncio.to_thread(recording.stop),
            lambda: sealing and asyncio.to_thread(sealing.stop),
            lambda: self._home.socket.unlink(missing_ok=True),
            lambda: self._home.worker_socket.unlink(missing_ok=True),
            self._versions.still,
            self._store.close,
            self._lock.release,
        ):
            try:
                if inspect.isawaitable(going_on := step()):
                    await going_on
            except Exception:
                log.exception("a step of the gateway's end failed; the others are done all the same")

    async def _workers_are_up(self, stopping: asyncio.Event) -> bool:
        """Wait for all workers, or some in the time there is. False where a signal came first.

        Raises GatewatchError where not one came up.
        """
        coming = asyncio.ensure_future(self._reported())
        signalled = asyncio.ensure_future(stopping.wait())
        await asyncio.wait({coming, signalled}, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (coming, signalled):
            waiting.cancel()
        if stopping.is_set():
            return False
        if not self._workers.states:
            raise GatewatchError("No worker came up.", "Its log on stderr says why.")
        return True

    async def _reported(self) -> None:
        """All workers, or some in the time there is: beside the time that it takes to count what was before them."""
        while not await self._workers.reported(self._configuration.count, READY_SECONDS):
            if not self._counting.is_busy(READY_SECONDS):
                return

    async def _listening_socket(self) -> socket.socket:
        """A living worker's, else a new one. A worker that is just starting may hold the address without a word yet."""
        if not self._workers.listening:
            try:
                return bind(*self._address)
            except GatewatchError:
                await self._workers.reported(1, ADOPT_SECONDS)
                if not self._workers.listening:
                    raise
        return self._workers.listening

    def _provider_name(self, name: str) -> str:
        """May be asked from any thread."""
        provider = self._configuration.config.providers.get(name)
        return provider_name(provider.preset if provider else None, name)

    def live(self) -> dict[str, Any]:
        """What every screen shows beside the ledger's numbers."""
        states = list(self._workers.states.values())
        full = any(state.journal_full for state in states)
        told = "The disk is full: new calls get 503 ledger_full." if full else None
        self._alarms.set("journal_full", told, "critical")
        errors = [state.journal_error for state in states if state.journal_error]
        told = f"The journal cannot be written: {errors[0]}" if errors else None
        self._alarms.set("journal_error", told, "critical")
        alarms = (*self._alarms.standing(), *self._alerting.standing())
        return {
            "version": __version__,
            "pid": os.getpid(),
            "home": str(self._home.root),
            "listen": self._listen,
            "started_at": self._started_at,
            "config": {
                "version": self._configuration.settings.config_version,
                "path": str(self._configuration.loaded.path) if self._configuration.loaded.path else None,
                "warnings": self._configuration.loaded.warnings,
            },
            "vault": self._vault.describe()._asdict(),
            "workers": [msgspec.to_builtins(state) for state in states],
            "alarms": [msgspec.to_builtins(alarm) for alarm in most_urgent_first(alarms)],
            "alerts": self._alerting.live(),
            "targets": [msgspec.to_builtins(each) for each in targets_now(states, self._service_levels.states())],
            "service_levels": [msgspec.to_builtins(state) for state in self._service_levels.states()],
        }

    def _target_figures(self) -> list[Figure]:
        """May be asked from any thread."""
        levels = self._service_levels.states()
        return list(target_figures(levels, targets_now(list(self._workers.states.values()), levels)))

    @property
    def rotator(self) -> Rotations:
        """Of providers' keys."""
        return self._rotations

    def refresh(self) -> None:
        """Take changed provider keys, and their quarantine, now. May be called from any thread."""
        self._loop.call_soon_threadsafe(self._configuration.reload)
        self._loop.call_soon_threadsafe(self._quarantine.look)

    def rules_changed(self) -> None:
        """Take limits, budgets and grants of operators as they are now. May be called from any thread."""
        self._loop.call_soon_threadsafe(self._operators_rules.look)

    def routes_changed(self) -> None:
        """Take canaries, drains, rollbacks and shifts as they are now. May be called from any thread."""
        self._loop.call_soon_threadsafe(self._operators_routes.look)
        self._loop.call_soon_threadsafe(self._service_levels.look_soon)

    def verify_counters(self) -> dict[str, Any]:
        """Compare all counters with the ledger now. Called in threads."""
        verifying = self._verifying.verify_all(self._ledger)
        found: dict[str, Any] = msgspec.to_builtins(
            asyncio.run_coroutine_threadsafe(verifying, self._loop).result(VERIFY_SECONDS)
        )
        return found

    def invalidate_cache(self, said: dict[str, str]) -> dict[str, int]:
        """Have all workers give kept replies no more. Called in threads."""
        return asyncio.run_coroutine_threadsafe(self._cache.invalidate(said), self._loop).result()

    def alerts_changed(self) -> None:
        """Look at once what operators acknowledged or silenced. May be called from any thread."""
        self._loop.call_soon_threadsafe(self._alerting.look_soon)

    def test_alert_sink(self, name: str) -> dict[str, Any]:
        """Tell it of an alert that is none. Called in threads. Raises NotFound, GatewatchError."""
        return asyncio.run_coroutine_threadsafe(self._sinks.test(name), self._loop).result()

    async def _share_counters(self) -> None:
        """Where there is a store for it. Raises GatewatchError where it is away and calls would be refused."""
        settings = self._configuration.settings
        self._limits.configured(settings.limiting)
        if settings.limits_url is None:
            return
        address, gateway = read_url(settings.limits_url), gateway_id(self._pepper)
        self._shared = SharedCounting(
            *(self._home, address, gateway, self._alarms),
            rules=lambda: self._limits.rules,
            ledger=lambda: self._ledger,
        )
        self._verifying.counters = ComparedStore(self._home, address, gateway, lambda: self._limits.rules)
        self._limits.on_change = self._shared.changed
        await self._shared.reach(refuse=settings.limiting.when_away == "refuse")

    def _fleet(self) -> WorkersFleet:
        return WorkersFleet(self._loop, self._workers, self.refresh, lambda: self._configuration.untaken)

    def _alarm_from_elsewhere(self, id: str, text: str | None) -> None:
        """May be called from any thread."""
        self._loop.call_soon_threadsafe(self._alarms.set, id, text)

    def _heard(self, state: LiveState) -> None:
        self._key_use.hear(state.keys_used)
        self._leaks.take(state)
        self._provider_leaks.take(state)
        self._quarantine.take(state)
        self._body_losses.take(state)
        self._counting.take(state)
        self._compared_worker.take(state)
        self._cache.take(state)

    def _taken(self, settings: Settings) -> None:
        """Another configuration is in force."""
        self._workers.not_inherited = variables_with_secrets(self._configuration.loaded.tree())
        self._operators_routes.configured()
        self._workers.configure(self._limited(settings))
        self._quarantine.configured(settings)
        if self._recording:
            self._recording.service.keep(keeping_of(self._configuration.config))
        self._sinks.configure(self._configuration.config.alert_sinks)
        self._versions.taken(self._configuration.loaded, settings)

    def _limited(self, settings: Settings) -> Settings:
        """With what all limits are now, and for how many workers the caps are."""
        pacing = msgspec.structs.replace(settings.pacing, workers=self._configuration.count)
        limiting = self._limits.configured(settings.limiting)
        return self._routes.configured(msgspec.structs.replace(settings, limiting=limiting, pacing=pacing))

    def _ask(self, query: str, /, **params: object) -> "Answer":
        return self._ledger.ask(query, **params)

    def _ready(self, listening: socket.socket) -> dict[str, Any]:
        host, port = listening.getsockname()[:2]
        scheme = "https" if self._configuration.settings.tls else "http"
        self._listen = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
        return {
            "event": "ready",
            "listen": self._listen,
            "control": f"unix:{self._home.socket}",
            **({"control_remote": self._ways_in.remote} if self._ways_in and self._ways_in.remote else {}),
            **({"metrics": self._ways_in.metrics} if self._ways_in and self._ways_in.metrics else {}),
            "pid": os.getpid(),
            "workers": sorted(self._workers.states),
        }

    def _prepare(self) -> None:
        """Open the vault and compile the settings, while workers are still importing. Raises GatewatchError."""
        kind = self._configuration.config.vault
        wish = self._wish._replace(options=self._configuration.config.vault_options)
        wish = wish if kind == "auto" else wish._replace(kind=kind)
        self._vault = open_vault(self._home, self._store, wish)
        description = self._vault.describe()
        log.info("vault: %s (%s)", description.backend, description.reason)
        self._pepper = get_or_create_pepper(self._home, self._store, self._vault).hex()
        self._configuration.start(self._store, self._vault, self._pepper)

    def _second_sink(self) -> SecondSink:
        """Where the audit trail goes beside the store, by the configuration that is in force."""
        audit = self._configuration.config.audit
        return configured_sink(self._home, audit.file, audit.syslog)

    @property
    def _ledger(self) -> "LedgerService":
        assert self._recording
        return self._recording.service

    def _make_recording(self) -> Recording:
        from gatewatch.ledger.service import LedgerService  # 80 ms of DuckDB, while workers start

        service = LedgerService(self._home, in_force=self._in_force, keeping=keeping_of(self._configuration.config))
        self._metrics = Metrics(
            service,
            self.live,
            most=self._configuration.at_start.metrics.series,
            quarantined=self._quarantine.keys_held,
            provider_name=self._provider_name,
        )
        return Recording(service, self._alarms)

    def _in_force(self) -> InForce:
        """May be asked from any thread."""
        held: Counter[str] = Counter()
        for state in list(self._workers.states.values()):
            held.update(state.held)
        return InForce(self._limits.rules, held)

    async def _open_ways_in(self, service: "LedgerService") -> WaysIn:
        actions = ActionsHere(
            self._home,
            lambda: self._vault,
            service,
            lambda: list(self._configuration.config.teams),
            self,
            self._second_sink,
            lambda team: reactions_of(self._configuration.config, team).in_prompt,
            lambda: self._configuration.config,
        )
        config = self._configuration.at_start
        ways_in = WaysIn(service, self.live, actions, self._metrics)
        await ways_in.open_here(self._home.socket, self._store.role_of)
        await ways_in.open_remote(
            config.control, config.hosts or (), self._home, bytes.fromhex(self._pepper), self._key_use.note
        )
        await ways_in.open_metrics(config.metrics, config.hosts or ())
        if ways_in.metrics:
            log.info("metrics for Prometheus at %s", ways_in.metrics)
        if ways_in.remote:
            log.info("control API for admin keys on %s", ways_in.remote)
        return ways_in
