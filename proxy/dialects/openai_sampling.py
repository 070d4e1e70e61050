"""Sampling for OpenAI's models that think: they answer `temperature` and `top_p` other than 1 with an error.

By developers.openai.com/api/docs/guides/latest-model ("parameter compatibility"): the o series and GPT-5 always, from
GPT-5.1 on unless the effort is `none`, which theirs is where nothing is said.
"""

import re

from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination

_ALWAYS = re.compile(r"(?:^|[/.:-])(?:o[134]|gpt-5|codex-mini)(?![\w.])")
_UNLESS_TOLD = re.compile(r"(?:^|[/.:-])gpt-(?:5\.|[6-9])")
_WHY = "a model that thinks does not take it"


def sampling(ask: Ask, to: Destination, effort: str | None, losses: Losses) -> dict[str, float]:
    """`temperature` and `top_p` as far as the model takes them. Raises Refusal through `losses`."""
    said = {name: value for name in ("temperature", "top_p") if (value := getattr(ask, name)) is not None}
    if not said or not _thinks(to, effort):
        return said
    for name, value in said.items():
        if value != 1:
            losses.lose(name, _WHY)
    return {name: value for name, value in said.items() if value == 1}


def _thinks(to: Destination, effort: str | None) -> bool:
    if to.facts.thinking not in ("adaptive", "always"):
        return False
    model = to.model.lower()
    if _UNLESS_TOLD.search(model):
        return effort not in (None, "none")
    return _ALWAYS.search(model) is not None
