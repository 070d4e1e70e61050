"""A conversation that another dialect's provider answered before goes on at a provider that speaks chat."""

from typing import Any

import pytest

from proxy.dialects.openai_chat.foreign_state import without_foreign_state

FOREIGN_TEXT = {"type": "reasoning.text", "text": "Hm.", "signature": "gw1.anthropic-messages.abc", "index": 0}
FOREIGN_BLOB = {"type": "reasoning.encrypted", "data": "gw1.openai-responses.abc", "index": 1}
OWN = {"type": "reasoning.text", "text": "So.", "signature": "bare", "index": 0}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SEALED = CALL | {"extra_content": {"google": {"thought_signature": "gw1.gemini.x"}}}
GOOGLES = CALL | {"extra_content": {"google": {"thought_signature": "bare"}}}


def cleaned(message: dict[str, Any], reasoning_field: str = "") -> dict[str, Any]:
    message = {"role": "assistant", "content": "Yes."} | message
    before = dict(message)
    (after,) = without_foreign_state([message], reasoning_field)
    assert message == before
    return {name: value for name, value in after.items() if name not in ("role", "content")}


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "hi"}],
        [{"role": "assistant", "content": "x", "reasoning_content": "Hm.", "reasoning_details": [OWN]}],
        [{"role": "assistant", "content": None, "tool_calls": [CALL, GOOGLES]}],
        ["noise", {"tool_calls": "x"}, {"reasoning_details": 5}, {"tool_calls": [1, {"extra_content": 2}]}],
        "not even a list",
        None,
    ],
)
def test_what_nobody_else_sealed_passes_as_it_is(messages: Any) -> None:
    assert without_foreign_state(messages, "") is messages


def test_thoughts_that_another_dialect_sealed_are_taken_out_with_their_plain_words() -> None:
    assert cleaned({"reasoning_content": "Hm.", "reasoning_details": [FOREIGN_TEXT, FOREIGN_BLOB]}) == {}
    assert cleaned({"thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "gw1.gemini.s"}]}) == {}
    assert cleaned({"reasoning_details": [FOREIGN_BLOB, OWN]}) == {"reasoning_details": [OWN]}


def test_plain_words_stay_for_a_provider_that_takes_them() -> None:
    message = {"reasoning_content": "Hm.", "reasoning_details": [FOREIGN_TEXT]}
    assert cleaned(message, "reasoning_content") == {"reasoning_content": "Hm."}


def test_a_call_that_another_dialect_sealed_stays_a_call() -> None:
    assert cleaned({"tool_calls": [SEALED, GOOGLES]}) == {"tool_calls": [CALL, GOOGLES]}
