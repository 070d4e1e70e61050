"""What a provider got, read by the vendor's own documentation: that answers of tools, pictures and thoughts arrive.

The sandbox checks more of it: ids that do not fit, turns in the wrong order and signatures that are not its own are
refused there.
"""

import json
from typing import Any

from tests.conformance.sdk.cases import OUTPUTS, PICTURE, PIXEL, THOUGHT

Body = dict[str, Any]

SHOWS = {
    "tool_results": ("results",),
    "image": ("picture",),
    "image_by_url": ("address",),
    "thinking_with_tools": ("results", "thought"),
    "thinking_with_tools_in_a_stream": ("results", "thought"),
    "thinking_with_tools_stored": ("results", "thought"),
}
"""Case → what the provider must have got in the end."""


def missing(case: str, dialect: str, body: Body) -> list[str]:
    """What did not arrive as it should."""
    arrived = {
        "results": lambda: results(dialect, body) == OUTPUTS,
        "picture": lambda: json.dumps(body).count(PIXEL) == 1,
        "address": lambda: json.dumps(body).count(PICTURE) == 1,
        "thought": lambda: has_thought(dialect, body, THOUGHT),
    }
    return [name for name in SHOWS[case] if not arrived[name]()]


def results(dialect: str, body: Body) -> dict[str, str]:
    """City → what the tool answered, put together by the ids of calls and results."""
    calls: dict[str, str] = {}
    said: dict[str, str] = {}
    match dialect:
        case "openai-chat":
            for message in body["messages"]:
                for call in message.get("tool_calls") or ():
                    calls[call["id"]] = json.loads(call["function"]["arguments"])["city"]
                if message["role"] == "tool":
                    said[message["tool_call_id"]] = message["content"]
        case "openai-responses":
            for item in body["input"]:
                if item.get("type") == "function_call":
                    calls[item["call_id"]] = json.loads(item["arguments"])["city"]
                if item.get("type") == "function_call_output":
                    said[item["call_id"]] = item["output"]
        case "anthropic-messages":
            for block in _blocks(body):
                if block["type"] == "tool_use":
                    calls[block["id"]] = block["input"]["city"]
                if block["type"] == "tool_result":
                    said[block["tool_use_id"]] = _text(block["content"])
        case "gemini":
            for part in _parts(body):
                if call := part.get("functionCall"):
                    calls[call["id"]] = call["args"]["city"]
                if result := part.get("functionResponse"):
                    said[result["id"]] = result["response"]["output"]
        case "bedrock-converse":
            for block in _blocks(body):
                if call := block.get("toolUse"):
                    calls[call["toolUseId"]] = call["input"]["city"]
                if result := block.get("toolResult"):
                    said[result["toolUseId"]] = _text(result["content"])
    return {calls[id]: text for id, text in said.items()}


def has_thought(dialect: str, body: Body, text: str) -> bool:
    """Whether the thought stands before what it led to, signed, where this provider signs thoughts."""
    match dialect:
        case "openai-responses":
            kinds = [item.get("type", "message") for item in body["input"]]
            if "reasoning" not in kinds[: kinds.index("function_call")]:
                return False
            item = body["input"][kinds.index("reasoning")]
            return bool(item.get("encrypted_content") or item.get("id"))
        case "anthropic-messages":
            first = next(turn["content"][0] for turn in body["messages"] if turn["role"] == "assistant")
            # the text may be missing, the signature holds it (extended thinking, `display: omitted`)
            return first["type"] == "thinking" and first["thinking"] in (text, "") and bool(first["signature"])
        case "bedrock-converse":
            first = next(turn["content"][0] for turn in body["messages"] if turn["role"] == "assistant")
            thought = first["reasoningContent"]["reasoningText"]
            return thought["text"] in (text, "") and bool(thought["signature"])
        case "gemini":  # "for parallel function calls, only the first one contains the signature"
            calls = [part for part in _parts(body) if "functionCall" in part]
            return [bool(part.get("thoughtSignature")) for part in calls] == [True, False]
    return True


def _blocks(body: Body) -> list[dict[str, Any]]:
    return [block for turn in body["messages"] if isinstance(turn["content"], list) for block in turn["content"]]


def _parts(body: Body) -> list[dict[str, Any]]:
    return [part for content in body["contents"] for part in content["parts"]]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(block["text"] for block in content)
