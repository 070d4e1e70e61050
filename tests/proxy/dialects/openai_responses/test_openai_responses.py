"""Both sides of the dialect, through the canonical form: what the provider says reaches the caller, and what the caller
sends back reaches the provider."""

from typing import Any

import msgspec
import pytest

from gatewatch.call import Tokens
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import CallerDialect, Destination, ProviderDialect
from proxy.dialects.openai_responses import CALLER, PROVIDER
from proxy.refusal import Refusal
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import key_of
from proxy.sandbox.responses import ResponseAnswer
from proxy.sandbox.responses_request import ResponseAsked

CALL_ID = "01939d0a-7e1c-7000-8000-000000000001"
TO = Destination(provider="openai", model="gpt-5")
TOOLS = [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}]


def test_they_are_dialects() -> None:
    caller: CallerDialect = CALLER
    provider: ProviderDialect = PROVIDER
    assert caller.name == provider.name == "openai-responses"
    assert provider.path("responses", "a/b", True) == "/responses"
    assert provider.endpoints == {"responses"}
    assert provider.key_header == "authorization"


def asked_of_sandbox(raw: bytes) -> ResponseAnswer:
    return ResponseAnswer(msgspec.json.decode(raw, type=ResponseAsked), key_of("key"), Demands())


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_with_thoughts_and_tools_goes_there_and_back(stream: bool) -> None:
    body: dict[str, Any] = {
        "model": "fast",
        "input": "weather?",
        "tools": TOOLS,
        "tool_choice": "required",
        "reasoning": {"effort": "high", "summary": "auto"},
        "stream": stream,
    }
    answer = asked_of_sandbox(PROVIDER.write(CALLER.read(body), TO, Losses("openai")))
    if stream:
        reader, writer = PROVIDER.reader(), CALLER.writer(body, CALL_ID)
        frames = [writer.write(reader.read(frame.partition(b"data: ")[2].strip())) for frame in answer.frames()]
        last = (b"".join(frames) + writer.end(Tokens())).rpartition(b"data: ")[2]
        reply = msgspec.json.decode(last)["response"]
    else:
        reply = msgspec.json.decode(CALLER.write(PROVIDER.read(answer.body()), Tokens(), body, CALL_ID))
    output = reply["output"]
    assert [item["type"] for item in output] == ["reasoning", "function_call"]
    result = {"type": "function_call_output", "call_id": output[1]["call_id"], "output": "sunny"}
    again = {**body, "tool_choice": "auto", "input": [{"role": "user", "content": "weather?"}, *output, result]}
    second = PROVIDER.write(CALLER.read(again), TO, Losses("openai"))
    asked_of_sandbox(second)
    assert msgspec.json.decode(second)["input"][1]["encrypted_content"] == output[0]["encrypted_content"]


def test_errors_of_both_sides() -> None:
    refusal = Refusal(400, "bad", "It is bad.", param="input")
    assert msgspec.json.decode(CALLER.error(refusal, CALL_ID))["error"]["param"] == "input"
    assert CALLER.error_event(refusal, CALL_ID).startswith(b"event: error\n")
    assert PROVIDER.read_error(429, b'{"error":{"code":"insufficient_quota","message":"x"}}').quota


def test_a_callers_own_request_is_forwarded() -> None:
    raw = PROVIDER.forward({"model": "fast", "input": "hi", "new": 1}, TO, False, Losses("openai"))
    assert msgspec.json.decode(raw) == {"model": "gpt-5", "input": "hi", "new": 1}
