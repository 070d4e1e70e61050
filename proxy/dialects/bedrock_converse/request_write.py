"""A canonical request → the body of Converse. The model stands in the path, whether it streams too.

Cache points are hints, for models that know them; the caller's user is the gateway's to attribute.
"""

from typing import Any

import msgspec

from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.canonical.others import lose_others
from proxy.dialects.bedrock_converse.families import Family, family
from proxy.dialects.bedrock_converse.messages_write import MessagesWriter
from proxy.dialects.bedrock_converse.thinking_write import REPLY_ROOM, Told, write_thinking
from proxy.dialects.bedrock_converse.tools_write import tool_config
from proxy.dialects.dialect import Destination

_TIERS = {"flex": "flex", "priority": "priority", "reserved": "reserved", "standard": None, "standard_only": None}
"""Tier of the canonical form → Bedrock's; None: it is the usual one."""
_STOP_SEQUENCE = "/stop_sequence"
"""Where Claude's own reply says which stop sequence it met."""
_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")


def write(ask: Ask, to: Destination, losses: Losses) -> bytes:
    """Raises Refusal through `losses`."""
    return msgspec.json.encode(_request(ask, to, losses))


def write_count(ask: Ask, to: Destination, losses: Losses) -> bytes:
    """The body of CountTokens. Raises Refusal through `losses`."""
    request = _request(ask, to, losses)
    return msgspec.json.encode({"input": {"converse": {name: request[name] for name in _COUNTED if name in request}}})


def _request(ask: Ask, to: Destination, losses: Losses) -> dict[str, Any]:
    model = family(to.model)
    lose_others(ask, losses)
    _lose_unknown(ask, losses)
    messages = MessagesWriter(model, losses, images=to.quirks.images)
    messages.add(ask.turns)
    body: dict[str, Any] = {"messages": messages.messages}
    if messages.system:
        body["system"] = messages.system
    if tools := tool_config(ask, messages, model, losses):
        body["toolConfig"] = tools
    told = write_thinking(ask, to, model, losses)
    if config := _inference_config(ask, model, told, losses):
        body["inferenceConfig"] = config
    if fields := told.fields | _top_k(ask, model, told, losses):
        body["additionalModelRequestFields"] = fields
    if output := _output_config(ask, to, model, told, losses):
        body["outputConfig"] = output
    if ask.stop and model.claude:
        body["additionalModelResponseFieldPaths"] = [_STOP_SEQUENCE]
    if tier := _tier(ask, losses):
        body["serviceTier"] = {"type": tier}
    for name in to.quirks.refuses:
        if name in body:
            losses.lose(name)
            del body[name]
    return body


def _lose_unknown(ask: Ask, losses: Losses) -> None:
    if ask.n is not None and ask.n > 1:
        losses.lose("n", "a reply is one")
    for name in ("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"):
        if getattr(ask, name):
            losses.lose(name)
    if ask.seed is not None:
        losses.lose("seed")


def _inference_config(ask: Ask, model: Family, told: Told, losses: Losses) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if ask.max_output is not None:
        config["maxTokens"] = ask.max_output
    elif told.budget:
        config["maxTokens"] = told.budget + REPLY_ROOM
    if ask.temperature is not None:
        if why := _no_temperature(ask.temperature, model, told):
            losses.lose("temperature", why)
        elif model.sampling:
            config["temperature"] = ask.temperature
    if ask.top_p is not None and ask.top_p != 1:
        if why := _no_top_p(ask.top_p, model, told, beside="temperature" in config):
            losses.lose("top_p", why)
        else:
            config["topP"] = ask.top_p
    stops = [each for each in ask.stop if each.strip()]
    if len(stops) < len(ask.stop):
        losses.lose("stop", "a sequence of white space alone is refused there")
    if stops:
        config["stopSequences"] = stops
    return config


def _no_temperature(asked: float, model: Family, told: Told) -> str:
    """Why it cannot be said; empty: it can."""
    if asked > 1:
        return "it goes from 0 to 1 there"
    if not model.sampling and asked != 1:
        return "this model takes no sampling parameters"
    return "a model that thinks does not take it" if told.thinks and asked != 1 else ""


def _no_top_p(asked: float, model: Family, told: Told, *, beside: bool) -> str:
    if not model.sampling:
        return "this model takes no sampling parameters"
    if told.thinks and asked < 0.95:
        return "a model that thinks takes 0.95 to 1"
    return "this model takes it or temperature, not both" if beside and model.one_of_sampling else ""


def _top_k(ask: Ask, model: Family, told: Told, losses: Losses) -> dict[str, Any]:
    if ask.top_k is None:
        return {}
    if model.top_k is None or not model.sampling:
        losses.lose("top_k", "this model does not take it")
    elif told.thinks:
        losses.lose("top_k", "a model that thinks does not take it")
    else:
        return {"top_k": ask.top_k} if model.top_k == "claude" else {"inferenceConfig": {"topK": ask.top_k}}
    return {}


def _output_config(ask: Ask, to: Destination, model: Family, told: Told, losses: Losses) -> dict[str, Any]:
    """`strict` is no loss: what is generated always follows the schema."""
    config: dict[str, Any] = {"effort": told.effort} if told.effort else {}
    wanted = ask.format
    if wanted is None:
        return config
    if wanted.schema is None:
        losses.lose("format", "it promises JSON only by a schema")
    elif not model.schemas or not to.quirks.json_schema:
        losses.lose("format", "this model takes no schema of the reply")
    else:
        schema = {"schema": msgspec.json.encode(wanted.schema).decode(), "name": wanted.name}
        if wanted.description:
            schema["description"] = wanted.description
        config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    return config


def _tier(ask: Ask, losses: Losses) -> str | None:
    if ask.service_tier in (None, "auto", "default"):
        return None
    if ask.service_tier not in _TIERS:
        losses.lose("service_tier", f"it has no tier {ask.service_tier!r}")
    return _TIERS.get(ask.service_tier or "")
