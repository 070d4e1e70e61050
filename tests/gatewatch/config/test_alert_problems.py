"""Alerts that cannot be meant are refused before they are in force."""

from pathlib import Path

import pytest

from gatewatch.config import ConfigError, load

PROVIDERS = """
providers:
  openai: {preset: openai, api_key: none}
models:
  chat: {targets: [openai/gpt-4o]}
"""


def problems(tmp_path: Path, alert: str, name: str = "a") -> list[str]:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(f"{PROVIDERS}alerts:\n  {name}: {alert}\n", encoding="utf-8")
    try:
        load(file, {})
    except ConfigError as refused:
        return [str(problem) for problem in refused.problems]
    return []


@pytest.mark.parametrize(
    "alert",
    [
        "{when: p95, above: 2s, per: route, only: [chat], do: [step_down]}",
        "{when: errors, above: 5%, per: team, only: [whoever], do: [notify, throttle]}",
        "{when: 5xx, above: 10, per: provider, only: [openai], do: [shift]}",
        "{when: 429, above: 10%, per: model, only: [openai/gpt-4o], do: [shift]}",
        "{when: 401, above: 3, per: provider_key, only: [openai/main], do: [shift]}",
        "{when: velocity, above: 3x, floor: 0.5, do: [pause]}",
        "{when: velocity, above: 3x, per: team, do: [throttle]}",
        "{when: forecast, above: 120%, only: ['budgets.*'], do: [step_down]}",
        "{when: calls, below: 1, for: 10m}",
        "{when: ledger_lag, above: 1m}",
        "{when: errors, above: 5%, per: environment, only: [live], clear: 5%}",
    ],
)
def test_what_can_be_meant_is_taken(tmp_path: Path, alert: str) -> None:
    assert problems(tmp_path, alert) == []


@pytest.mark.parametrize(
    ("alert", "path", "said"),
    [
        ("{above: 5%}", "alerts.a.when", "built in are velocity"),
        ("{when: p95}", "alerts.a", "neither above nor below"),
        ("{when: p95, above: 2s, below: 1s}", "alerts.a", "one of the two"),
        ("{when: p95, above: 5%}", "alerts.a.above", "a duration"),
        ("{when: errors, above: 5s}", "alerts.a.above", "a share"),
        ("{when: velocity, above: 5}", "alerts.a.above", "as in 5x"),
        ("{when: budget, above: 20}", "alerts.a.above", "a share"),
        ("{when: errors, above: 5%, clear: 3}", "alerts.a.clear", "a share"),
        ("{when: errors, above: 5%, clear: 6%}", "alerts.a.clear", "at most what it fires at"),
        ("{when: calls, below: 5, clear: 4}", "alerts.a.clear", "at least what it fires below"),
        ("{when: errors, above: 0}", "alerts.a.above", "more than nothing"),
        ("{when: budget, above: 50%, per: team}", "alerts.a.per", "allowed: budget"),
        ("{when: velocity, above: 5x, per: provider_key}", "alerts.a.per", "key, gateway"),
        ("{when: key_age, above: 90d, window: 5m}", "alerts.a.window", "has none"),
        ("{when: errors, above: 5%, floor: 1}", "alerts.a.floor", "velocity alone"),
        ("{when: errors, above: 5%, per: team, do: [pause]}", "alerts.a.do[0]", "pause per key"),
        ("{when: errors, above: 5%, do: [notify, shift]}", "alerts.a.do[1]", "shift per provider"),
        ("{when: 5xx, above: 5%, per: provider, do: [throttle]}", "alerts.a.do[0]", "throttle per gateway"),
        ("{when: 5xx, above: 5%, per: provider, only: [openia]}", "alerts.a.only[0]", "did you mean openai?"),
        ("{when: 5xx, above: 5%, per: route, only: [chta]}", "alerts.a.only[0]", "did you mean chat?"),
        ("{when: 5xx, above: 5%, per: environment, only: [prod]}", "alerts.a.only[0]", "live, test"),
        ("{when: 5xx, above: 5%, per: project, only: [web]}", "alerts.a.only[0]", "TEAM/PROJECT"),
        ("{when: 429, above: 5%, per: model, only: [gpt-4o]}", "alerts.a.only[0]", "allowed: PROVIDER/MODEL"),
        ("{when: 401, above: 5, per: provider_key, only: [main]}", "alerts.a.only[0]", "allowed: PROVIDER/KEY"),
        ("{when: 5xx, above: 5%, only: [all]}", "alerts.a.only", "with per: gateway"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(tmp_path: Path, alert: str, path: str, said: str) -> None:
    (problem,) = problems(tmp_path, alert)
    assert problem.startswith(f"{path}: ")
    assert said in problem


def test_one_that_is_built_in_needs_no_condition_of_its_own(tmp_path: Path) -> None:
    assert problems(tmp_path, "{enabled: false}", "velocity") == []
    assert problems(tmp_path, "{above: 10x, do: [pause]}", "velocity") == []
    assert problems(tmp_path, "{above: 10%}", "velocity") != []
