"""Apps that speak Anthropic's Messages: requests and replies by the API reference.

platform.claude.com/docs/en/api/messages, …/build-with-claude/streaming; `anthropic` 2.12, types/.
"""

import json
import re
from typing import Any

from tests.conformance.dialects import told
from tests.conformance.dialects.heard import Caller, Fault, Frame, Heard, Json, Streamed, Usage, payload


def _user(*parts: Json) -> Json:
    return {"role": "user", "content": [*parts] if parts else told.PROMPT}


def _text(text: str = told.PROMPT) -> Json:
    return {"type": "text", "text": text}


def _asked(*parts: Json) -> Json:
    return {"messages": [_user(_text(), *parts)]}


def _tool(name: str) -> Json:
    return {"name": name, "description": told.TOOL_ABOUT, "input_schema": told.TOOL_SCHEMA}


def _call(at: int) -> Json:
    name, arguments = told.CALLS[at]
    return {"type": "tool_use", "id": told.CALL_IDS[at], "name": name, "input": arguments}


def _result(at: int, content: Any, **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": told.CALL_IDS[at], "content": content, **more}


def _after_calls(calls: list[Json], *results: Json) -> Json:
    return {"messages": [_user(), {"role": "assistant", "content": calls}, _user(*results)], **_TOOLS}


def _in_base64(media_type: str, data: str) -> Json:
    return {"type": "base64", "media_type": media_type, "data": data}


_TOOLS = {"tools": [_tool(told.TOOL), _tool(told.OTHER_TOOL)]}
_IMAGE = {"type": "image", "source": _in_base64("image/png", told.PNG)}
_PDF = {"type": "document", "title": told.PDF_NAME, "source": _in_base64("application/pdf", told.PDF)}
_MARKED = {**_text(told.SYSTEM), "cache_control": {"type": "ephemeral"}}
_THINKING = {
    "thinking": {"type": "adaptive", "display": "summarized"},
    "output_config": {"effort": told.EFFORT},
}

ASKS: dict[str, Json] = {
    "text": {},
    "system": {"system": told.SYSTEM},
    "turns": {"messages": [_user(_text(told.EARLIER[0])), {"role": "assistant", "content": told.EARLIER[1]}, _user()]},
    "stream": {},
    "max_output": {"max_tokens": told.MAX_OUTPUT},
    "temperature": {"temperature": told.TEMPERATURE},
    "top_p": {"top_p": told.TOP_P},
    "top_k": {"top_k": told.TOP_K},
    "stop": {"stop_sequences": told.STOP},
    "tools": _TOOLS,
    "choice_auto": {**_TOOLS, "tool_choice": {"type": "auto"}},
    "choice_none": {**_TOOLS, "tool_choice": {"type": "none"}},
    "choice_required": {**_TOOLS, "tool_choice": {"type": "any"}},
    "choice_named": {**_TOOLS, "tool_choice": {"type": "tool", "name": told.OTHER_TOOL}},
    "parallel": _TOOLS,
    "parallel_off": {**_TOOLS, "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    "result_text": _after_calls([_call(0), _call(1)], *(_result(at, told.RESULTS[at]) for at in (0, 1))),
    "result_image": _after_calls([_call(0)], _result(0, [_text(told.RESULTS[0]), _IMAGE])),
    "result_error": _after_calls([_call(0)], _result(0, told.FAILURE, is_error=True)),
    "image_url": _asked({"type": "image", "source": {"type": "url", "url": told.IMAGE_URL}}),
    "image_base64": _asked(_IMAGE),
    "pdf_base64": _asked(_PDF),
    "pdf_url": _asked({"type": "document", "source": {"type": "url", "url": told.PDF_URL}}),
    "json_schema": {"output_config": {"format": {"type": "json_schema", "schema": told.SCHEMA}}},
    "effort": {"thinking": {"type": "adaptive"}, "output_config": {"effort": told.EFFORT}},
    "budget": {"thinking": {"type": "enabled", "budget_tokens": told.BUDGET}, "max_tokens": 5 * told.ROOM},
    "thoughts": _THINKING,
    "round_trip": {**_THINKING, **_TOOLS},
    "cache_marks": {"system": [_MARKED]},
    "usage": {},
    "usage_streamed": {},
    "cached_usage": {},
    "length": {},
    "content_filter": {},
    "refusal": {},
    "stop_sequence": {"stop_sequences": told.STOP},
    "citations": {},
    "cite_files": _asked({**_PDF, "citations": {"enabled": True}}),
    "user": {"metadata": {"user_id": told.USER}},
    "metadata": {"metadata": {"feature": told.FEATURE}},
    "default_tier": {"service_tier": "standard_only"},
    "hosted_tools": {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    "unknown": {"hovercraft": {"eels": 7}},
    "request_ids": {},
    "bad_request": {"temperature": "warm"},
}
UNSAID = {
    "developer": "there is no such role",
    "seed": "no such parameter",
    "n": "a reply is one",
    "penalties": "no such parameter",
    "logprobs": "no such parameter",
    "audio": "no such block",
    "json_mode": "JSON is asked for by its schema",
    "priority": "it is granted by contract, not asked for",
    "flex": "no such tier",
    "cache_key": "no such parameter",
    "custom_tools": "tools take JSON",
    "state": "there is none",
    "names": "messages do not name their speakers",
    "detail": "images have no level of detail",
    "verbosity": "no such parameter",
    "logit_bias": "no such parameter",
}
PARAMS = {
    "image_url": "messages",
    "max_output": "max_tokens",
    "stop": "stop_sequences",
    "stop_sequence": "stop_sequences",
    "parallel_off": "tool_choice.disable_parallel_tool_use",
    "pdf_url": "messages",
    "cite_files": "citations",
    "hosted_tools": "tools[0]",
    "unknown": "hovercraft",
}
ERROR_TYPES = {
    400: "invalid_request_error",
    404: "not_found_error",
    429: "rate_limit_error",
    502: "api_error",
    529: "overloaded_error",
}
"""platform.claude.com/docs/en/api/errors."""


def _usage_of(said: Json) -> Usage:
    """`input_tokens` are those that neither came from the cache nor went into it."""
    cached, written = said["cache_read_input_tokens"] or 0, said["cache_creation_input_tokens"] or 0
    reasoning = (said.get("output_tokens_details") or {}).get("thinking_tokens", 0)
    return Usage(said["input_tokens"] + cached + written, cached, said["output_tokens"], reasoning)


def hear(reply: Json) -> Heard:
    assert (reply["type"], reply["role"]) == ("message", "assistant")
    blocks = reply["content"]
    assert {block["type"] for block in blocks} <= {"text", "thinking", "redacted_thinking", "tool_use"}
    cited = [each for block in blocks for each in block.get("citations") or []]
    assert all(each["cited_text"] is not None and each["encrypted_index"] for each in cited)
    calls = [block for block in blocks if block["type"] == "tool_use"]
    return Heard(
        id=reply["id"],
        model=reply["model"],
        finish=reply["stop_reason"],
        texts=["".join(block["text"] for block in blocks if block["type"] == "text")],
        thoughts="".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        calls=tuple((block["name"], block["input"]) for block in calls),
        call_ids=tuple(block["id"] for block in calls),
        stop_sequence=reply["stop_sequence"],
        citations=tuple((each["url"], each["title"]) for each in cited),
        usage=_usage_of(reply["usage"]),
    )


def assemble(frames: list[Frame]) -> Streamed:
    events = [payload(frame) for frame in frames]
    assert [frame.event for frame in frames] == [event["type"] for event in events]
    events = [event for event in events if event["type"] != "ping"]
    assert [events[0]["type"], events[-2]["type"], events[-1]["type"]] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    reply: Json = {**events[0]["message"]}
    assert (reply["content"], reply["stop_reason"]) == ([], None)
    content: list[Json] = []
    counts = {"text_delta": 0, "input_json_delta": 0, "thinking_delta": 0}
    arguments = ""
    inside = False
    for event in events[1:-2]:
        begins = event["type"] == "content_block_start"
        assert begins is not inside, "one block after another"
        assert event["index"] == len(content) - inside
        if begins:
            content.append({**event["content_block"]})
            inside, arguments = True, ""
        elif event["type"] == "content_block_delta":
            kind = event["delta"]["type"]
            counts |= {kind: counts[kind] + 1} if kind in counts else {}
            arguments += event["delta"].get("partial_json", "")
            _add(content[-1], event["delta"])
        else:
            assert event["type"] == "content_block_stop"
            inside = False
            if content[-1]["type"] == "tool_use":
                assert content[-1]["input"] == {}
                content[-1]["input"] = json.loads(arguments or "{}")
    assert not inside, "every block ends"
    ended = events[-2]
    reply |= {"content": content, **ended["delta"], "usage": {**reply["usage"], **ended["usage"]}}
    return Streamed(reply, counts["text_delta"], counts["input_json_delta"], counts["thinking_delta"])


def _add(block: Json, delta: Json) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        case other:
            assert other == "input_json_delta", f"no such delta: {other}"


def broken(frames: list[Frame]) -> Json:
    last = payload(frames[-1])
    assert frames[-1].event == last["type"] == "error"
    assert all(frame.event != "message_stop" for frame in frames)
    return last


def fault(body: Json) -> Fault:
    assert body["type"] == "error"
    assert body["request_id"]
    error = body["error"]
    named = re.match(r"([a-z_]+(?:\.[a-z0-9_]+)*): ", error["message"])
    return Fault(
        error["type"], error.get("details", {}).get("error_code"), error["message"], named[1] if named else None
    )


def answers(reply: Json, result: str) -> Json:
    call_id = next(block["id"] for block in reply["content"] if block["type"] == "tool_use")
    back = {"type": "tool_result", "tool_use_id": call_id, "content": result}
    return {"messages": [_user(), {"role": "assistant", "content": reply["content"]}, _user(back)]}


MESSAGES = Caller(
    id="messages",
    title="Messages",
    path="/v1/messages",
    key_header=lambda key: {"x-api-key": key, "anthropic-version": "2023-06-01"},
    base={"messages": [_user()], "max_tokens": told.ROOM},
    asks=ASKS,
    unsaid=UNSAID,
    params=PARAMS,
    finishes={
        "": "end_turn",
        "calls": "tool_use",
        "length": "max_tokens",
        "content_filter": "refusal",
        "refused": "refusal",
        "declined": "refusal",
        "stop_sequence": "stop_sequence",
    },
    error_types=ERROR_TYPES,
    hear=hear,
    assemble=assemble,
    broken=broken,
    fault=fault,
    answers=answers,
    reply_id="msg_",
)
