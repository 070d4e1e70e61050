from typing import get_args

from gatewatch.providers.dialects import DIALECTS, WORKING_DIALECTS, Dialect


def test_all_five_dialects_are_spoken() -> None:
    """ARCHITECTURE.md §9."""
    promised = "openai-chat openai-responses anthropic-messages gemini bedrock-converse"
    assert promised.split() == list(DIALECTS) == list(get_args(Dialect)) == list(WORKING_DIALECTS)
