"""Every alert that is built in fires at what it is for, with its own defaults, through the engine; and not before."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewatch.config.alert_rules import BUILT_IN, alerts_of
from gatewatch.config.models import Config
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.in_force import InForce
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from proxy.control.alerting.target_figures import Figure
from tests.kit.acting import DAY, HOUR, MINUTE, SECOND
from tests.kit.alert_stage import Stage
from tests.kit.journals import a_call, attempt, closing, segment

USD = 10**12
MONDAY = 1_795_442_400_000_000  # 2026-11-23T14:00:00Z
BUDGET = Rule(
    id="budgets.search/usd", kind="budget", scope="team", name="search", measure="picos", most=100 * USD,
    window=Window(period="day"),
)  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(Home(tmp_path / "home").make())
    stage.clock.now = MONDAY
    stage.engine = stage.started()
    stage.service.close()
    stage.service = LedgerService(stage.home, clock=stage.clock, in_force=lambda: InForce((BUDGET,), {}))
    stage.alerts = list(alerts_of(Config()))
    yield stage
    stage.service.close()


def tried(stage: Stage, count: int, **fields: Any) -> None:
    """So many calls that one provider failed, so that another one served them."""
    stage.made += 1
    lines = []
    for n in range(count):
        call = a_call(stage.made * 1000 + n, at_us=stage.clock.now - SECOND, latency_us=1000, attempts=2)
        lines += [attempt(call, 1, provider="bad", provider_key="bad#1", status="error", **fields)]
        lines += [attempt(call, 2), closing(call)]
    segment(stage.home, *lines, run=f"20261120T100000Z-{stage.made:08x}")


def spent(stage: Stage, usd: int, ago: int = HOUR) -> None:
    stage.made += 1
    call = a_call(stage.made * 1000, at_us=stage.clock.now - ago, cost_picos=usd * USD)
    segment(stage.home, closing(call), run=f"20261120T100000Z-{stage.made:08x}")


def late(stage: Stage) -> None:
    stage.clock.now += 31 * SECOND


def figure(stage: Stage, metric: Any, value: int) -> None:
    stage.figures.append(Figure(metric, "chat", "openai/gpt-5", value, "seen"))


REFUSED = {"status": "blocked", "cost_picos": 0}
CASES: dict[str, tuple[str, Callable[[Stage], None], Callable[[Stage], None]]] = {
    "velocity": ("key/k0000001", lambda s: spent(s, 4, MINUTE), lambda s: spent(s, 5, MINUTE)),
    "budget-50": (BUDGET.id, lambda s: spent(s, 49), lambda s: spent(s, 51)),
    "budget-80": (BUDGET.id, lambda s: spent(s, 79), lambda s: spent(s, 81)),
    "budget-100": (BUDGET.id, lambda s: spent(s, 99), lambda s: spent(s, 101)),
    "forecast": (BUDGET.id, lambda s: spent(s, 20, 5 * HOUR), lambda s: spent(s, 40, 5 * HOUR)),
    "server-errors": ("route/bot", lambda s: s.calls(19, status="error", http_status=503),
                      lambda s: s.calls(20, status="error", http_status=503)),
    "provider-errors": ("provider/bad", lambda s: tried(s, 19, http_status=None),
                        lambda s: tried(s, 20, http_status=None)),
    "rate-limited": ("provider_key/bad/bad#1", lambda s: tried(s, 19, http_status=429),
                     lambda s: tried(s, 20, http_status=429)),
    "refused-keys": ("provider_key/bad/bad#1", lambda s: tried(s, 2, http_status=401),
                     lambda s: tried(s, 3, http_status=401)),
    "wrong-keys": ("gateway", lambda s: s.calls(49, http_status=401, team=None, key_id=None, **REFUSED),
                   lambda s: s.calls(50, http_status=401, team=None, key_id=None, **REFUSED)),
    "blocked": ("team/search", lambda s: s.calls(49, http_status=429, **REFUSED),
                lambda s: s.calls(50, http_status=429, **REFUSED)),
    "unpriced": ("model/openai/gpt-4o", lambda s: s.calls(1),
                 lambda s: s.calls(1, cost_picos=None, cost_basis="unpriced")),
    "old-keys": ("provider_key/openai/main", lambda s: s.ages.update({"openai/main": 364 * DAY}),
                 lambda s: s.ages.update({"openai/main": 366 * DAY})),
    "slo-missed": ("model/openai/gpt-5", lambda s: figure(s, "slo", 999_999), lambda s: figure(s, "slo", 1_000_001)),
    "error-budget": ("model/openai/gpt-5", lambda s: figure(s, "error_budget", 999_999),
                     lambda s: figure(s, "error_budget", 1_000_001)),
    "breaker-open": ("model/openai/gpt-5", lambda s: figure(s, "breakers", 0), lambda s: figure(s, "breakers", 1)),
    "ledger-lag": ("gateway", lambda s: None, late),
}  # fmt: skip
"""Alert → subject, what is too little for it, what is enough."""


def test_none_is_left_out() -> None:
    assert CASES.keys() == BUILT_IN.keys()


async def fires(stage: Stage, name: str) -> set[str]:
    stage.told.clear()
    if name != "ledger-lag":
        stage.service.load_once()
    await stage.engine.settle()
    if lasting := next((alert.lasting for alert in stage.alerts if alert.name == name), 0):
        stage.clock.now += lasting
        await stage.engine.settle()
    return {id for id, state in stage.rows().items() if state == "firing" and id.startswith(f"{name}|")}


@pytest.mark.parametrize("name", CASES)
async def test_it_fires_at_what_it_is_for(stage: Stage, name: str) -> None:
    subject, _, enough = CASES[name]
    stage.service.load_once()
    enough(stage)
    assert await fires(stage, name) == {f"{name}|{subject}"}


@pytest.mark.parametrize("name", CASES)
async def test_it_does_not_fire_at_less(stage: Stage, name: str) -> None:
    stage.service.load_once()
    CASES[name][1](stage)
    assert await fires(stage, name) == set()


async def test_a_budget_that_is_overspent_at_one_blow_is_told_of_once(stage: Stage) -> None:
    spent(stage, 150, 5 * HOUR)
    await fires(stage, "budget")
    firing = {id for id, state in stage.rows().items() if state == "firing"}
    assert firing == {f"{name}|{BUDGET.id}" for name in ("budget-50", "budget-80", "budget-100", "forecast")}
    assert [firing.id for firing in stage.told] == [f"budget-100|{BUDGET.id}"]
    assert [alarm.id for alarm in stage.engine.standing()] == [f"alert:budget-100|{BUDGET.id}"]
    outdone = {live["alert"]: live["outdone_by"] for live in stage.engine.live()}
    assert outdone["budget-100"] is None
    assert set(outdone.values()) == {None, f"budget-100|{BUDGET.id}"}
