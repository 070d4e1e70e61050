"""Claude Code as an app: its requests (`claude_code.py`), to providers that never heard of it, no `drop_params`."""

import json

import pytest

from tests.conformance.claude_code import (
    CALLS,
    DONE,
    HEADERS,
    IDENTITY,
    MANUAL,
    MARK,
    QUESTION,
    REMINDER,
    SAID,
    SURROUNDINGS,
    THOUGHT,
    TOOLS,
    USER,
    ClaudeCode,
    Json,
    request,
)
from tests.conformance.sdk.seen import has_thought
from tests.kit.running import Gateway, Running

TARGETS = [
    pytest.param("openai-responses", "responses/gpt-5", id="openai-responses"),
    pytest.param("openai-chat", "chat/gpt-5", id="openai-chat"),
    pytest.param("gemini", "gemini/gemini-2.5-pro", id="gemini-2.5"),
    pytest.param("gemini", "gemini/gemini-3-pro", id="gemini-3"),
    pytest.param("bedrock-converse", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", id="bedrock-converse"),
    pytest.param("anthropic-messages", "messages/claude-sonnet-4-5", id="anthropic-messages"),
]


@pytest.fixture(scope="session")
def claude_code(every_dialect: Gateway, provider: Running) -> ClaudeCode:
    return ClaudeCode(every_dialect, provider)


def answers(message: Json) -> list[Json]:
    """The next two turns: what was said goes back as it came, with what the tools found. One of them failed."""
    read, ran = (block for block in message["content"] if block["type"] == "tool_use")
    results = [
        {"tool_use_id": read["id"], "type": "tool_result", "content": "     1\tdef parse(lines):"},
        {
            "tool_use_id": ran["id"],
            "type": "tool_result",
            "content": [{"type": "text", "text": "1 failed, 3 passed"}],
            "is_error": True,
            "cache_control": MARK,
        },
        {"type": "text", "text": REMINDER},
    ]
    return [{"role": "assistant", "content": message["content"]}, {"role": "user", "content": results}]


@pytest.mark.parametrize(("dialect", "model"), TARGETS)
def test_it_thinks_calls_tools_and_goes_on(claude_code: ClaudeCode, dialect: str, model: str) -> None:
    first = claude_code.stream(request(model), thinking=THOUGHT, text=SAID, calls=CALLS)
    kinds = [block["type"] for block in first["content"] if block["type"] != "redacted_thinking"]
    assert kinds == ["thinking", "text", "tool_use", "tool_use"]
    by_kind = {block["type"]: block for block in first["content"]}
    assert by_kind["thinking"]["thinking"] == THOUGHT
    assert by_kind["text"]["text"] == SAID
    calls = [block for block in first["content"] if block["type"] == "tool_use"]
    assert [{"name": call["name"], "arguments": call["input"]} for call in calls] == CALLS
    assert first["stop_reason"] == "tool_use"
    usage = first["usage"]
    read_and_written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    assert usage["input_tokens"] + sum(read_and_written) > 1000
    assert usage["output_tokens"] > 0

    second = claude_code.stream(request(model, *answers(first)), text=DONE)
    assert [block["text"] for block in second["content"] if block["type"] == "text"] == [DONE]
    assert second["stop_reason"] == "end_turn"
    body = claude_code.seen()["body"]
    assert has_thought(dialect, body, THOUGHT)
    everything = json.dumps(body)
    for said in (IDENTITY, MANUAL, SURROUNDINGS, REMINDER, QUESTION, SAID, "def parse(lines):", "1 failed, 3 passed"):
        assert json.dumps(said)[1:-1] in everything


@pytest.mark.parametrize(("dialect", "model"), TARGETS)
def test_every_tool_arrives_with_its_schema(claude_code: ClaudeCode, dialect: str, model: str) -> None:
    claude_code.stream(request(model), text=DONE)
    body = claude_code.seen()["body"]
    match dialect:
        case "openai-responses":
            tools = [(each["name"], each["description"], each["parameters"]) for each in body["tools"]]
        case "openai-chat":
            functions = [each["function"] for each in body["tools"]]
            tools = [(each["name"], each["description"], each["parameters"]) for each in functions]
        case "gemini":
            (group,) = body["tools"]
            declared = group["functionDeclarations"]
            tools = [(each["name"], each["description"], each["parametersJsonSchema"]) for each in declared]
        case "bedrock-converse":
            specs = [each["toolSpec"] for each in body["toolConfig"]["tools"] if "toolSpec" in each]
            tools = [(each["name"], each["description"], each["inputSchema"]["json"]) for each in specs]
        case _:
            tools = [(each["name"], each["description"], each["input_schema"]) for each in body["tools"]]
    assert tools == [(each["name"], each["description"], each["input_schema"]) for each in TOOLS]


def thinking_told(dialect: str, body: Json) -> object:
    """How much the provider is asked to think."""
    match dialect:
        case "openai-responses":
            return body["reasoning"]["effort"]
        case "openai-chat":
            return body["reasoning_effort"]
        case "gemini":
            config = body["generationConfig"]["thinkingConfig"]
            return config.get("thinkingBudget") or config["thinkingLevel"]
        case "bedrock-converse":
            return body["additionalModelRequestFields"]["thinking"]["budget_tokens"]
    return body.get("output_config", {}).get("effort") or body["thinking"]["budget_tokens"]


TOLD = {
    "openai-responses": ("high", "medium"),
    "openai-chat": ("high", "medium"),
    "gemini/gemini-2.5-pro": (10000, 8192),
    "gemini/gemini-3-pro": ("HIGH", "MEDIUM"),
    "bedrock-converse": (10000, 8192),
    "anthropic-messages": (10000, "medium"),
}
"""A budget of 10,000, and a medium effort (Google's table: ai.google.dev/gemini-api/docs/openai, "Thinking": low is
1,024, medium 8,192, high 24,576)."""


@pytest.mark.parametrize(("dialect", "model"), TARGETS)
def test_its_budget_is_told_as_the_provider_knows_it(claude_code: ClaudeCode, dialect: str, model: str) -> None:
    claude_code.stream(request(model), text=DONE)
    assert thinking_told(dialect, claude_code.seen()["body"]) == (TOLD.get(model) or TOLD[dialect])[0]


@pytest.mark.parametrize(("dialect", "model"), TARGETS)
def test_newer_models_are_asked_by_effort(claude_code: ClaudeCode, dialect: str, model: str) -> None:
    """For Opus 4.6 and later it thinks adaptively."""
    asked = request(model) | {"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}}
    if dialect == "anthropic-messages":
        asked["model"] = "messages/claude-opus-4-6"
    message = claude_code.stream(asked, text=DONE, thinking=THOUGHT)
    assert [block["text"] for block in message["content"] if block["type"] == "text"] == [DONE]
    assert thinking_told(dialect, claude_code.seen()["body"]) == (TOLD.get(model) or TOLD[dialect])[1]


@pytest.mark.parametrize(("dialect", "model"), TARGETS)
def test_the_user_is_told_no_longer_than_the_provider_takes(claude_code: ClaudeCode, dialect: str, model: str) -> None:
    """OpenAI: `user` has at most 64 characters, `safety_identifier` 128; a hash is what it recommends."""
    claude_code.stream(request(model), text=DONE)
    body = claude_code.seen()["body"]
    assert len(USER) > 128
    match dialect:
        case "openai-responses":
            assert 0 < len(body["safety_identifier"]) <= 64
        case "openai-chat":
            assert 0 < len(body["user"]) <= 64
        case "gemini" | "bedrock-converse":
            assert USER not in json.dumps(body)
        case _:
            assert body["metadata"]["user_id"] == USER


def test_anthropic_gets_all_of_it_betas_too(claude_code: ClaudeCode) -> None:
    """As it was sent, but for the model's name; what the sandbox says to betas is its own affair."""
    sent = request("house") | {"model": "messages/claude-sonnet-4-5", "thing_of_tomorrow": {"x": [1]}}
    claude_code.post("/v1/messages", sent)
    seen = claude_code.seen()
    assert seen["body"] == sent | {"model": "claude-sonnet-4-5"}
    assert seen["headers"]["anthropic-beta"] == HEADERS["anthropic-beta"]
    assert seen["headers"]["anthropic-version"] == HEADERS["anthropic-version"]


@pytest.mark.parametrize(("dialect", "model"), TARGETS)
def test_titles_are_asked_of_a_small_model_with_a_schema(claude_code: ClaudeCode, dialect: str, model: str) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
        "additionalProperties": False,
    }
    asked = {
        "model": model,
        "max_tokens": 32000,
        "temperature": 1,
        "system": [{"type": "text", "text": IDENTITY}, {"type": "text", "text": "Name this session in few words."}],
        "messages": [{"role": "user", "content": QUESTION}],
        "tools": [],
        "metadata": {"user_id": USER},
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "stream": True,
    }
    del dialect
    message = claude_code.stream(asked)
    text = "".join(block["text"] for block in message["content"] if block["type"] == "text")
    assert list(json.loads(text)) == ["title"]


@pytest.mark.parametrize(("dialect", "model"), TARGETS)
def test_its_first_request_asks_for_one_token(claude_code: ClaudeCode, dialect: str, model: str) -> None:
    """It looks whether there is quota left."""
    del dialect
    asked = {
        "model": model,
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "quota"}],
        "metadata": {"user_id": USER},
    }
    reply = claude_code.post("/v1/messages", asked)
    assert reply.status == 200, reply.body
    message = json.loads(reply.body)
    assert (message["type"], message["role"]) == ("message", "assistant")


@pytest.mark.parametrize(("dialect", "model"), TARGETS)
def test_it_counts_its_context(claude_code: ClaudeCode, dialect: str, model: str) -> None:
    asked = {name: value for name, value in request(model).items() if name in ("model", "messages", "tools", "system")}
    reply = claude_code.post("/v1/messages/count_tokens", asked | {"thinking": request(model)["thinking"]})
    assert reply.status == 200, reply.body
    assert json.loads(reply.body)["input_tokens"] > 1000
    assert ("x-gatewatch-estimated" in reply.headers) == (dialect == "openai-chat")
