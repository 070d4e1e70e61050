"""What Converse refuses of well-formed requests: the API reference's restrictions, in words quoted from replies."""

from typing import Any

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.bedrock_request import ConverseAsked
from proxy.sandbox.bedrock_rules import check
from proxy.sandbox.signed_thinking import sign

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS = "anthropic.claude-opus-4-8-20260528-v1:0"
TOOLS = {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]}
POINT = {"cachePoint": {"type": "default"}}
DOCUMENT = {"document": {"name": "Report", "format": "txt", "source": {"bytes": "eA=="}}}


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def model(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def text(words: str = "hi") -> dict[str, Any]:
    return {"text": words}


def call(identifier: str = "a") -> dict[str, Any]:
    return {"toolUse": {"toolUseId": identifier, "name": "f", "input": {}}}


def result(identifier: str = "a") -> dict[str, Any]:
    return {"toolResult": {"toolUseId": identifier, "content": [{"text": "x"}]}}


def thought(words: str, signature: str) -> dict[str, Any]:
    return {"reasoningContent": {"reasoningText": {"text": words, "signature": signature}}}


def judge(*messages: dict[str, Any], on: str = SONNET, **body: Any) -> None:
    check(ConverseAsked({"messages": list(messages or (user(text()),))} | body, on))


@pytest.mark.parametrize(
    "messages",
    [
        [user(text())],
        [user(text()), model(text()), user(text())],
        [user(text()), model(call("a"), call("b")), user(result("b"), result("a"), text())],
        [user(text(), DOCUMENT, POINT)],
        [user(text()), model(thought("Hm.", sign("Hm.")), text()), user(text())],
    ],
)
def test_a_conversation_in_order_is_well(messages: list[dict[str, Any]]) -> None:
    judge(*messages, toolConfig=TOOLS)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([model(text())], "must start with a user message"),
        ([user(text()), user(text())], "must alternate between user and assistant roles"),
        ([user(text()), {"role": "system", "content": [text()]}], "doesn't support the system role"),
        ([user()], "content field in the Message object at messages.0 is empty"),
        ([user(text(" \n"))], "text field in the ContentBlock object at messages.0.content.0 is blank"),
        ([user(call())], "toolUse block at messages.0.content.0 can't be"),
        ([user(text()), model(result())], "toolResult block at messages.1.content.0 can't be"),
        (
            [user(text()), model(call("a"), call("b")), user(result("a"))],
            "at messages.2.content for the following Ids: b",
        ),
        ([user(text()), model(call("a"))], "at messages.2.content for the following Ids: a"),
        ([user(text()), model(text()), user(result())], "exceeds the number of toolUse blocks of previous turn"),
        (
            [user(text()), model(call("a"), call("a")), user(result("a"))],
            "toolUse blocks at messages.1.content contain",
        ),
        ([user(text()), model(call("a")), user(result("a"), result("a"))], "toolResult blocks at messages.2.content"),
        ([user(DOCUMENT)], "Add a text block to messages.0"),
        ([user(text(), DOCUMENT, DOCUMENT)], "must be unique"),
        ([user(text(), *[DOCUMENT] * 6)], "too many images or documents"),
        ([user(text()), model(thought("Hm.", "foreign"), text()), user(text())], "Invalid `signature`"),
        ([user(text()), model(thought("Ha.", sign("Hm.")), text()), user(text())], "Invalid `signature`"),
        ([user(text()), model({"reasoningContent": {"redactedContent": "eA=="}}), user(text())], "Invalid `data`"),
    ],
)
def test_a_conversation_out_of_order_is_refused(messages: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ApiError, match=words) as caught:
        judge(*messages, toolConfig=TOOLS)
    assert caught.value.status == 400


def test_calls_need_tools() -> None:
    with pytest.raises(ApiError, match="The toolConfig field must be defined when using toolUse and toolResult"):
        judge(user(text()), model(call()), user(result()))


@pytest.mark.parametrize("name", ["report.pdf", "two  spaces", "semi;colon"])
def test_a_document_has_a_plain_name(name: str) -> None:
    with pytest.raises(ApiError, match="The document file name can"):
        judge(user(text(), {"document": DOCUMENT["document"] | {"name": name}}))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"tools": TOOLS["tools"] * 2}, "must be unique"),
        ({"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]}, "must be one of the following: object"),
        (TOOLS | {"toolChoice": {"tool": {"name": "g"}}}, "The tool 'g' of toolConfig.toolChoice"),
    ],
)
def test_tools_have_names_of_their_own_and_take_objects(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ApiError, match=words):
        judge(toolConfig=config)


def test_cache_points_are_for_models_that_know_them_and_four_at_most() -> None:
    judge(user(text(), POINT), on="amazon.nova-lite-v1:0")
    with pytest.raises(ApiError, match="did not allow prompt caching") as caught:
        judge(user(text(), POINT), on="meta.llama3-1-8b-instruct-v1:0")
    assert caught.value.status == 403
    with pytest.raises(ApiError, match="A maximum of 4 blocks"):
        judge(user(text(), *[POINT] * 5))


@pytest.mark.parametrize(
    ("body", "on", "words"),
    [
        ({"inferenceConfig": {"temperature": 0.5, "topP": 0.5}}, SONNET, "cannot both be specified"),
        ({"inferenceConfig": {"temperature": 0.5}}, OPUS, "`temperature` is deprecated"),
        ({"inferenceConfig": {"topP": 0.5}}, OPUS, "`top_p` is deprecated"),
        ({"inferenceConfig": {"stopSequences": ["\n"]}}, SONNET, "must contain non-whitespace"),
        ({"outputConfig": {"effort": "high"}}, SONNET, "effort parameter"),
        ({"additionalModelRequestFields": {"thinking": {"type": "adaptive"}}}, SONNET, "adaptive thinking"),
        (
            {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}}},
            OPUS,
            "is not supported for this model",
        ),
    ],
)
def test_claude_takes_what_its_generation_takes(body: dict[str, Any], on: str, words: str) -> None:
    with pytest.raises(ApiError, match=f"^The model returned the following errors: .*{words}"):
        judge(on=on, **body)


def test_a_prefilled_answer_is_for_older_ones() -> None:
    judge(user(text()), model(text("Once")))
    with pytest.raises(ApiError, match="does not support assistant message prefill"):
        judge(user(text()), model(text("Once")), on=OPUS)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"inferenceConfig": {"maxTokens": 2048}}, "must be greater than `thinking.budget_tokens`"),
        ({"inferenceConfig": {"temperature": 0.5}}, "may only be set to 1"),
        ({"inferenceConfig": {"topP": 0.5}}, "greater than or equal to 0.95"),
        ({"toolConfig": TOOLS | {"toolChoice": {"any": {}}}}, "tool_choice forces tool use"),
    ],
)
def test_who_thinks_takes_less(body: dict[str, Any], words: str) -> None:
    fields = {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2048}}}
    judge(**fields)
    with pytest.raises(ApiError, match=words):
        judge(**fields, **body)
    for budget in (1023, "many"):
        with pytest.raises(ApiError, match="greater than or equal to 1024"):
            judge(additionalModelRequestFields={"thinking": {"type": "enabled", "budget_tokens": budget}})
    with pytest.raises(ApiError, match="`top_k` must be unset"):
        judge(additionalModelRequestFields=fields["additionalModelRequestFields"] | {"top_k": 5})
