"""What each cell of the table must be, written by hand. A cell that changes its verdict fails its test.

Where nothing stands here, the feature passes. Reasons are told to people as footnotes.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tests.conformance.dialects.heard import Caller
from tests.conformance.dialects.provider import Provider

PASSED = "passed"
DROPPED = "dropped"
"""A 400 that names the parameter; where the route drops parameters, the call passes and a header names it."""
REFUSED = "refused"
"""A 400 that names the parameter, whatever the route says."""
UNSAID = "–"
"""The caller's API has no words for it."""


class Loss(NamedTuple):
    """A feature that some providers cannot be told."""

    features: tuple[str, ...]
    providers: tuple[str, ...]
    why: str
    verdict: str = DROPPED


class Note(NamedTuple):
    """What is to be known of cells that pass."""

    features: tuple[str, ...]
    providers: tuple[str, ...]
    text: str
    callers: tuple[str, ...] = ()
    """Empty: all."""


OPENAI = ("chat", "responses")
ANYBODY = ("chat", "responses", "messages", "gemini", "bedrock")
STRAIGHT = frozenset({("chat", "chat"), ("completions", "chat"), ("responses", "responses"), ("messages", "messages")})
"""Caller and provider that speak the same: requests and replies pass as they are."""

LOSSES = [
    Loss(("top_k",), OPENAI, "OpenAI's models take no `top_k`."),
    Loss(("stop", "stop_sequence"), ("responses",), "The Responses API has no stop sequences."),
    Loss(("seed", "penalties"), ("responses", "messages", "bedrock"), "This API has no such parameter."),
    Loss(("n",), ("responses", "messages", "bedrock"), "This API gives one reply."),
    Loss(("logprobs",), ("messages", "bedrock"), "This API tells no probabilities."),
    Loss(("parallel_off",), ("gemini", "bedrock"), "The model decides itself how many tools it calls at once."),
    Loss(("image_url", "pdf_url"), ("bedrock",), "Bedrock fetches nothing, and neither does the gateway.", REFUSED),
    Loss(("pdf_url",), ("chat",), "Chat Completions take files in the request; the gateway fetches nothing.", REFUSED),
    Loss(("audio",), ("messages",), "Anthropic's models take no sound.", REFUSED),
    Loss(("json_mode",), ("messages", "bedrock"), "This API promises JSON by a schema alone."),
    Loss(("cite_files",), ("chat", "responses", "gemini"), "This API does not cite files of a request."),
    Loss(("flex",), ("messages",), "Anthropic has no such tier."),
    Loss(("hosted_tools",), ANYBODY, "A tool that one provider runs cannot be asked of another."),
    Loss(("state",), ANYBODY, "What one provider keeps is not known to another.", REFUSED),
    Loss(("names",), ("responses", "messages", "gemini", "bedrock"), "Messages do not name their speakers there."),
    Loss(("detail",), ("messages", "bedrock"), "Images have no level of detail there."),
    Loss(("logit_bias",), ("responses", "messages", "gemini", "bedrock"), "This API has no such parameter."),
    Loss(("unknown",), ANYBODY, "What is not known cannot be translated."),
]

NOTES = [
    Note(("developer",), ("messages", "gemini", "bedrock"), "A system prompt there."),
    Note(("top_k",), ("chat",), "No parameter of OpenAI's: for providers that take it, it passes as it is.", ("chat",)),
    Note(("temperature", "top_p"), ("messages", "bedrock"), "Depends on the model: see below."),
    Note(("top_k",), ("messages", "bedrock"), "Depends on the model: see below."),
    Note(("n",), ("gemini",), "Up to 8: see below."),
    Note(("choice_none",), ("bedrock",), "The tools are left out. Where some were called before: see below."),
    Note(("parallel",), ("gemini",), "Gemini says the arguments of a call at once."),
    Note(("result_image",), ("chat",), "In a user's message behind the result: tool messages are text."),
    Note(("result_error",), OPENAI, "In the result's words, which begin with `Error:`."),
    Note(("image_url", "pdf_url"), ("gemini",), "By HTTPS; Vertex wants an ending that tells what it is."),
    Note(("pdf_base64",), ("gemini",), "Its name stands before it as text."),
    Note(("json_schema",), ("messages",), "Objects that leave it open are closed (`additionalProperties: false`)."),
    Note(("json_schema",), ("gemini",), "Depends on the model: see below."),
    Note(("effort",), ("messages", "gemini", "bedrock"), "Models that take a budget get one: see below."),
    Note(("budget",), OPENAI, "As an effort: up to 1,024 tokens `low`, up to 8,192 `medium`, more `high`."),
    Note(("budget",), ("messages", "gemini", "bedrock"), "Models that take an effort get one: see below."),
    Note(("budget", "thoughts"), ("chat",), "No parameter of OpenAI's: it passes as it is.", ("chat",)),
    Note(
        ("thoughts",), ("chat",), "As far as the provider shows them (`reasoning_content`).", ("responses", "messages")
    ),
    Note(
        ("round_trip",),
        ("chat",),
        "Text and calls; thoughts where the provider takes them (`quirks.reasoning_field`).",
        ("responses", "messages"),
    ),
    Note(("cache_marks",), ("chat", "responses", "gemini"), "It caches by itself: a mark is a hint.", ("messages",)),
    Note(("cache_marks",), ("gemini",), "It caches by itself: a mark is a hint.", OPENAI),
    Note(("cache_marks",), ("chat",), "It caches by itself: a mark is a hint.", ("responses",)),
    Note(("cache_marks",), ("responses",), "It caches by itself: a mark is a hint.", ("chat",)),
    Note(("cache_key",), ("messages", "gemini", "bedrock"), "A hint of OpenAI's: nothing is lost without it."),
    Note(
        ("custom_tools",),
        ("messages", "gemini", "bedrock"),
        "Tools take JSON there: it is one that takes a text, and its grammar stands in its description.",
    ),
    Note(("verbosity",), ("messages", "gemini", "bedrock"), "A hint of style: it is left out there."),
    Note(("usage", "usage_streamed", "cached_usage"), ("bedrock",), "Reasoning is not counted apart."),
    Note(("content_filter",), ("messages",), "Anthropic says `refusal` for it."),
    Note(("refusal",), ("bedrock",), "Bedrock says that the content was filtered.", ("chat", "responses")),
    Note(
        ("stop_sequence",),
        ("chat", "gemini"),
        "It does not say which, so the reply ends with `end_turn`.",
        ("messages",),
    ),
    Note(("user",), ("gemini", "bedrock"), "It has no such field; the call's row has it."),
    Note(
        ("metadata",),
        ANYBODY,
        "The gateway's: it is in the call's row, and not told.",
        ("chat", "responses", "messages", "completions"),
    ),
    Note(("priority",), ("messages",), "As `auto`: Anthropic grants it by contract."),
    Note(("detail",), ("gemini",), "For all images of the request: the highest that one asks for."),
    Note(("ok_with_error",), ("bedrock",), "Told as a reply that is none: `upstream_invalid`."),
]


def loss(caller: Caller, provider: Provider, feature: str) -> Loss | None:
    """Why this cell does not pass; None where it does, or there is nothing to say."""
    if feature in caller.unsaid or (caller.id, provider.id) in STRAIGHT:
        return None
    return next((each for each in LOSSES if feature in each.features and provider.id in each.providers), None)


def verdict(caller: Caller, provider: Provider, feature: str) -> str:
    if feature in caller.unsaid:
        return UNSAID
    found = loss(caller, provider, feature)
    return found.verdict if found else PASSED


def notes(caller: Caller, provider: Provider, feature: str) -> Sequence[str]:
    """Of a cell that passes. Where it passes straight, only what is said of that caller alone."""
    everybody = () if (caller.id, provider.id) in STRAIGHT else (caller.id,)
    said = [note for note in NOTES if feature in note.features and provider.id in note.providers]
    return [note.text for note in said if caller.id in (note.callers or everybody)]
