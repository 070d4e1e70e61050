"""Wordings as in the error replies that people quote in the issues of anthropics/claude-code and of the SDKs."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proxy.sandbox.anthropic_words import complaint
from proxy.sandbox.api_error import Misfit
from tests.kit.raw_http import RawReply

Messages = Callable[..., Awaitable[RawReply]]


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


TEXT = {"type": "text", "text": "hi"}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/bmp", "data": "eA=="}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n": 1}, "n: Extra inputs are not permitted"),
        ({"max_tokens": None}, "max_tokens: Input should be a valid integer"),
        ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
        ({"temperature": 1.5}, "temperature: Input should be less than or equal to 1"),
        ({"stream": "yes"}, "stream: Input should be a valid boolean"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        (user(TEXT, TEXT | {"index": 0}), "messages.0.content.1.text.index: Extra inputs are not permitted"),
        (user({"type": "text"}), "messages.0.content.0.text.text: Field required"),
        (
            user({"type": "input_text", "text": "hi"}),
            "messages.0.content.0: Input tag 'input_text' found using 'type' does not match any of the expected tags",
        ),
        (
            user(TEXT | {"cache_control": {"type": "ephemeral", "scope": "global"}}),
            "messages.0.content.0.text.cache_control.ephemeral.scope: Extra inputs are not permitted",
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 1000}},
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ),
        ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
        ({"metadata": {"user_id": "u" * 257}}, "metadata.user_id: String should have at most 256 characters"),
    ],
)
async def test_what_does_not_fit_is_said_in_anthropics_words(
    messages: Messages, fields: dict[str, Any], words: str
) -> None:
    reply = await messages(**fields)
    assert (reply.status, reply.json["error"]["message"]) == (400, words)


async def test_a_media_type_that_is_not_taken_is_named_with_its_place(messages: Messages) -> None:
    message = (await messages(**user(IMAGE))).json["error"]["message"]
    assert message.startswith("messages.0.content.0.image.source.base64.media_type: ")


async def test_a_limit_of_output_is_required(messages: Messages) -> None:
    reply = await messages(path="/v1/messages?beta=true")
    assert reply.json["error"]["message"] == "max_tokens: Field required"


def test_a_body_that_is_no_object_has_no_place() -> None:
    assert complaint(Misfit("type", (), "Expected `object`, got `array`"), b"[]") == (
        "body: Input should be a valid dictionary"
    )
