from typing import Any

import pytest

from proxy.sandbox.answer import Place
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.bedrock import ConverseAnswer
from proxy.sandbox.bedrock_request import BedrockEndpoint, ConverseAsked

CLAUDE = "us.anthropic.claude-opus-4-8-20260528-v1:0"
TOOLS = {"tools": [{"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}} for name in "ab"]}


def asked(model: str = CLAUDE, **body: Any) -> ConverseAsked:
    return ConverseAsked(body, model)


def test_the_model_is_the_paths() -> None:
    endpoint = BedrockEndpoint(ConverseAnswer)
    for model in (
        CLAUDE,
        "amazon.nova-lite-v1:0",
        "fault-429@0.1",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e",
    ):
        assert endpoint.read(b"{}", Place(model, {}, "")).model == model
    for model in ("a b", "fa@0.1", "arn:aws:s3:::bucket/x"):
        with pytest.raises(ApiError, match="1 validation error detected"):
            endpoint.read(b"{}", Place(model, {}, ""))


def test_what_must_be_called_follows_from_the_choice() -> None:
    def names(choice: dict[str, Any]) -> list[str]:
        return [tool.name for tool in asked(toolConfig=TOOLS | {"toolChoice": choice}).must_call()]

    assert names({"any": {}}) == ["a", "b"]
    assert names({"tool": {"name": "b"}}) == ["b"]
    assert names({"auto": {}}) == []


def test_claude_thinks_where_it_is_told_to_and_shows_it_as_its_generation_does() -> None:
    def fields(**thinking: Any) -> dict[str, Any]:
        return {"additionalModelRequestFields": {"thinking": thinking}}

    assert not asked().thinks
    assert not asked(**fields(type="disabled")).thinks
    adaptive = asked(**fields(type="adaptive"))
    assert adaptive.thinks
    assert not adaptive.shows_thinking
    assert asked(**fields(type="adaptive", display="summarized")).shows_thinking
    assert asked("anthropic.claude-sonnet-4-5-20250929-v1:0", **fields(type="enabled")).shows_thinking


def test_a_schema_is_json_in_a_string() -> None:
    def form(schema: str) -> dict[str, Any]:
        inner = {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema}}}
        return {"outputConfig": {"textFormat": inner}}

    assert asked(**form('{"type":"object"}')).schema() == {"type": "object"}
    with pytest.raises(ApiError, match="invalid JSON schema"):
        asked(**form("{")).schema()


def test_what_a_reply_follows_from_leaves_out_limits() -> None:
    assert asked(inferenceConfig={"maxTokens": 1}).basis() == asked().basis()
    assert asked(system=[{"text": "x"}]).basis() != asked().basis()
