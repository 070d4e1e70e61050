"""Apps that speak OpenAI's Chat Completions: requests and replies by the API reference.

developers.openai.com/api/reference/resources/chat; `openai` 3.52, types/chat. Parameters that OpenAI does not have are
those of OpenRouter (openrouter.ai/docs/api/reference/parameters, …/guides/best-practices/reasoning-tokens).
"""

import json
from typing import Any

from tests.conformance.dialects import told
from tests.conformance.dialects.heard import Caller, Fault, Frame, Heard, Json, Streamed, Usage, payload


def _user(content: Any = told.PROMPT) -> Json:
    return {"role": "user", "content": content}


def _asked(*parts: Json) -> Json:
    return {"messages": [_user([{"type": "text", "text": told.PROMPT}, *parts])]}


def _function(name: str) -> Json:
    about = {"name": name, "description": told.TOOL_ABOUT, "parameters": told.TOOL_SCHEMA}
    return {"type": "function", "function": about}


def _call(at: int) -> Json:
    name, arguments = told.CALLS[at]
    function = {"name": name, "arguments": told.compact(arguments)}
    return {"id": told.CALL_IDS[at], "type": "function", "function": function}


TOOLS = {"tools": [_function(told.TOOL), _function(told.OTHER_TOOL)]}
_RESULTS = [{"role": "tool", "tool_call_id": told.CALL_IDS[at], "content": told.RESULTS[at]} for at in (0, 1)]
_PNG_URL = f"data:image/png;base64,{told.PNG}"
_MARK = {"prompt_cache_breakpoint": {"mode": "explicit"}}
_SCHEMA = {"name": "weather", "schema": told.SCHEMA, "strict": True}
_THINKING = {"reasoning": {"effort": told.EFFORT, "exclude": False}}

ASKS: dict[str, Json] = {
    "text": {},
    "system": {"messages": [{"role": "system", "content": told.SYSTEM}, _user()]},
    "developer": {"messages": [{"role": "developer", "content": told.DEVELOPER}, _user()]},
    "turns": {"messages": [_user(told.EARLIER[0]), {"role": "assistant", "content": told.EARLIER[1]}, _user()]},
    "stream": {},
    "max_output": {"max_completion_tokens": told.MAX_OUTPUT},
    "temperature": {"temperature": told.TEMPERATURE},
    "top_p": {"top_p": told.TOP_P},
    "top_k": {"top_k": told.TOP_K},
    "stop": {"stop": told.STOP},
    "seed": {"seed": told.SEED},
    "n": {"n": 2},
    "penalties": {"presence_penalty": told.PENALTIES[0], "frequency_penalty": told.PENALTIES[1]},
    "logprobs": {"logprobs": True, "top_logprobs": told.TOP_LOGPROBS},
    "tools": TOOLS,
    "choice_auto": {**TOOLS, "tool_choice": "auto"},
    "choice_none": {**TOOLS, "tool_choice": "none"},
    "choice_required": {**TOOLS, "tool_choice": "required"},
    "choice_named": {**TOOLS, "tool_choice": {"type": "function", "function": {"name": told.OTHER_TOOL}}},
    "parallel": TOOLS,
    "parallel_off": {**TOOLS, "parallel_tool_calls": False},
    "result_text": {
        "messages": [_user(), {"role": "assistant", "content": None, "tool_calls": [_call(0), _call(1)]}, *_RESULTS],
        **TOOLS,
    },
    "image_url": _asked({"type": "image_url", "image_url": {"url": told.IMAGE_URL}}),
    "image_base64": _asked({"type": "image_url", "image_url": {"url": _PNG_URL}}),
    "pdf_base64": _asked(
        {"type": "file", "file": {"filename": told.PDF_NAME, "file_data": f"data:application/pdf;base64,{told.PDF}"}}
    ),
    "audio": _asked({"type": "input_audio", "input_audio": {"data": told.WAV, "format": "wav"}}),
    "json_schema": {"response_format": {"type": "json_schema", "json_schema": _SCHEMA}},
    "json_mode": {"response_format": {"type": "json_object"}},
    "effort": {"reasoning_effort": told.EFFORT},
    "budget": {"reasoning": {"max_tokens": told.BUDGET}, "max_completion_tokens": 5 * told.ROOM},
    "thoughts": _THINKING,
    "round_trip": {**_THINKING, **TOOLS},
    "cache_marks": {
        "messages": [{"role": "system", "content": [{"type": "text", "text": told.SYSTEM, **_MARK}]}, _user()]
    },
    "usage": {},
    "usage_streamed": {"stream_options": {"include_usage": True}},
    "cached_usage": {"stream_options": {"include_usage": True}},
    "length": {},
    "content_filter": {},
    "refusal": {},
    "stop_sequence": {"stop": told.STOP},
    "citations": {},
    "user": {"user": told.USER},
    "metadata": {"metadata": {"feature": told.FEATURE}},
    "default_tier": {"service_tier": "default"},
    "priority": {"service_tier": "priority"},
    "flex": {"service_tier": "flex"},
    "cache_key": {"prompt_cache_key": told.CACHE_KEY},
    "custom_tools": {
        "tools": [{"type": "custom", "custom": {"name": told.CUSTOM_TOOL, "description": told.TOOL_ABOUT}}]
    },
    "names": {"messages": [{**_user(), "name": told.SPEAKER}]},
    "detail": _asked({"type": "image_url", "image_url": {"url": _PNG_URL, "detail": "high"}}),
    "verbosity": {"verbosity": "low"},
    "logit_bias": {"logit_bias": told.LOGIT_BIAS},
    "unknown": {"hovercraft": {"eels": 7}},
    "request_ids": {},
    "bad_request": {"temperature": "warm"},
}
UNSAID = {
    "result_image": "tool messages are text",
    "result_error": "tool messages do not say that a tool failed",
    "pdf_url": "files come in the request, or by an id",
    "cite_files": "nothing asks for them",
    "hosted_tools": "there are none",
    "state": "there is none",
}
PARAMS = {
    "image_url": "messages",
    "max_output": "max_completion_tokens",
    "stop_sequence": "stop",
    "penalties": "presence_penalty",
    "parallel_off": "parallel_tool_calls",
    "audio": "messages",
    "json_mode": "response_format",
    "names": "name",
    "detail": "detail",
    "priority": "service_tier",
    "flex": "service_tier",
    "unknown": "hovercraft",
}
ERROR_TYPES = {
    400: "invalid_request_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
    502: "server_error",
    503: "server_error",
}
"""OpenAI's SDKs choose the exception by the status."""


def usage_of(said: Json) -> Usage:
    assert said["total_tokens"] == said["prompt_tokens"] + said["completion_tokens"]
    cached = said["prompt_tokens_details"]["cached_tokens"]
    reasoning = said["completion_tokens_details"]["reasoning_tokens"]
    return Usage(said["prompt_tokens"], cached, said["completion_tokens"], reasoning)


def hear(reply: Json) -> Heard:
    assert reply["object"] == "chat.completion"
    assert isinstance(reply["created"], int)
    choices = reply["choices"]
    assert [choice["index"] for choice in choices] == list(range(len(choices)))
    message = choices[0]["message"]
    assert message["role"] == "assistant"
    calls = message.get("tool_calls") or []
    logprobs = (choices[0].get("logprobs") or {}).get("content") or []
    assert all(each["logprob"] <= 0 for each in logprobs)
    cited = [each["url_citation"] for each in message.get("annotations") or [] if each["type"] == "url_citation"]
    return Heard(
        id=reply["id"],
        model=reply["model"],
        finish=choices[0]["finish_reason"],
        texts=[choice["message"]["content"] or "" for choice in choices],
        thoughts=message.get("reasoning_content") or "",
        refusal=message.get("refusal") or "",
        calls=tuple(_call_of(call) for call in calls),
        call_ids=tuple(call["id"] for call in calls),
        citations=tuple((each["url"], each["title"]) for each in cited),
        logprobs=tuple((each["token"], len(each["top_logprobs"])) for each in logprobs),
        usage=usage_of(reply["usage"]) if reply.get("usage") else None,
    )


def _call_of(call: Json) -> tuple[str, Any]:
    said = call[call["type"]]
    return said["name"], json.loads(said["arguments"]) if call["type"] == "function" else said["input"]


def assemble(frames: list[Frame]) -> Streamed:
    assert frames[-1].data == "[DONE]"
    chunks = [payload(frame) for frame in frames[:-1]]
    assert all(frame.event is None for frame in frames)
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk["id"], chunk["model"], chunk["created"]) for chunk in chunks}) == 1, "one reply, one name"
    choices: dict[int, Json] = {}
    counts = {"content": 0, "tool_calls": 0, "reasoning_content": 0}
    usage = None
    for chunk in chunks:
        assert usage is None, "usage is the last"
        usage = chunk.get("usage")
        assert not (usage and chunk["choices"])
        for said in chunk["choices"]:
            choice = choices.get(said["index"])
            if choice is None:
                assert said["delta"]["role"] == "assistant", "a choice begins with its role"
                choice = choices[said["index"]] = {"index": said["index"], "message": {"content": None}}
            assert not choice.get("finish_reason"), "nothing follows the end of a choice"
            _add(choice, said, counts)
    assert all(choice["finish_reason"] for choice in choices.values())
    reply = {"object": "chat.completion", "choices": [choices[at] for at in sorted(choices)], "usage": usage}
    whole = {**{name: chunks[0][name] for name in ("id", "model", "created")}, **reply}
    return Streamed(whole, counts["content"], counts["tool_calls"], counts["reasoning_content"])


def _add(choice: Json, said: Json, counts: dict[str, int]) -> None:
    message = choice["message"]
    for name, value in said["delta"].items():
        if name in counts and value:
            counts[name] += 1
        if name == "role":
            message[name] = value
        elif name in ("content", "refusal", "reasoning_content") and value is not None:
            message[name] = (message.get(name) or "") + value
        elif name == "tool_calls":
            for call in value:
                _add_call(message.setdefault("tool_calls", []), call)
        elif name == "reasoning_details":
            for entry in value:
                _add_detail(message.setdefault(name, []), entry)
        elif name == "annotations":
            message.setdefault(name, []).extend(value)
    if said.get("logprobs"):
        choice.setdefault("logprobs", {"content": []})["content"] += said["logprobs"]["content"] or []
    choice["finish_reason"] = said.get("finish_reason")


def _add_call(calls: list[Json], said: Json) -> None:
    if said["index"] == len(calls):
        assert said["id"], "the first delta of a call has its id"
        assert said["function"]["name"], "and its name"
        calls.append({**said, "function": dict(said["function"])})
        del calls[-1]["index"]
    else:
        assert "id" not in said, "an id is said once"
        calls[said["index"]]["function"]["arguments"] += said["function"]["arguments"]


def _add_detail(details: list[Json], said: Json) -> None:
    """As OpenRouter's clients do: entries of one index are pieces of one."""
    if details and details[-1]["index"] == said["index"]:
        text = details[-1].get("text", "") + said.get("text", "")
        details[-1] |= {**said, "text": text}
    else:
        details.append(dict(said))


def broken(frames: list[Frame]) -> Json:
    assert all(frame.data != "[DONE]" for frame in frames), "a stream that broke must not look whole"
    return payload(frames[-1])


def fault(body: Json) -> Fault:
    error = body["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    return Fault(error["type"], error["code"], error["message"], error["param"])


def answers(reply: Json, result: str) -> Json:
    message = {name: value for name, value in reply["choices"][0]["message"].items() if value is not None}
    call_id = message["tool_calls"][0]["id"]
    return {"messages": [_user(), message, {"role": "tool", "tool_call_id": call_id, "content": result}]}


CHAT = Caller(
    id="chat",
    title="Chat Completions",
    path="/v1/chat/completions",
    key_header=lambda key: {"authorization": f"Bearer {key}"},
    base={"messages": [_user()]},
    asks=ASKS,
    unsaid=UNSAID,
    params=PARAMS,
    finishes={
        "": "stop",
        "calls": "tool_calls",
        "length": "length",
        "content_filter": "content_filter",
        "refused": "content_filter",
        "declined": "stop",
        "stop_sequence": "stop",
    },
    error_types=ERROR_TYPES,
    hear=hear,
    assemble=assemble,
    broken=broken,
    fault=fault,
    answers=answers,
    reply_id="chatcmpl-",
)
