"""docs.aws.amazon.com/bedrock: "Extended thinking", "Adaptive thinking", "Nova 2: reasoning", "OpenAI models"."""

from typing import Any

import pytest

from gatewatch.models.facts import ModelFacts
from proxy.canonical.ask import Ask, Thinking, Tool, ToolChoice
from proxy.canonical.losses import Losses
from proxy.dialects.bedrock_converse.families import family
from proxy.dialects.bedrock_converse.thinking_write import Told, write_thinking
from proxy.dialects.dialect import Destination
from proxy.refusal import Refusal

BUDGETED = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ADAPTIVE = "us.anthropic.claude-opus-4-6-v1"
NEWEST = "us.anthropic.claude-opus-5"


def told(model: str, thinking: Thinking | None, known: Any = None, **asked: Any) -> Told:
    to = Destination(provider="aws", model=model, facts=ModelFacts(thinking=known))
    return write_thinking(Ask(turns=[], thinking=thinking, **asked), to, family(model), Losses("aws"))


def test_a_budget_is_told_to_those_who_take_one() -> None:
    said = told(BUDGETED, Thinking(effort="medium"))
    assert said.fields == {"thinking": {"type": "enabled", "budget_tokens": 8192}}
    assert (said.thinks, said.budget, said.effort) == (True, 8192, None)
    assert told(BUDGETED, Thinking(budget=20_000), max_output=5000).budget == 4999


def test_an_effort_is_told_to_those_who_adapt() -> None:
    said = told(ADAPTIVE, Thinking(effort="high", shown=True))
    assert said.fields == {"thinking": {"type": "adaptive", "display": "summarized"}}
    assert said.effort == "high"
    assert told(ADAPTIVE, Thinking(budget=4000)).effort == "medium"
    assert told(ADAPTIVE, Thinking(effort="minimal")).effort == "low"


@pytest.mark.parametrize(("effort", "level"), [("minimal", "low"), ("medium", "medium"), ("max", "high")])
def test_other_families_know_three_efforts(effort: str, level: str) -> None:
    assert told("openai.gpt-oss-20b-1:0", Thinking(effort=effort)).fields == {"reasoning_effort": level}
    nova = told("us.amazon.nova-2-lite-v1:0", Thinking(effort=effort)).fields
    assert nova == {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": level}}


def test_no_thinking_is_said_to_those_who_think_unasked() -> None:
    none = Thinking(effort="none")
    assert told(NEWEST, none).fields == {"thinking": {"type": "disabled"}}
    assert told(BUDGETED, none).fields == {}
    assert told("meta.llama3-3-70b-instruct-v1:0", Thinking(budget=0)).fields == {}
    assert told("openai.gpt-oss-20b-1:0", none).fields == {"reasoning_effort": "low"}


def test_what_is_known_of_a_model_goes_before_its_id() -> None:
    assert told(BUDGETED, Thinking(effort="low"), known="adaptive").effort == "low"


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("meta.llama3-3-70b-instruct-v1:0", {}),
        (BUDGETED, {"max_output": 1000}),
        (ADAPTIVE, {"tools": [Tool(name="f")], "tool_choice": ToolChoice(mode="required")}),
    ],
)
def test_thinking_that_has_no_room_is_lost(model: str, asked: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="thinking"):
        told(model, Thinking(effort="high"), **asked)


def test_nothing_asked_is_nothing_said() -> None:
    assert told(ADAPTIVE, None).fields == {}
    assert told(BUDGETED, Thinking(shown=True)).fields == {}
