"""Reasons of google-genai 3.4's `FinishReason`."""

import pytest

from proxy.dialects.gemini.finish import finish_of


def test_a_natural_end_is_a_stop_or_calls() -> None:
    assert finish_of("STOP", False) == "stop"
    assert finish_of("STOP", True) == "tool_calls"


def test_no_more_room_is_length() -> None:
    assert finish_of("MAX_TOKENS", True) == "length"


@pytest.mark.parametrize("reason", [None, "", "FINISH_REASON_UNSPECIFIED"])
def test_no_reason_is_no_end(reason: str | None) -> None:
    assert finish_of(reason, False) is None


@pytest.mark.parametrize(
    "reason",
    [
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "LANGUAGE",
        "OTHER",
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "A_REASON_OF_TOMORROW",
    ],
)
def test_what_is_not_whole_is_never_taken_for_an_answer(reason: str) -> None:
    assert finish_of(reason, False) == "content_filter"
    assert finish_of(reason, True) == "content_filter"
