"""What alerts are told of targets."""

from typing import Any

from proxy.control.alerting.target_figures import Figure, target_figures
from proxy.control.level_looking import LevelState
from proxy.control.targets_now import BreakerNow, TargetNow

WHOLE = 1_000_000


def level(**fields: Any) -> LevelState:
    usual: dict[str, Any] = {
        "route": "chat", "target": "openai/gpt-5", "bound": 2_000_000, "p95": 1_000_000, "timed": 20, "tries": 1000,
        "failures": 5, "budget": 10_000,
    }  # fmt: skip
    return LevelState(**usual | fields)


def figures(*levels: LevelState, targets: tuple[TargetNow, ...] = ()) -> dict[str, Figure]:
    return {figure.metric: figure for figure in target_figures(levels, targets)}


def test_figures_are_shares_of_what_is_allowed() -> None:
    found = figures(level())
    assert (found["slo"].value, found["error_budget"].value) == (WHOLE // 2, WHOLE // 2)
    assert found["slo"].detail == "p95 1 s, 2 s at most, on chat"
    assert found["error_budget"].detail == "5 of 1000 tries failed in a day on chat"


def test_of_few_calls_nothing_is_told() -> None:
    assert figures(level(timed=19, tries=99)) == {}
    assert set(figures(level(failures=4))) == {"slo"}


def test_what_comes_last_misses_its_level_until_it_is_back() -> None:
    slow = figures(level(timed=4, failures=0, shifted=True, misses=("p95",)))
    assert (slow["slo"].value, set(slow)) == (WHOLE, {"slo"})
    assert slow["slo"].detail.endswith("on chat, where it comes last")
    unseen = figures(level(p95=None, timed=0, failures=0, shifted=True, misses=("p95",)))
    assert unseen["slo"].value == WHOLE
    spent = figures(level(timed=0, failures=3, shifted=True, misses=("errors",)))
    assert (spent["error_budget"].value, set(spent)) == (WHOLE, {"error_budget"})


def test_open_breakers_are_counted_by_key() -> None:
    keys = [BreakerNow(key="", state="open", workers=2), BreakerNow(key="main", state="half_open", workers=1)]
    (open_,) = target_figures([], [TargetNow(target="a/m", breakers=[*keys, BreakerNow(key="spare", state="closed")])])
    assert (open_.value, open_.detail) == (2, "of any key, of key main")
    (closed,) = target_figures([], [TargetNow(target="a/m", breakers=[BreakerNow(key="spare", state="closed")])])
    assert closed.value == 0
    assert list(target_figures([], [TargetNow(target="a/m", calls=9)])) == []


def test_a_figure_has_a_name_in_each_dimension() -> None:
    figure = figures(level())["slo"]
    assert [figure.name(per) for per in ("model", "route", "provider")] == ["openai/gpt-5", "chat", "openai"]
