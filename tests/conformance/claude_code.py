"""Claude Code as an app: what it sends, and what it makes of a stream.

Written by hand from what is public: docs.claude.com "LLM gateway configuration" and "Extended thinking", the Messages
reference, and requests that people posted to github.com/anthropics/claude-code. What stands out: instructions in
blocks with cache marks, many tools with long schemas, thinking, `context_management`, a `metadata.user_id` of more than
128 characters, betas, and results of tools with reminders between them.
"""

import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple

import pytest

from tests.kit.running import Gateway, Running

Json = dict[str, Any]

HEADERS = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14,"
    "context-management-2025-06-27,prompt-caching-scope-2026-01-05",
    "anthropic-dangerous-direct-browser-access": "true",
    "content-type": "application/json",
    "user-agent": "claude-cli/2.1.158 (external, cli)",
    "x-app": "cli",
    "x-stainless-lang": "js",
    "x-stainless-helper-method": "stream",
    "x-stainless-retry-count": "0",
    "x-stainless-timeout": "600",
}

IDENTITY = "You are Claude Code, Anthropic's official CLI for Claude."
MANUAL = "# Doing tasks\n" + "Read before you write. Say what you did in few words.\n" * 120
SURROUNDINGS = "<env>\nWorking directory: /srv/project\nPlatform: linux\n</env>"
REMINDER = "<system-reminder>\nThe task list is empty. Do not mention this to the user.\n</system-reminder>"
QUESTION = "Why does the test of the parser fail?"
USER = json.dumps(
    {
        "device_id": "5f" * 32,
        "account_uuid": "3b6a1f5e-0c51-4a0e-9a57-0d6a5a3b1c11",
        "session_id": "8c1b8d4f-6a0e-4a5f-9a3e-1b7f0f3a2d22",
    },
    separators=(",", ":"),
)
MARK: Json = {"type": "ephemeral"}

THOUGHT = "The test and the parser must be read, both at once."
SAID = "I'll look at both."
DONE = "The parser forgets the last line."
CALLS = [
    {"name": "Read", "arguments": {"file_path": "/srv/project/parser.py", "limit": 200}},
    {"name": "Bash", "arguments": {"command": "pytest -q tests/test_parser.py", "description": "Run the test"}},
]


def tool(name: str, properties: Json, required: list[str]) -> Json:
    """With the schema as zod writes it."""
    description = f"{name}, and when to use it.\n\nUsage notes:\n" + "- One thing that matters, said at length.\n" * 40
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    return {"name": name, "description": description, "input_schema": schema}


TOOLS = [
    tool(
        "Bash",
        {
            "command": {"description": "The command to execute", "type": "string"},
            "timeout": {"description": "In milliseconds", "type": "number", "maximum": 600000},
            "description": {"type": "string"},
            "run_in_background": {"type": "boolean"},
        },
        ["command"],
    ),
    tool(
        "Read",
        {
            "file_path": {"description": "The absolute path", "type": "string"},
            "offset": {"type": "integer", "minimum": 0, "maximum": 9007199254740991},
            "limit": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
        },
        ["file_path"],
    ),
    tool(
        "Grep",
        {
            "pattern": {"type": "string"},
            "output_mode": {"type": "string", "enum": ["content", "files_with_matches", "count"]},
            "-i": {"description": "Case insensitive", "type": "boolean"},
        },
        ["pattern"],
    ),
    tool("WebFetch", {"url": {"type": "string", "format": "uri"}, "prompt": {"type": "string"}}, ["url", "prompt"]),
    tool(
        "AskUserQuestion",
        {
            "questions": {
                "minItems": 1,
                "maxItems": 4,
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "question": {"type": "string"},
                        "multiSelect": {"default": False, "type": "boolean"},
                        "options": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {"label": {"type": "string"}},
                                "required": ["label"],
                                "additionalProperties": False,
                            },
                        },
                    },
                    "required": ["question", "options", "multiSelect"],
                    "additionalProperties": False,
                },
            },
            "answers": {
                "type": "object",
                "propertyNames": {"type": "string"},
                "additionalProperties": {"type": "string"},
            },
        },
        ["questions"],
    ),
    tool(
        "mcp__github__create_issue", {"title": {"type": "string"}, "labels": {"anyOf": [{"type": "null"}]}}, ["title"]
    ),
]


def request(model: str, *turns: Json) -> Json:
    """What it sends for a turn of the main loop; but for the beta, which the sandbox's Anthropic does not know."""
    body = {
        "model": model,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": REMINDER},
                    {"type": "text", "text": QUESTION, "cache_control": MARK},
                ],
            },
            *turns,
        ],
        "system": [
            {"type": "text", "text": IDENTITY, "cache_control": MARK | {"ttl": "1h"}},
            {"type": "text", "text": MANUAL, "cache_control": MARK | {"ttl": "1h"}},
            {"type": "text", "text": SURROUNDINGS},
        ],
        "tools": TOOLS,
        "metadata": {"user_id": USER},
        "max_tokens": 32000,
        "thinking": {"type": "enabled", "budget_tokens": 10000},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "stream": True,
    }
    if model.startswith("messages/"):
        del body["context_management"]
    return body


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[Json]:
        """Each frame's name is its payload's type."""
        events = []
        for frame in self.body.decode().split("\n\n"):
            lines = [line for line in frame.split("\n") if line and not line.startswith(":")]
            if lines:
                name, data = lines
                events.append(json.loads(data.removeprefix("data: ")))
                assert name == f"event: {events[-1]['type']}"
        return events


class ClaudeCode:
    def __init__(self, gateway: Gateway, sandbox: Running) -> None:
        self._url = gateway.running.listen
        self._sandbox = sandbox.listen
        self._key = gateway.key("claude-code")

    def post(self, path: str, body: Json, **demands: object) -> Reply:
        """`demands`: what the sandbox is told to answer."""
        told = {f"x-sandbox-{name}": json.dumps(value) for name, value in demands.items()}
        headers = {**HEADERS, "authorization": f"Bearer {self._key}", **told}
        asked = urllib.request.Request(f"{self._url}{path}?beta=true", json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(asked) as reply:
                return Reply(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers.items()), error.read())

    def stream(self, body: Json, **demands: object) -> Json:
        """The message that the events of a stream add up to, as its SDK does it."""
        reply = self.post("/v1/messages", body, **demands)
        assert reply.status == 200, reply.body
        assert "x-gatewatch-dropped-params" not in reply.headers
        return added_up(reply.events)

    def seen(self) -> Json:
        """The last request that reached the provider."""
        with urllib.request.urlopen(f"{self._sandbox}/__sandbox/stats?last=1") as reply:
            last: Json = json.load(reply)["last"][-1]
            return last


def added_up(events: list[Json]) -> Json:
    """The grammar of a stream: docs.claude.com, "Streaming messages", "Event types"."""
    events = [event for event in events if event["type"] != "ping"]
    first, *middle, last = events
    assert (first["type"], last["type"]) == ("message_start", "message_stop")
    message: Json = first["message"]
    assert message["content"] == []
    inputs: dict[int, str] = {}
    is_open = False
    for event in middle:
        match event["type"]:
            case "content_block_start":
                assert not is_open
                assert event["index"] == len(message["content"])
                is_open = True
                message["content"].append(event["content_block"])
            case "content_block_delta":
                assert is_open
                assert event["index"] == len(message["content"]) - 1
                _add(message["content"][-1], event["delta"], inputs, event["index"])
            case "content_block_stop":
                assert is_open
                is_open = False
                if text := inputs.get(event["index"]):
                    message["content"][-1]["input"] = json.loads(text)
            case "message_delta":
                assert not is_open
                message |= event["delta"]
                message["usage"] |= event["usage"]
            case other:
                pytest.fail(f"no such event: {other}")
    return message


def _add(block: Json, delta: Json, inputs: dict[int, str], index: int) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "input_json_delta":
            inputs[index] = inputs.get(index, "") + delta["partial_json"]
