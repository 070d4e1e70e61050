"""How much the model may think, as the target model can be told."""

from typing import Any

from gatewatch.models.facts import ModelFacts
from proxy.canonical.ask import Thinking
from proxy.canonical.losses import Losses
from proxy.dialects.anthropic_messages.claude import Claude

REPLY_ROOM = 4096
"""Tokens that thinking leaves to the reply, where `max_tokens` has as many."""
LEAST_BUDGET = 1024
"""Tokens: Anthropic refuses less."""
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 32768}
"""Effort → tokens."""
_LEVELS = ("low", "medium", "high", "xhigh", "max")


def write_thinking(
    asked: Thinking | None, model: Claude, facts: ModelFacts, max_tokens: int, losses: Losses, *, forced: bool
) -> dict[str, Any]:
    """The request's `thinking` and `output_config.effort`, as `{"thinking": …, "effort": …}` with what is to be said.

    `forced`: the request forces a tool call, which leaves no room for thinking. Thinking that nobody asked for is
    turned off then; one that was asked for is lost, unless an effort can still be told.
    """
    mode = _mode(model, facts)
    if asked is None:
        return {"thinking": {"type": model.off}} if forced and model.thinks_unasked and model.off else {}
    if asked.effort == "none" or asked.budget == 0:
        return _not(model, facts, losses)
    if mode is None:
        if asked.effort is None and asked.budget is None:
            return {}
        if facts.thinking != "always" or not model.efforts or not _effort(asked, model):
            losses.lose("thinking", "this model cannot be told how much to think")
            return {}
        return {"effort": _effort(asked, model)}
    if forced:
        return _beside_a_forced_call(asked, model, losses)
    said: dict[str, Any] = {}
    if mode == "adaptive":
        said["thinking"] = {"type": "adaptive"}
        if effort := _effort(asked, model):
            said["effort"] = effort
    else:
        budget = _budget(asked, max_tokens)
        if budget is None:
            losses.lose("thinking", f"max_tokens leaves less than {LEAST_BUDGET} tokens for it")
            return {}
        said["thinking"] = {"type": "enabled", "budget_tokens": budget}
    if asked.shown is not None and (mode == "adaptive" or not asked.shown):
        said["thinking"]["display"] = "summarized" if asked.shown else "omitted"
    return said


def tokens_wanted(asked: Thinking) -> int:
    """The tokens that thinking is asked to take; 0: it is not said."""
    return asked.budget if asked.budget is not None else _BUDGETS.get(asked.effort or "", 0)


def _mode(model: Claude, facts: ModelFacts) -> str | None:
    """`adaptive` or `budget`; None: thinking cannot be asked for. What is known of the model goes before its name."""
    if facts.thinking == "always" or facts.thinking == "none":
        return None
    mode = facts.thinking or model.thinking
    return None if mode == "none" else mode


def _not(model: Claude, facts: ModelFacts, losses: Losses) -> dict[str, Any]:
    if model.off is None or facts.thinking == "always":
        losses.lose("thinking", "this model always thinks")
        return {}
    return {"thinking": {"type": model.off}} if model.thinks_unasked else {}


def _beside_a_forced_call(asked: Thinking, model: Claude, losses: Losses) -> dict[str, Any]:
    effort = _effort(asked, model)
    if effort is None and (asked.effort is not None or asked.budget is not None):
        losses.lose("thinking", "a forced tool call leaves no room for it")
    said: dict[str, Any] = {"effort": effort} if effort else {}
    if model.thinks_unasked and model.off:
        said["thinking"] = {"type": model.off}
    return said


def _effort(asked: Thinking, model: Claude) -> str | None:
    """The level of this model that is next below what is asked, or its least."""
    wanted = asked.effort
    if wanted is None and asked.budget is not None:
        wanted = next((level for level in _LEVELS if _BUDGETS[level] >= asked.budget), "max")
    if wanted is None or not model.efforts:
        return None
    if wanted not in _LEVELS:
        return model.efforts[0]
    below = [level for level in model.efforts if _LEVELS.index(level) <= _LEVELS.index(wanted)]
    return below[-1] if below else model.efforts[0]


def _budget(asked: Thinking, max_tokens: int) -> int | None:
    """Tokens, below `max_tokens`. What does not fit is cut, so that the reply has room. None: there is none at all."""
    if max_tokens <= LEAST_BUDGET:
        return None
    budget = max(tokens_wanted(asked) or _BUDGETS["medium"], LEAST_BUDGET)
    if asked.budget is not None and budget < max_tokens:
        return budget
    return min(budget, max(LEAST_BUDGET, max_tokens - min(REPLY_ROOM, max_tokens // 2)))
