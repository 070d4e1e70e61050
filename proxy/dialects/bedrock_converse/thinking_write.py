"""How much a model may think → the fields of each family (`additionalModelRequestFields`, `outputConfig.effort`).

Sources: docs.aws.amazon.com/bedrock, "Claude: extended thinking" and "adaptive thinking", "Nova 2: reasoning",
"OpenAI models".
"""

from typing import Any

from proxy.canonical.ask import Ask, Thinking
from proxy.canonical.losses import Losses
from proxy.dialects.bedrock_converse.families import Family
from proxy.dialects.dialect import Destination

LEAST_BUDGET = 1024
REPLY_ROOM = 4096
"""Tokens that are left to the reply where the caller sets no limit."""
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 32768}
_FROM_BUDGET = ((1024, "low"), (8192, "medium"))
_CLAUDE_EFFORTS = {"minimal": "low"}
_THREE_EFFORTS = {"minimal": "low", "xhigh": "high", "max": "high"}


class Told:
    """What the request says of thinking."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        """Of `additionalModelRequestFields`."""
        self.effort: str | None = None
        self.budget = 0
        self.thinks = False
        """Whether Claude thinks, which excludes other wishes."""


def write_thinking(ask: Ask, to: Destination, family: Family, losses: Losses) -> Told:
    """Raises Refusal through `losses`."""
    told = Told()
    asked = ask.thinking
    if asked is None:
        return told
    mode = family.thinking
    if family.claude and to.facts.thinking in ("adaptive", "budget"):
        mode = to.facts.thinking
    if asked.effort == "none" or asked.budget == 0:
        if family.claude and mode and family.thinks_unasked:
            told.fields = {"thinking": {"type": "disabled"}}
        elif mode == "reasoning_effort":
            told.fields = {"reasoning_effort": "low"}
        return told
    if asked.effort is None and asked.budget is None and not (family.claude and mode == "adaptive" and asked.shown):
        return told
    if mode is None:
        losses.lose("thinking", "this model cannot be told how much to think")
    elif mode == "reasoning_effort":
        told.fields = {"reasoning_effort": _effort(asked, _THREE_EFFORTS)}
    elif mode == "nova":
        told.fields = {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": _effort(asked, _THREE_EFFORTS)}}
    elif ask.tool_choice and ask.tool_choice.mode in ("required", "named") and ask.tools:
        losses.lose("thinking", "a forced tool call leaves no room for it")
    elif mode == "adaptive":
        _adaptive(asked, told)
    else:
        _budgeted(asked, ask.max_output, told, losses)
    return told


def _adaptive(asked: Thinking, told: Told) -> None:
    told.thinks = True
    thinking = {"type": "adaptive"}
    if asked.shown is not None:
        thinking["display"] = "summarized" if asked.shown else "omitted"
    told.fields = {"thinking": thinking}
    if asked.effort is not None or asked.budget is not None:
        told.effort = _effort(asked, _CLAUDE_EFFORTS)


def _budgeted(asked: Thinking, max_output: int | None, told: Told, losses: Losses) -> None:
    budget = asked.budget if asked.budget is not None else _BUDGETS.get(asked.effort or "", 8192)
    if max_output is not None:
        budget = min(budget, max_output - 1)
    if budget < LEAST_BUDGET:
        losses.lose("thinking", f"max_tokens leaves less than {LEAST_BUDGET} tokens for it")
        return
    told.thinks = True
    told.budget = budget
    told.fields = {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _effort(asked: Thinking, known: dict[str, str]) -> str:
    if asked.budget is not None:
        return next((effort for most, effort in _FROM_BUDGET if asked.budget <= most), "high")
    effort = asked.effort or "medium"
    return known.get(effort, effort)
