"""Levels, budgets and their ranges: ai.google.dev/gemini-api/docs/thinking; the mapping of efforts: …/docs/openai."""

from typing import Any

import pytest

from gatewatch.models.facts import ModelFacts
from proxy.canonical.ask import Ask, Thinking
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.thinking import thinking_config
from proxy.refusal import Refusal


def config(model: str, thinking: Thinking | None, max_output: int | None = None, known: Any = None) -> dict[str, Any]:
    to = Destination(provider="google", model=model, facts=ModelFacts(thinking=known))
    return thinking_config(Ask(turns=[], thinking=thinking, max_output=max_output), to, Losses("google"))


@pytest.mark.parametrize(
    ("effort", "budget"), [("none", 0), ("minimal", 1024), ("low", 1024), ("medium", 8192), ("high", 24576)]
)
def test_efforts_become_googles_own_budgets(effort: str, budget: int) -> None:
    assert config("gemini-2.5-flash", Thinking(effort=effort)) == {"thinkingBudget": budget}


@pytest.mark.parametrize(
    ("effort", "level"),
    [
        ("none", "MINIMAL"),
        ("minimal", "MINIMAL"),
        ("low", "LOW"),
        ("medium", "MEDIUM"),
        ("high", "HIGH"),
        ("max", "HIGH"),
    ],
)
def test_efforts_become_levels_of_gemini_3(effort: str, level: str) -> None:
    assert config("gemini-3-flash-preview", Thinking(effort=effort)) == {"thinkingLevel": level}


def test_a_pro_model_thinks_as_little_as_it_can() -> None:
    assert config("gemini-3.1-pro-preview", Thinking(effort="none")) == {"thinkingLevel": "LOW"}
    assert config("gemini-2.5-pro", Thinking(budget=0)) == {"thinkingBudget": 128}


@pytest.mark.parametrize(("budget", "level"), [(1024, "LOW"), (4000, "MEDIUM"), (16_000, "HIGH"), (0, "MINIMAL")])
def test_budgets_become_the_level_that_covers_them(budget: int, level: str) -> None:
    assert config("gemini-3-flash-preview", Thinking(budget=budget)) == {"thinkingLevel": level}


def test_a_budget_stays_within_what_the_model_knows() -> None:
    assert config("gemini-2.5-flash", Thinking(effort="max")) == {"thinkingBudget": 24576}
    assert config("gemini-2.5-pro", Thinking(effort="max")) == {"thinkingBudget": 32768}
    assert config("gemini-2.5-flash-lite", Thinking(budget=100)) == {"thinkingBudget": 512}


def test_a_budget_leaves_room_for_the_answer() -> None:
    assert config("gemini-2.5-flash", Thinking(effort="high"), max_output=4000) == {"thinkingBudget": 3999}


def test_thoughts_are_shown_where_the_caller_asks() -> None:
    assert config("gemini-3-flash", Thinking(shown=True)) == {"includeThoughts": True}
    assert config("gemini-2.5-flash", Thinking(budget=2048, shown=True)) == {
        "thinkingBudget": 2048,
        "includeThoughts": True,
    }
    assert config("gemini-2.5-flash", Thinking(budget=0, shown=True)) == {"thinkingBudget": 0}


def test_what_is_known_of_a_model_goes_before_its_name() -> None:
    assert config("mine", Thinking(effort="low"), known="budget") == {"thinkingBudget": 1024}
    assert config("gemini-2.5-custom", Thinking(effort="low"), known="adaptive") == {"thinkingLevel": "LOW"}


def test_a_model_that_does_not_think_cannot_be_asked_to() -> None:
    with pytest.raises(Refusal, match="thinking"):
        config("gemma-3", Thinking(effort="high"), known="none")
    assert config("gemma-3", Thinking(effort="none"), known="none") == {}


def test_a_model_that_always_thinks_cannot_be_told_how_much() -> None:
    with pytest.raises(Refusal, match="thinking"):
        config("mine", Thinking(effort="high"), known="always")


def test_nothing_asked_is_nothing_said() -> None:
    assert config("gemini-3-flash", None) == {}
    assert config("gemini-3-flash", Thinking()) == {}


def test_a_model_of_before_thinking_cannot_be_asked_to() -> None:
    assert config("gemini-2.0-flash", Thinking(effort="none", shown=True)) == {}
    with pytest.raises(Refusal, match="thinking"):
        config("gemini-2.0-flash", Thinking(budget=1000))
