"""OpenAI's chat on both sides: what a whole reply tells. Streams: test_relay_stream.py."""

import pytest

from proxy.dialects.openai_chat import PROVIDER
from proxy.refusal import Refusal
from proxy.worker.straight_chat import ChatSeen, read_chat

REPLY = (
    b'{"model":"gpt-4o-2024-08-06","service_tier":"flex","choices":[{"message":{"content":"four"},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}'
)


def test_a_whole_reply_tells_what_its_call_is_settled_by() -> None:
    seen = read_chat(REPLY, PROVIDER, ChatSeen())
    assert seen.usage == {"prompt_tokens": 3, "completion_tokens": 1}
    assert (seen.served_model, seen.service_tier, seen.finish_reason) == ("gpt-4o-2024-08-06", "flex", "stop")
    assert seen.produced_characters == len("four")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 502, "upstream_invalid"),
        (b'{"choices":[', 502, "upstream_invalid"),
        (b'{"hello":1}', 502, "upstream_invalid"),
        (b'{"error":{"message":"no","code":429}}', 429, "upstream_rate_limited"),
        (b'{"error":{"message":"no"}}', 502, "upstream_error"),
    ],
)
def test_a_200_that_is_no_reply_becomes_the_error_it_is(body: bytes, status: int, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_chat(body, PROVIDER, ChatSeen())
    assert (refused.value.status, refused.value.code) == (status, code)
