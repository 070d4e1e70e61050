"""Receive: what a request's body says, understood by every reader alike."""

from typing import Any

import jiter
import msgspec

from gatewatch.redact import redact
from proxy.refusal import Refusal, bad_request

_WHERE_TO = frozenset(
    {"api_base", "base_url", "api_key", "azure_endpoint", "custom_host", "aws_bedrock_runtime_endpoint"}
)
"""Fields by which LiteLLM and its like let a request choose its upstream (CVE-2024-6587): one of them may be ours."""


def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object that every reader understands alike: no duplicate keys, no NaN, no number out of range."""
    try:
        value = jiter.from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False)
        msgspec.json.decode(raw)  # refuses numbers out of range, which jiter turns into infinity; 0.6 µs per kB
    except ValueError as error:
        raise bad_request("invalid_json", f"The body is not valid JSON: {_told(error)}") from None
    if not isinstance(value, dict):
        raise bad_request("invalid_json", "The body is not a JSON object.")
    if named := _WHERE_TO.intersection(value):
        name = min(named)
        raise bad_request("upstream_override", f"A request may not say where it goes: {name!r}.", param=name)
    return value


def _told(error: ValueError) -> str:
    """What is wrong; a duplicate key's name is the caller's text and may be of any length."""
    text = str(error)
    return redact(text if len(text) <= 200 else f"{text[:100]}…{text[-60:]}")


def required_model(body: dict[str, Any]) -> str:
    """The model's name. Raises Refusal."""
    model = body.get("model")
    if model is None:
        raise Refusal(400, "invalid_model", "The request names no 'model'; GET /v1/models lists them.", param="model")
    if not isinstance(model, str) or not model or len(model) > 256 or not model.isprintable():
        raise Refusal(400, "invalid_model", "'model' must be a name of 1 to 256 printable characters.", param="model")
    return model
