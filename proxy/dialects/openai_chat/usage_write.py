"""What a call used, as OpenAI's usage object says it: details are inside their sums."""

from typing import Any

from gatewatch.call import Tokens


def usage_object(tokens: Tokens) -> dict[str, Any]:
    prompt, completion = tokens.input, tokens.output
    inside: dict[str, int] = {"cached_tokens": tokens.input_cache_read, "audio_tokens": tokens.input_audio}
    if written := tokens.input_cache_write_5m + tokens.input_cache_write_1h:
        inside["cache_write_tokens"] = written
    if tokens.input_image:
        inside["image_tokens"] = tokens.input_image
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": inside,
        "completion_tokens_details": {
            "reasoning_tokens": tokens.output_reasoning,
            "audio_tokens": tokens.output_audio,
        },
    }
