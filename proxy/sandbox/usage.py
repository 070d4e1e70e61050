"""Usage as OpenAI reports it: cached ⊂ prompt; reasoning and rejected predictions ⊂ completion."""

import re

import msgspec

from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import Dice, key_of

Usage = dict[str, object]

_REASONS = re.compile(r"^(o\d|gpt-5)(?!.*chat)")
_CACHE_FROM, _CACHE_STEP = 1024, 128
_CACHED_SHARES = (0.0, 0.5, 0.8, 1.0)


def reasons(model: str) -> bool:
    """Whether a model thinks before it answers, judged by its name: o1, o4-mini, openai/gpt-5, …"""
    return _REASONS.match(model.rpartition("/")[2]) is not None


def reasoning_tokens(model: str, effort: str | None, key: bytes) -> int:
    """64 to 1,024 in steps of 64, as OpenAI counts them."""
    if not reasons(model) or effort in ("none", "minimal"):
        return 0
    return 64 * (1 + Dice(key, "reasoning").number(16))


def cached_tokens(model: str, beginning: str, prompt_tokens: int) -> int:
    """The cached share of a long prompt, in steps of 128 from 1,024 on. Prompts that begin alike share alike."""
    if prompt_tokens < _CACHE_FROM:
        return 0
    dice = Dice(key_of(model, beginning[:2048]), "cache")
    cached = int(prompt_tokens * _CACHED_SHARES[dice.number(4)]) // _CACHE_STEP * _CACHE_STEP
    return cached if cached >= _CACHE_FROM else 0


def text_usage(
    prompt: int,
    completion: int,
    *,
    cached: int = 0,
    audio: int = 0,
    reasoning: int = 0,
    accepted: int = 0,
    rejected: int = 0,
) -> Usage:
    """The usage object of chat and completions; `completion` already includes what is part of it."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": audio},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": accepted,
            "rejected_prediction_tokens": rejected,
        },
    }


def responses_usage(prompt: int, output: int, *, cached: int = 0, reasoning: int = 0) -> Usage:
    """The usage object of the Responses API; `output` already includes the reasoning."""
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": prompt + output,
    }


def reported(usage: Usage, demands: Demands) -> msgspec.Raw | None:
    """What the reply says: what was demanded, word for word, else what was counted; None for nothing at all."""
    if demands.without_usage:
        return None
    if demands.usage is not None:
        return msgspec.Raw(demands.usage.encode())
    return msgspec.Raw(msgspec.json.encode(usage))
