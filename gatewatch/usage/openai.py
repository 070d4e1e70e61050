"""OpenAI's usage object and its kin: chat, completions, embeddings, responses, and most providers that speak like it.

Semantics (OpenAI API reference): `prompt_tokens` (`input_tokens`) includes cached, cache-write, audio and image tokens;
`completion_tokens` (`output_tokens`) includes reasoning, audio and rejected predictions. Cache writes count as 5m.
"""

from gatewatch.call import Tokens
from gatewatch.usage.count import count_of


def read(usage: object) -> Tokens | None:
    """The provider's usage object → disjoint classes; None where it is not whole and sound (then we estimate).

    Output that is not stated is 0 only where the stated total is all input, as in embeddings.
    """
    if not isinstance(usage, dict):
        return None
    prompt = count_of(usage.get("prompt_tokens", usage.get("input_tokens")))
    stated = usage.get("completion_tokens", usage.get("output_tokens"))
    completion = count_of(stated)
    if not prompt or (stated is None and usage.get("total_tokens") != prompt):
        return None
    inside = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    outside = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    if completion is None or not isinstance(inside, dict) or not isinstance(outside, dict):
        return None
    cached = count_of(inside.get("cached_tokens") or usage.get("prompt_cache_hit_tokens"))
    written = count_of(inside.get("cache_write_tokens", 0))
    audio_in = count_of(inside.get("audio_tokens", 0))
    image_in = count_of(inside.get("image_tokens", 0))
    reasoning = count_of(outside.get("reasoning_tokens", 0))
    audio_out = count_of(outside.get("audio_tokens", 0))
    counts = (cached, written, audio_in, image_in, reasoning, audio_out)
    if any(count is None for count in counts):
        return None
    if reasoning and usage.get("total_tokens") == prompt + completion + reasoning:
        completion += reasoning  # xAI counts it beside the completion
    uncached = prompt - sum(count or 0 for count in counts[:4])
    if uncached < 0 and audio_in:  # cached audio stands in both counts; its price is the cached one
        overlap = min(-uncached, audio_in)
        audio_in -= overlap
        uncached += overlap
    if uncached < 0 or (reasoning or 0) + (audio_out or 0) > completion:
        return None
    return Tokens(
        input_uncached=uncached,
        input_cache_read=cached or 0,
        input_cache_write_5m=written or 0,
        input_audio=audio_in or 0,
        input_image=image_in or 0,
        output=completion,
        output_reasoning=reasoning or 0,
        output_audio=audio_out or 0,
    )
