"""How much to think, as each Claude can be told (platform.claude.com/docs/en/build-with-claude/thinking)."""

from typing import Any

import pytest

from gatewatch.models.facts import ModelFacts
from proxy.canonical.ask import Thinking
from proxy.canonical.losses import Losses
from proxy.dialects.anthropic_messages.claude import claude
from proxy.dialects.anthropic_messages.thinking_write import tokens_wanted, write_thinking


def told(
    asked: Thinking | None,
    model: str,
    *,
    max_tokens: int = 32000,
    forced: bool = False,
    facts: ModelFacts | None = None,
) -> tuple[dict[str, Any], list[str]]:
    losses = Losses("anthropic", drop=True)
    said = write_thinking(asked, claude(model), facts or ModelFacts(), max_tokens, losses, forced=forced)
    return said, losses.dropped


def budget(tokens: int) -> dict[str, Any]:
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}}


def adaptive(effort: str) -> dict[str, Any]:
    return {"thinking": {"type": "adaptive"}, "effort": effort}


@pytest.mark.parametrize(
    ("asked", "max_tokens", "expected"),
    [
        (Thinking(effort="low"), 32000, budget(1024)),
        (Thinking(effort="minimal"), 32000, budget(1024)),
        (Thinking(effort="medium"), 32000, budget(8192)),
        (Thinking(effort="high"), 32000, budget(24576)),
        (Thinking(effort="max"), 32000, budget(27904)),  # 4,096 stay for the reply
        (Thinking(effort="high"), 4000, budget(2000)),
        (Thinking(effort="high"), 1500, budget(1024)),
        (Thinking(budget=5000), 5001, budget(5000)),
        (Thinking(budget=5000), 5000, budget(2500)),
        (Thinking(budget=10), 32000, budget(1024)),
        (Thinking(), 32000, budget(8192)),
    ],
)
def test_in_tokens(asked: Thinking, max_tokens: int, expected: dict[str, Any]) -> None:
    assert told(asked, "claude-sonnet-4-5", max_tokens=max_tokens) == (expected, [])


def test_without_room_it_is_lost() -> None:
    assert told(Thinking(effort="low"), "claude-sonnet-4-5", max_tokens=1024) == ({}, ["thinking"])


@pytest.mark.parametrize(
    ("asked", "model", "expected"),
    [
        (Thinking(effort="minimal"), "claude-opus-5", adaptive("low")),
        (Thinking(effort="medium"), "claude-opus-5", adaptive("medium")),
        (Thinking(effort="xhigh"), "claude-opus-5", adaptive("xhigh")),
        (Thinking(effort="xhigh"), "claude-opus-4-6", adaptive("high")),
        (Thinking(effort="max"), "claude-opus-4-6", adaptive("max")),
        (Thinking(budget=1), "claude-opus-5", adaptive("low")),
        (Thinking(budget=1024), "claude-opus-5", adaptive("low")),
        (Thinking(budget=8192), "claude-opus-5", adaptive("medium")),
        (Thinking(budget=8193), "claude-opus-5", adaptive("high")),
        (Thinking(budget=32768), "claude-opus-5", adaptive("xhigh")),
        (Thinking(budget=99999), "claude-opus-5", adaptive("max")),
        (Thinking(), "claude-opus-5", {"thinking": {"type": "adaptive"}}),
        (Thinking(effort="high"), "kimi-k3", adaptive("high")),
    ],
)
def test_by_effort(asked: Thinking, model: str, expected: dict[str, Any]) -> None:
    assert told(asked, model) == (expected, [])


@pytest.mark.parametrize(
    ("shown", "model", "display"),
    [
        (True, "claude-opus-5", "summarized"),
        (False, "claude-opus-5", "omitted"),
        (None, "claude-opus-5", None),
        (True, "claude-sonnet-4-5", None),
        (False, "claude-sonnet-4-5", "omitted"),
    ],
)
def test_whether_it_is_shown(shown: bool | None, model: str, display: str | None) -> None:
    assert told(Thinking(shown=shown), model)[0]["thinking"].get("display") == display


@pytest.mark.parametrize("asked", [Thinking(effort="none"), Thinking(budget=0)])
@pytest.mark.parametrize(
    ("model", "expected", "lost"),
    [
        ("claude-3-5-sonnet-20241022", {}, []),
        ("claude-sonnet-4-5", {}, []),
        ("claude-opus-4-8", {}, []),
        ("claude-opus-5", {"thinking": {"type": "disabled"}}, []),
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}, []),
        ("claude-opus-5-5", {}, ["thinking"]),
        ("claude-fable-5", {}, ["thinking"]),
    ],
)
def test_not_at_all(asked: Thinking, model: str, expected: dict[str, Any], lost: list[str]) -> None:
    assert told(asked, model) == (expected, lost)


@pytest.mark.parametrize(
    ("asked", "model", "expected", "lost"),
    [
        (None, "claude-sonnet-4-5", {}, []),
        (None, "claude-opus-5", {"thinking": {"type": "disabled"}}, []),
        (Thinking(effort="high"), "claude-opus-5", {"thinking": {"type": "disabled"}, "effort": "high"}, []),
        (Thinking(effort="high"), "claude-opus-4-8", {"effort": "high"}, []),
        (Thinking(effort="high"), "claude-sonnet-4-5", {}, ["thinking"]),
        (Thinking(budget=2000), "claude-sonnet-4-5", {}, ["thinking"]),
        (Thinking(), "claude-sonnet-4-5", {}, []),
    ],
)
def test_a_forced_call_leaves_no_room_for_it(
    asked: Thinking | None, model: str, expected: dict[str, Any], lost: list[str]
) -> None:
    assert told(asked, model, forced=True) == (expected, lost)


def test_what_is_known_of_a_model_goes_before_its_name() -> None:
    asked = Thinking(effort="medium")
    assert told(asked, "glm-5", facts=ModelFacts(thinking="budget")) == (budget(8192), [])
    assert told(asked, "claude-sonnet-4-5", facts=ModelFacts(thinking="none")) == ({}, ["thinking"])
    assert told(asked, "claude-fable-5", facts=ModelFacts(thinking="always")) == ({"effort": "medium"}, [])
    assert told(Thinking(), "claude-3-haiku-20240307") == ({}, [])
    assert told(Thinking(budget=0), "glm-5", facts=ModelFacts(thinking="always")) == ({}, ["thinking"])


def test_a_model_that_never_thinks_cannot_be_told_to() -> None:
    assert told(Thinking(effort="low"), "claude-3-5-haiku-20241022") == ({}, ["thinking"])


def test_what_is_asked_in_tokens() -> None:
    assert [tokens_wanted(each) for each in (Thinking(budget=7), Thinking(effort="high"), Thinking())] == [7, 24576, 0]
