"""OpenAI's usage object, by the SDK's `CompletionUsage`; what we write is read back as it was."""

from openai.types import CompletionUsage

from gatewatch.call import Tokens
from gatewatch.usage.openai import read
from proxy.dialects.openai_chat.usage_write import usage_object
from tests.kit.strict_types import assert_fits


def test_the_sums_include_their_details() -> None:
    written = usage_object(
        Tokens(
            input_uncached=50,
            input_cache_read=1800,
            input_cache_write_5m=200,
            input_cache_write_1h=48,
            output=503,
            output_reasoning=400,
        )
    )
    assert_fits(written, CompletionUsage)
    assert (written["prompt_tokens"], written["completion_tokens"], written["total_tokens"]) == (2098, 503, 2601)
    assert written["prompt_tokens_details"] == {"cached_tokens": 1800, "audio_tokens": 0, "cache_write_tokens": 248}
    assert written["completion_tokens_details"] == {"reasoning_tokens": 400, "audio_tokens": 0}


def test_what_is_written_is_read_back() -> None:
    tokens = Tokens(
        input_uncached=5,
        input_cache_read=3,
        input_cache_write_5m=2,
        input_audio=4,
        input_image=1,
        output=9,
        output_reasoning=2,
        output_audio=3,
    )
    assert read(usage_object(tokens)) == tokens
