"""What a usage object tells beyond the token classes."""

from gatewatch.call import Tokens
from gatewatch.usage.details import together


def test_tokens_of_several_requests_add_up_class_by_class() -> None:
    first = Tokens(input_uncached=100, input_cache_read=7, output=20, output_reasoning=5)
    second = Tokens(input_uncached=11, input_cache_write_1h=3, output=2, output_audio=1)
    whole = Tokens(
        input_uncached=111,
        input_cache_read=7,
        input_cache_write_1h=3,
        output=22,
        output_reasoning=5,
        output_audio=1,
    )
    assert together(first, second) == whole
    assert together(first) == first
