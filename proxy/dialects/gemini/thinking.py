"""How much a model may think → Google's `thinkingConfig`.

Gemini 3 takes a level, 2.5 a budget of tokens (ai.google.dev/gemini-api/docs/thinking). Between the two goes Google's
own mapping (…/docs/openai: low 1024, medium 8192, high 24576). A model that cannot be kept from thinking is told to
think as little as it can. Levels beyond `high` are not known to every model, so `high` stands for them.
"""

from typing import Any

from proxy.canonical.ask import Ask, Thinking
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.model_generation import bare_name, is_before_3, is_pro, never_thinks

_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 32768}
_LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "HIGH", "max": "HIGH"}
_FROM_BUDGET = ((1024, "LOW"), (8192, "MEDIUM"))


def thinking_config(ask: Ask, to: Destination, losses: Losses) -> dict[str, Any]:
    """Empty where nothing is asked, or nothing needs to be said."""
    asked = ask.thinking
    if asked is None:
        return {}
    known = to.facts.thinking
    config: dict[str, Any] = {}
    wanted = _is_wanted(asked)
    if known == "none" or (known is None and never_thinks(to.model)):
        if wanted:
            losses.lose("thinking", "this model does not think")
        return {}
    if wanted is not None:
        if known == "always":
            losses.lose("thinking", "this model cannot be told how much to think")
        elif known == "budget" or (known is None and is_before_3(to.model)):
            config["thinkingBudget"] = _budget(asked, ask.max_output, to.model)
        else:
            config["thinkingLevel"] = _level(asked, to.model)
    if asked.shown and wanted is not False:
        config["includeThoughts"] = True
    return config


def _is_wanted(asked: Thinking) -> bool | None:
    """None: the caller did not say."""
    if asked.budget is not None:
        return asked.budget != 0
    return None if asked.effort is None else asked.effort != "none"


def _budget(asked: Thinking, max_output: int | None, model: str) -> int:
    least, most = _bounds(model)
    budget = asked.budget if asked.budget is not None else _BUDGETS.get(asked.effort or "", 8192)
    if budget < 0:
        return -1  # as much as the model likes
    if max_output is not None:
        budget = min(budget, max_output - 1)
    if budget <= 0:
        return 128 if is_pro(model) else 0
    return min(max(budget, least), most)


def _bounds(model: str) -> tuple[int, int]:
    """The smallest budget beside 0, and the largest (ai.google.dev/gemini-api/docs/thinking)."""
    if is_pro(model):
        return 128, 32768
    return (512 if "lite" in bare_name(model) else 1), 24576


def _level(asked: Thinking, model: str) -> str:
    lowest = "LOW" if is_pro(model) else "MINIMAL"
    if asked.budget is None:
        level = _LEVELS.get(asked.effort or "", lowest)
        return lowest if level == "MINIMAL" else level
    if asked.budget == 0:
        return lowest
    if asked.budget < 0:
        return "HIGH"
    return next((level for most, level in _FROM_BUDGET if asked.budget <= most), "HIGH")
