"""OpenAI's usage object and its kin: chat, completions, embeddings, responses, and most providers that speak like it.

What is inside what (API references of the providers):

- OpenAI: `prompt_tokens` (`input_tokens`) includes cached, cache-write, audio and image tokens; `completion_tokens`
  (`output_tokens`) includes reasoning, audio and rejected predictions. Cache writes count as 5m.
- DeepSeek: `prompt_tokens` = `prompt_cache_hit_tokens` + `prompt_cache_miss_tokens`.
- Mistral, OpenRouter, Groq, Together, Qwen: as OpenAI; Moonshot states `cached_tokens` beside the sums.
- LiteLLM's proxy: as OpenAI; cache writes are `prompt_tokens_details.cache_creation_tokens`. Qwen's are
  `prompt_tokens_details.cache_creation_input_tokens`.
- Mistral: audio is counted in `total_tokens` alone, and charged by `prompt_audio_seconds`.
- Perplexity: `reasoning_tokens` and `citation_tokens` stand beside the sums, the total included.
- xAI's chat: reasoning stands beside the completion; `total_tokens` shows it.
- Google's chat endpoint: thoughts stand in `total_tokens` alone.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from gatewatch.call import Tokens
from gatewatch.usage.count import count_of
from gatewatch.usage.details import Details

_PICOS_PER_USD = Decimal(10**12)
_PICOS_PER_TICK = Decimal(100)
"""xAI's ticks are 1e-10 USD."""
_TICKS = "_usd_ticks"
_BEHIND = "cost_details.upstream_inference_cost"
"""What the provider behind OpenRouter charges."""
_LARGEST_COST = 10**6 * 10**12
"""No call costs a million USD."""
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def read(usage: object, *, reasoning_outside: bool = False) -> Tokens | None:
    """The provider's usage object → disjoint classes; None where it is not whole and sound (then we estimate).

    Output that is not stated is 0 only where the stated total is all input, as in embeddings. `reasoning_outside`: how
    the provider counts reasoning where no total shows it.
    """
    if not isinstance(usage, dict):
        return None
    prompt = count_of(usage.get("prompt_tokens", usage.get("input_tokens")))
    stated = usage.get("completion_tokens", usage.get("output_tokens"))
    total = count_of(usage.get("total_tokens"))
    completion = count_of(stated)
    if not prompt or total is None or (stated is None and total != prompt):
        return None
    inside = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    outside = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    if completion is None or not isinstance(inside, dict) or not isinstance(outside, dict):
        return None
    cached = _cached(usage, inside, prompt)
    written = _written(inside)
    audio_in = count_of(inside.get("audio_tokens"))
    image_in = count_of(inside.get("image_tokens"))
    reasoning = count_of(outside.get("reasoning_tokens"))
    uncounted = count_of(usage.get("reasoning_tokens"))
    heard = count_of(usage.get("prompt_audio_seconds"))
    audio_out = count_of(outside.get("audio_tokens"))
    if cached is None or written is None or audio_in is None or image_in is None:
        return None
    if reasoning is None or audio_out is None or uncounted is None or heard is None:
        return None
    if heard and total > prompt + completion:
        audio_in += total - prompt - completion
        prompt = total - completion
    beside = _beside(prompt, completion, total, reasoning, reasoning_outside)
    if beside is None:
        return None
    completion += beside + uncounted
    reasoning = max(reasoning, beside) + uncounted
    # Cached audio and images stand in both counts; their price is the cached one.
    uncached = prompt - cached - written - audio_in - image_in
    if uncached < 0:
        overlap = min(-uncached, audio_in)
        audio_in, uncached = audio_in - overlap, uncached + overlap
        overlap = min(-uncached, image_in)
        image_in, uncached = image_in - overlap, uncached + overlap
    if uncached < 0 or reasoning + audio_out > completion:
        return None
    return Tokens(
        input_uncached=uncached,
        input_cache_read=cached,
        input_cache_write_5m=written,
        input_audio=audio_in,
        input_image=image_in,
        output=completion,
        output_reasoning=reasoning,
        output_audio=audio_out,
    )


def details(usage: object) -> Details:
    """Seconds of audio, where they are told."""
    said = usage.get("prompt_audio_seconds") if isinstance(usage, dict) else None
    return Details(audio_seconds=None if said is None else count_of(said))


def reported_cost(usage: object, field: str) -> int | None:
    """What the provider says the call cost: picodollars, rounded half-even; None where it says nothing sensible.

    `usage`: the parsed object, or its JSON as bytes or `msgspec.Raw`, which is read exactly. `field` may be a path
    (`cost.total_cost`); one that ends in `_usd_ticks` counts 1e-10 USD. Where the call went with a key of one's own
    (`is_byok`), it is the router's fee, and what the provider behind it charges is added; None where that is not told.
    """
    if isinstance(usage, bytes | msgspec.Raw):
        try:
            usage = _decode(usage)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidOperation):
            return None
    picos = _picos_at(usage, field)
    if picos is not None and isinstance(usage, dict) and usage.get("is_byok") is True:
        behind = _picos_at(usage, _BEHIND)
        return None if behind is None else picos + behind
    return picos


def _picos_at(usage: object, field: str) -> int | None:
    said: Any = usage
    for name in field.split("."):
        said = said.get(name) if isinstance(said, dict) else None
    amount = _decimal(said)
    if amount is None or not amount.is_finite() or amount < 0 or amount.adjusted() > 30:
        return None
    picos = int((amount * (_PICOS_PER_TICK if field.endswith(_TICKS) else _PICOS_PER_USD)).to_integral_value())
    return picos if picos < _LARGEST_COST else None


def _written(inside: dict[str, Any]) -> int | None:
    """Cache writes, whatever they are called."""
    for name in ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens"):
        if inside.get(name):
            return count_of(inside[name])
    return 0


def _cached(usage: dict[str, Any], inside: dict[str, Any], prompt: int) -> int | None:
    """Cache hits, wherever they are stated; None where two places disagree or hits and misses are not the prompt."""
    hits, misses = usage.get("prompt_cache_hit_tokens"), usage.get("prompt_cache_miss_tokens")
    if hits is not None and misses is not None:
        hit, miss = count_of(hits), count_of(misses)
        if hit is None or miss is None or hit + miss != prompt:
            return None
    counts = [count_of(each) for each in (inside.get("cached_tokens"), hits, usage.get("cached_tokens"))]
    stated = {count for count in counts if count != 0}
    if not stated:
        return 0
    return stated.pop() if len(stated) == 1 else None


def _beside(prompt: int, completion: int, total: int, reasoning: int, outside: bool) -> int | None:
    """Output tokens that the completion does not count, as the total shows; None where the total fits nothing."""
    if not total:
        return reasoning if outside else 0
    beyond = total - prompt - completion
    if beyond == 0:
        return 0
    if reasoning:
        return reasoning if beyond == reasoning else None
    return beyond if beyond > 0 else None


def _decimal(said: object) -> Decimal | None:
    if isinstance(said, bool) or not isinstance(said, Decimal | int | float | str):
        return None
    if isinstance(said, str) and len(said) > 40:
        return None
    try:
        return said if isinstance(said, Decimal) else Decimal(str(said))  # a float's text is the shortest that is it
    except InvalidOperation:
        return None
