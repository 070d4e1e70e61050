"""An alert engine on a home of its own: real ledger, real control store, a clock that a test sets."""

from collections.abc import Collection
from typing import Any

from gatewatch.alerts.alert import Alert
from gatewatch.control.alerts import Alerts
from gatewatch.control.store import ControlStore
from gatewatch.ledger.service import LedgerService
from gatewatch.ledger.unavailable import LedgerLocked
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.alerting.engine import AlertEngine
from proxy.control.alerting.firing import Firing, Hear
from proxy.control.alerting.target_figures import Figure
from proxy.control.limits_in_force import LimitsInForce
from proxy.settings import Limiting
from tests.kit.acting import SECOND, Clock
from tests.kit.journals import a_call, closing, segment

FAILING = {"status": "error", "http_status": 502}


class Stage:
    """An engine on a home of its own, whose clock is set. Its ledger is real."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.clock = Clock()
        self.service = LedgerService(home, clock=self.clock)
        self.alerts: list[Alert] = []
        self.told: list[Firing] = []
        self.pushed: list[Limiting] = []
        self.ages: dict[str, int] = {}
        self.figures: list[Figure] = []
        self.made = 0
        self.takes = True
        self.locked = False
        self.engine = self.started()

    def started(self) -> AlertEngine:
        """As a control process has it at its start."""
        self.alarms = Alarms()
        self.limits = LimitsInForce(self.pushed.append)
        engine = AlertEngine(
            self.home.control,
            self.limits,
            self.alarms,
            alerts=lambda: self.alerts,
            ask=self.ask,
            loaded_until=lambda: self.service.loaded_until_us,
            ages=lambda: self.ages,
            sink=self,
            figures=lambda: self.figures,
            clock=self.clock,
        )
        with self.store() as store:
            engine.start(store)
        self.first = self.limits.configured(Limiting())
        return engine

    def ask(self, query: str, /, **params: object) -> Any:
        if self.locked:
            raise LedgerLocked("the ledger is locked by another process")
        return self.service.ask(query, **params)

    on_heard: Hear

    def tell(self, firing: Firing, told: Collection[str]) -> None:
        """As a sink does that takes everything at once, unless it is told not to."""
        if ("stage" in told) == (firing.state == "cleared"):
            self.told.append(firing)
            if self.takes:
                self.on_heard("stage", firing)

    def store(self, actor: str = "gateway") -> ControlStore:
        return ControlStore.open(self.home.control, actor=actor, clock=self.clock)

    def calls(self, count: int, **fields: Any) -> None:
        """So many calls have just ended, and are in the ledger."""
        self.made += 1
        calls = [
            a_call(self.made * 1000 + n, at_us=self.clock.now - SECOND, latency_us=1000, **fields) for n in range(count)
        ]
        segment(self.home, *map(closing, calls), run=f"20261120T100000Z-{self.made:08x}")
        self.service.load_once()

    def crowd(self, users: int) -> None:
        """A failed call of each of so many users."""
        calls = [
            a_call(n, at_us=self.clock.now - SECOND, latency_us=1000, user=f"user{n}", **FAILING) for n in range(users)
        ]
        segment(self.home, *map(closing, calls), run="20261120T100000Z-0000ffff")
        self.service.load_once()

    async def look(self, after: int = 0) -> list[tuple[str, str]]:
        """Let time pass, load, look; what sinks were told by it."""
        self.clock.now += after
        if not self.locked:
            self.service.load_once()
        self.told.clear()
        await self.engine.settle()
        return [(firing.id, firing.state) for firing in self.told]

    def rows(self) -> dict[str, str]:
        with self.store() as store:
            return {row.id: row.state for row in Alerts(store).rows()}

    def trail(self) -> list[tuple[str, str, str]]:
        with self.store() as store:
            return [(each.actor, each.action, each.target) for each in reversed(store.audit_entries())]
