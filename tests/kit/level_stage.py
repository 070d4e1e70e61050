"""A watch of service levels on a home of its own: real ledger, real control store, a clock that a test sets."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from gatewatch.control.store import ControlStore
from gatewatch.ledger.service import LedgerService
from gatewatch.ledger.unavailable import LedgerLocked
from gatewatch.paths import Home
from gatewatch.routing.service_level import Level
from proxy.control.alarms import Alarms
from proxy.control.routes_in_force import RoutesInForce
from proxy.control.service_levels import ServiceLevels
from proxy.routing import Routing
from proxy.settings import Deadlines, Settings
from tests.kit.acting import Clock
from tests.kit.journals import SECOND, a_call, attempt, closing, segment

FAST, SLOW = 0.4, 4.0
CHAT = Level(route="chat", targets=("a/m", "b/m"), p95=2_500_000, errors=10_000)


class LevelStage:
    """One gateway's watch; its ledger is real."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.clock = Clock()
        self.service = LedgerService(home, clock=self.clock)
        self.levels: Sequence[Level] = (CHAT,)
        self.pushed: list[Routing] = []
        self.locked = False
        self.takes = 0.0
        """Seconds that each thing takes, however busy the machine is."""
        self._ticks = 0.0
        self._numbers, self._segments = count(1), count(1)
        self.begin()

    def begin(self) -> None:
        """As a control process does at its start."""
        self.alarms = Alarms()
        self.routes = RoutesInForce(self.pushed.append, lambda: None)
        self.watch = ServiceLevels(
            self.home.control,
            self.routes,
            self.alarms,
            levels=lambda: self.levels,
            ask=self._ask,
            loaded_until=lambda: self.service.loaded_until_us,
            clock=self.clock,
            monotonic=self._monotonic,
        )
        with self.store() as store:
            self.watch.start(store)
        settings = Settings(
            config_version="c", home=str(self.home.root), hosts=(), pepper="", providers={}, routes={},
            deadlines=Deadlines(),
        )  # fmt: skip
        self.first = self.routes.configured(settings).routing

    def store(self, actor: str = "gateway") -> ControlStore:
        return ControlStore.open(self.home.control, actor=actor, clock=self.clock)

    def calls(
        self, number: int, target: str = "a/m", seconds: float = FAST, *, route: str = "chat", **tried: Any
    ) -> None:
        """So many calls of one try have just ended, and are in the ledger."""
        provider, _, model = target.partition("/")
        took = int(seconds * SECOND)
        lines = []
        for _ in range(number):
            call = a_call(
                next(self._numbers), at_us=self.clock.now - took, route=route, provider=provider, model=model,
                latency_us=took,
            )  # fmt: skip
            fields = {"first_byte_us": took, "latency_us": took} | tried
            lines.append(attempt(call, provider=provider, model=model, started_at=call.started_at, **fields))
            lines.append(closing(call))
        segment(self.home, *lines, run=f"20261120T100000Z-{next(self._segments):08x}")
        self.service.load_once()

    def failures(self, number: int, target: str = "a/m") -> None:
        """So many tries there were answered with a 500."""
        self.calls(number, target, status="error", http_status=500, error_kind="upstream_error", first_byte_us=None)

    async def look(self, after: float = 0) -> list[str]:
        """Let time pass, load, look; which targets come last from now on: `shift:TARGET of ROUTE`."""
        self.clock.now += int(after * SECOND)
        if not self.locked:
            self.service.load_once()
        await self.watch.settle()
        return [f"{each.id} of {each.route}" for each in self.routes.routing.overrides]

    def trail(self) -> list[tuple[str, str, str]]:
        with self.store() as store:
            return [(each.actor, each.action, each.target) for each in reversed(store.audit_entries())]

    def _monotonic(self) -> float:
        self._ticks += self.takes
        return self._ticks

    def _ask(self, query: str, /, **params: object) -> Any:
        if self.locked:
            raise LedgerLocked("the ledger is locked by another process")
        return self.service.ask(query, **params)
