"""The rows of the table, in their order, and what the sandbox is told to answer in each."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from tests.conformance.dialects import told

PLAIN, STREAM = "plain", "stream"
BOTH = (PLAIN, STREAM)


class Feature(NamedTuple):
    """One row."""

    id: str
    title: str
    demands: Mapping[str, str]
    """Headers of the request, without `x-sandbox-`."""
    modes: tuple[str, ...] = BOTH


_said = {"text": json.dumps(told.TEXT)}
_calls = {"calls": json.dumps([{"name": name, "arguments": arguments} for name, arguments in told.CALLS])}
_first_call = {"calls": json.dumps([{"name": told.TOOL, "arguments": told.ARGUMENTS[0]}])}
_thoughts = {"thinking": json.dumps(told.THOUGHTS)}
_CUSTOM = {"name": told.CUSTOM_TOOL, "arguments": told.FREE_TEXT}
_NOTHING: dict[str, str] = {}


def _fault(name: str) -> dict[str, str]:
    return {"fault": name}


GROUPS: dict[str, list[Feature]] = {
    "Prompt and reply": [
        Feature("text", "text", _said),
        Feature("system", "system prompt", _said),
        Feature("developer", "developer prompt", _said),
        Feature("turns", "multi-turn", _said),
        Feature("stream", "stream", _said, (STREAM,)),
    ],
    "Length and sampling": [
        Feature("max_output", "max output", _said),
        Feature("temperature", "temperature", _said),
        Feature("top_p", "`top_p`", _said),
        Feature("top_k", "`top_k`", _said),
        Feature("stop", "stop sequences", _said),
        Feature("seed", "seed", _said),
        Feature("n", "`n`", _said),
        Feature("penalties", "presence and frequency penalty", _said),
        Feature("logprobs", "logprobs", _said),
    ],
    "Tools": [
        Feature("tools", "tools", _first_call),
        Feature("choice_auto", "tool choice: auto", _first_call),
        Feature("choice_none", "tool choice: none", _said),
        Feature("choice_required", "tool choice: required", _NOTHING),
        Feature("choice_named", "tool choice: named", _NOTHING),
        Feature("parallel", "two calls in one reply, with deltas of arguments", _said | _calls),
        Feature("parallel_off", "switching parallel calls off", _first_call),
        Feature("result_text", "tool results: text", _said),
        Feature("result_image", "tool results: image", _said),
        Feature("result_error", "tool results: error", _said),
    ],
    "Images, files, sound": [
        Feature("image_url", "image by URL", _said),
        Feature("image_base64", "image in base64", _said),
        Feature("pdf_base64", "PDF in base64", _said),
        Feature("pdf_url", "PDF by URL", _said),
        Feature("audio", "audio", _said),
    ],
    "Form of the reply": [
        Feature("json_schema", "JSON schema", {"text": json.dumps(told.JSON_TEXT)}),
        Feature("json_mode", "JSON mode", {"text": json.dumps(told.JSON_TEXT)}),
    ],
    "Thinking": [
        Feature("effort", "reasoning effort", _said),
        Feature("budget", "reasoning budget", _said),
        Feature("thoughts", "thinking shown", _said | _thoughts),
        Feature("round_trip", "thinking sent back with tool results", _said | _thoughts | _first_call),
    ],
    "Caching and usage": [
        Feature("cache_marks", "prompt-cache markers", _said),
        Feature("usage", "usage", _said, (PLAIN,)),
        Feature("usage_streamed", "usage of a stream", _said, (STREAM,)),
        Feature("cached_usage", "cached tokens in usage", _said),
        Feature("cache_key", "`prompt_cache_key`", _said),
    ],
    "Why a reply ends": [
        Feature("length", "max output", _said | {"finish": "length"}),
        Feature("content_filter", "a content filter", _said | {"finish": "content_filter"}),
        Feature("refusal", "the model declines", {"finish": "refusal"}),
        Feature("stop_sequence", "a stop sequence", _said | {"stop-sequence": json.dumps(told.STOP[0])}),
    ],
    "What only some know": [
        Feature("custom_tools", "tools that take free text", {"calls": json.dumps([_CUSTOM])}, (PLAIN,)),
        Feature("hosted_tools", "tools that the provider runs", _said, (PLAIN,)),
        Feature("state", "state that the provider keeps", _said, (PLAIN,)),
        Feature("names", "names of speakers", _said, (PLAIN,)),
        Feature("detail", "detail of images", _said, (PLAIN,)),
        Feature("verbosity", "verbosity", _said, (PLAIN,)),
        Feature("logit_bias", "logit bias", _said, (PLAIN,)),
        Feature("unknown", "unknown fields", _said, (PLAIN,)),
    ],
    "Else": [
        Feature("citations", "citations of web pages", _said | {"citations": json.dumps([told.CITATION])}),
        Feature("cite_files", "citations of the request's files", _said),
        Feature("user", "user", _said),
        Feature("metadata", "metadata", _said),
        Feature("default_tier", "service tier: default", _said),
        Feature("priority", "service tier: priority", _said),
        Feature("flex", "service tier: flex", _said),
        Feature("request_ids", "request ids", _said),
    ],
    "Errors": [
        Feature("bad_request", "400: a parameter is wrong", _NOTHING),
        Feature("too_long", "400: the prompt is too long", _fault("fault-400")),
        Feature("key_refused", "the gateway's key is refused", _fault("fault-401")),
        Feature("no_model", "404: no such model", _fault("fault-404")),
        Feature("rate_limit", "429 with Retry-After", _fault("fault-429") | {"retry-after": "7"}),
        Feature("server_error", "500", _fault("fault-500")),
        Feature("overloaded", "529: overloaded", _fault("fault-529")),
        Feature("ok_with_error", "an error with status 200", _fault("fault-200-error")),
        Feature("cut", "a reply that is cut off", _said | _fault("fault-cut-stream")),
        Feature("error_event", "an error event in a stream", _said | _fault("fault-error-event"), (STREAM,)),
    ],
}

FEATURES = {feature.id: feature for rows in GROUPS.values() for feature in rows}
PASSED_ON = frozenset({"hosted_tools", "state", "unknown"})
"""Features that pass where caller and provider speak the same; what the provider makes of them is its own matter."""
ERRORS = tuple(feature.id for feature in GROUPS["Errors"])
