"""The words of Messages."""

import typing

from gatewatch.call import Tokens
from gatewatch.usage import anthropic
from proxy.canonical.answer import Finish
from proxy.canonical.ask import Ask
from proxy.dialects.anthropic_messages.vocabulary import FINISHES, NAMES, STOP_REASONS, usage_of


def test_every_end_of_a_reply_has_a_word() -> None:
    assert STOP_REASONS.keys() == set(typing.get_args(Finish))


def test_every_word_of_the_api_is_understood(sdk: typing.Any) -> None:
    assert FINISHES.keys() == set(typing.get_args(sdk.types.StopReason))


def test_names_are_those_of_fields() -> None:
    assert NAMES.keys() <= set(Ask.__struct_fields__)


def test_usage_that_is_written_reads_as_the_same_tokens() -> None:
    tokens = Tokens(
        input_uncached=50,
        input_cache_read=1800,
        input_cache_write_5m=200,
        input_cache_write_1h=48,
        output=503,
        output_reasoning=100,
    )
    usage = usage_of(tokens, searches=2)
    assert (anthropic.read(usage), anthropic.searches(usage)) == (tokens, 2)


def test_sound_and_pictures_are_input_like_any_other() -> None:
    assert usage_of(Tokens(input_uncached=1, input_audio=2, input_image=4))["input_tokens"] == 7
