"""A check that cannot fail is worthless: what the walk must refuse."""

from typing import Any

import anthropic.types
import openai.types.chat
import pytest
from anthropic.types import message_create_params
from google.genai import types as google

from tests.kit.strict_types import misfits

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [{"type": "text", "text": "Hi."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}


def test_what_fits_fits() -> None:
    assert misfits(MESSAGE, anthropic.types.Message) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"colour": 1}, "$.colour: Message has no such field"),
        ({"role": "user"}, "$.role: 'user' is none of ('assistant',)"),
        ({"usage": {"input_tokens": 1}}, "$.usage.output_tokens: Usage requires it"),
        ({"usage": {"input_tokens": "1", "output_tokens": 2}}, "$.usage.input_tokens: '1' is no int"),
        ({"usage": {"input_tokens": True, "output_tokens": 2}}, "$.usage.input_tokens: True is no int"),
        ({"content": [{"type": "text", "text": "", "x": 0}]}, "$.content[0].x: TextBlock has no such field"),
        (
            {"content": [{"type": "tool_use", "id": "", "name": "f", "input": []}]},
            "$.content[0].input: [] is no object",
        ),
        ({"content": [{"type": "nothing"}]}, "$.content[0]: {'type': 'nothing'} fits none of 12 alternatives"),
        ({"content": {}}, "$.content: {} is no list"),
        ({"stop_reason": "stop"}, "$.stop_reason: 'stop' fits none of 2 alternatives"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(change: dict[str, Any], complaint: str) -> None:
    (found,) = misfits(MESSAGE | change, anthropic.types.Message)
    assert found.startswith(complaint.partition(" fits none")[0])


def test_requests_are_judged_too() -> None:
    asked = {"model": "claude-x", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}]}
    kind = message_create_params.MessageCreateParamsNonStreaming
    assert misfits(asked, kind) == []
    assert misfits(asked | {"n": 1}, kind) == ["$.n: MessageCreateParamsNonStreaming has no such field"]


def test_the_other_sdks_have_types_too() -> None:
    kind = openai.types.chat.ChatCompletionMessage
    assert misfits({"role": "assistant", "content": "Hi."}, kind) == []
    assert misfits({"role": "assistant", "reasoning_content": ""}, kind) != []
    part = {"candidates": [{"content": {"parts": [{"text": "a", "thoughtSignature": "AAA="}]}, "finishReason": "STOP"}]}
    assert misfits(part, google.GenerateContentResponse) == []
    assert misfits(part | {"model": "x"}, google.GenerateContentResponse) != []
    assert misfits({"candidates": [{"finishReason": "end"}]}, google.GenerateContentResponse) != []
