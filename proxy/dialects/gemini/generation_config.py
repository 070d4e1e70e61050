"""Sampling, length and shape of the reply → Google's `generationConfig`."""

from typing import Any

from proxy.canonical.ask import Ask, Format
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Image
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.model_generation import is_before_3
from proxy.dialects.gemini.thinking import thinking_config

_MOST_STOPS = 5
_MOST_CANDIDATES = 8


def generation_config(ask: Ask, to: Destination, losses: Losses) -> dict[str, Any]:
    """Empty where the caller leaves everything to the provider. Raises Refusal through `losses`."""
    config: dict[str, Any] = {}

    def tell(field: str, name: str, value: object) -> None:
        if value is None:
            return
        if name in to.quirks.refuses:
            losses.lose(field, "it refuses it")
        else:
            config[name] = value

    tell("max_output", "maxOutputTokens", _within(ask.max_output, to.facts.max_output))
    tell("temperature", "temperature", ask.temperature)
    tell("top_p", "topP", ask.top_p)
    tell("top_k", "topK", ask.top_k)
    if len(ask.stop) > _MOST_STOPS:
        losses.lose("stop", f"more than {_MOST_STOPS} stop sequences")
    tell("stop", "stopSequences", ask.stop[:_MOST_STOPS] or None)
    tell("seed", "seed", ask.seed)
    if ask.n is not None and ask.n > _MOST_CANDIDATES:
        losses.lose("n", f"more than {_MOST_CANDIDATES} replies")
    elif ask.n != 1:
        tell("n", "candidateCount", ask.n)
    tell("presence_penalty", "presencePenalty", ask.presence_penalty or None)
    tell("frequency_penalty", "frequencyPenalty", ask.frequency_penalty or None)
    if ask.logprobs:
        tell("logprobs", "responseLogprobs", True)
        tell("top_logprobs", "logprobs", ask.top_logprobs or None)
    if ask.format:
        _add_format(config, ask, ask.format, to, losses)
    if thinking := thinking_config(ask, to, losses):
        tell("thinking", "thinkingConfig", thinking)
    tell("detail", "mediaResolution", _media_resolution(ask))
    return config


def _within(asked: int | None, most: int | None) -> int | None:
    """More than a model can say is refused, and means no more than all it can say."""
    return asked if asked is None or most is None else min(asked, most)


def _add_format(config: dict[str, Any], ask: Ask, wanted: Format, to: Destination, losses: Losses) -> None:
    """`strict` is no loss: what is generated always follows the schema. The name is a label that nobody sees."""
    if ask.tools and is_before_3(to.model):
        losses.lose("format", "this model takes no format together with tools")
        return
    config["responseMimeType"] = "application/json"
    if wanted.kind != "schema" or wanted.schema is None:
        return
    if not to.quirks.json_schema:
        losses.lose("format", "it takes no JSON schema")
        return
    schema = wanted.schema
    if wanted.description and "description" not in schema:
        schema = {**schema, "description": wanted.description}
    config["responseJsonSchema"] = schema


def _media_resolution(ask: Ask) -> str | None:
    """One for the request: the highest that is asked for, and low only where no image asks for more."""
    details = {part.detail or "auto" for turn in ask.turns for part in turn.parts if isinstance(part, Image)}
    if "high" in details:
        return "MEDIA_RESOLUTION_HIGH"
    return "MEDIA_RESOLUTION_LOW" if details == {"low"} else None
