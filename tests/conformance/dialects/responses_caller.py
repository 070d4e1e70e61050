"""Apps that speak OpenAI's Responses: requests and replies by the API reference.

developers.openai.com/api/reference/resources/responses; `openai` 3.52, types/responses.
"""

import json
from typing import Any

from tests.conformance.dialects import told
from tests.conformance.dialects.chat_caller import ERROR_TYPES
from tests.conformance.dialects.heard import Caller, Fault, Frame, Heard, Json, Streamed, Usage, payload


def _message(role: str, *content: Json) -> Json:
    return {"type": "message", "role": role, "content": list(content)}


def _text(text: str = told.PROMPT, **more: Any) -> Json:
    return {"type": "input_text", "text": text, **more}


def _asked(*parts: Json) -> Json:
    return {"input": [_message("user", _text(), *parts)]}


def _function(name: str) -> Json:
    about = {"name": name, "description": told.TOOL_ABOUT, "parameters": told.TOOL_SCHEMA, "strict": False}
    return {"type": "function", **about}


def _call(at: int) -> Json:
    name, arguments = told.CALLS[at]
    said = {"call_id": told.CALL_IDS[at], "name": name, "arguments": told.compact(arguments)}
    return {"type": "function_call", **said}


def _result(at: int, output: Any) -> Json:
    return {"type": "function_call_output", "call_id": told.CALL_IDS[at], "output": output}


_TOOLS = {"tools": [_function(told.TOOL), _function(told.OTHER_TOOL)]}
_PNG_URL = f"data:image/png;base64,{told.PNG}"
_IMAGE = {"type": "input_image", "detail": "auto"}
_FORMAT = {"type": "json_schema", "name": "weather", "schema": told.SCHEMA, "strict": True}
_THINKING = {
    "reasoning": {"effort": told.EFFORT, "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "store": False,
}
_SIGNED = {**_THINKING, **_TOOLS}

ASKS: dict[str, Json] = {
    "text": {},
    "system": {"instructions": told.SYSTEM},
    "developer": {"input": [_message("developer", _text(told.DEVELOPER)), _message("user", _text())]},
    "turns": {
        "input": [
            {"role": "user", "content": told.EARLIER[0]},
            _message("assistant", {"type": "output_text", "text": told.EARLIER[1], "annotations": []}),
            _message("user", _text()),
        ]
    },
    "stream": {},
    "max_output": {"max_output_tokens": told.MAX_OUTPUT},
    "temperature": {"temperature": told.TEMPERATURE},
    "top_p": {"top_p": told.TOP_P},
    "logprobs": {"include": ["message.output_text.logprobs"], "top_logprobs": told.TOP_LOGPROBS},
    "tools": _TOOLS,
    "choice_auto": {**_TOOLS, "tool_choice": "auto"},
    "choice_none": {**_TOOLS, "tool_choice": "none"},
    "choice_required": {**_TOOLS, "tool_choice": "required"},
    "choice_named": {**_TOOLS, "tool_choice": {"type": "function", "name": told.OTHER_TOOL}},
    "parallel": _TOOLS,
    "parallel_off": {**_TOOLS, "parallel_tool_calls": False},
    "result_text": {
        "input": [_message("user", _text()), _call(0), _call(1), *(_result(at, told.RESULTS[at]) for at in (0, 1))],
        **_TOOLS,
    },
    "result_image": {
        "input": [
            _message("user", _text()),
            _call(0),
            _result(0, [_text(told.RESULTS[0]), {**_IMAGE, "image_url": _PNG_URL}]),
        ],
        **_TOOLS,
    },
    "image_url": _asked({**_IMAGE, "image_url": told.IMAGE_URL}),
    "image_base64": _asked({**_IMAGE, "image_url": _PNG_URL}),
    "pdf_base64": _asked(
        {"type": "input_file", "filename": told.PDF_NAME, "file_data": f"data:application/pdf;base64,{told.PDF}"}
    ),
    "pdf_url": _asked({"type": "input_file", "file_url": told.PDF_URL}),
    "audio": _asked({"type": "input_audio", "input_audio": {"data": told.WAV, "format": "wav"}}),
    "json_schema": {"text": {"format": _FORMAT}},
    "json_mode": {"text": {"format": {"type": "json_object"}}},
    "effort": {"reasoning": {"effort": told.EFFORT}},
    "thoughts": _THINKING,
    "round_trip": _SIGNED,
    "cache_marks": {
        "input": [
            _message("system", _text(told.SYSTEM, prompt_cache_breakpoint={"mode": "explicit"})),
            _message("user", _text()),
        ]
    },
    "usage": {},
    "usage_streamed": {},
    "cached_usage": {},
    "length": {},
    "content_filter": {},
    "refusal": {},
    "citations": {},
    "user": {"safety_identifier": told.USER},
    "metadata": {"metadata": {"feature": told.FEATURE}},
    "default_tier": {"service_tier": "default"},
    "priority": {"service_tier": "priority"},
    "flex": {"service_tier": "flex"},
    "cache_key": {"prompt_cache_key": told.CACHE_KEY},
    "custom_tools": {"tools": [{"type": "custom", "name": told.CUSTOM_TOOL, "description": told.TOOL_ABOUT}]},
    "hosted_tools": {"tools": [{"type": "web_search"}]},
    "state": {"previous_response_id": told.STORED},
    "detail": _asked({"type": "input_image", "detail": "high", "image_url": _PNG_URL}),
    "verbosity": {"text": {"verbosity": "low"}},
    "unknown": {"hovercraft": {"eels": 7}},
    "request_ids": {},
    "bad_request": {"temperature": "warm"},
}
UNSAID = {
    "top_k": "no such parameter",
    "stop": "no such parameter",
    "stop_sequence": "there are none",
    "seed": "no such parameter",
    "n": "a reply is one",
    "penalties": "no such parameter",
    "result_error": "outputs of tools do not say that a tool failed",
    "budget": "efforts alone",
    "cite_files": "nothing asks for them",
    "names": "messages do not name their speakers",
    "logit_bias": "no such parameter",
}
PARAMS = {
    "image_url": "input",
    "max_output": "max_output_tokens",
    "logprobs": "include",
    "parallel_off": "parallel_tool_calls",
    "result_image": "input",
    "pdf_url": "input",
    "audio": "input",
    "json_mode": "text.format",
    "hosted_tools": "tools[0]",
    "detail": "detail",
    "verbosity": "text.verbosity",
    "priority": "service_tier",
    "flex": "service_tier",
    "unknown": "hovercraft",
}


def hear(reply: Json) -> Heard:
    assert reply["object"] == "response"
    assert reply["error"] is None
    texts: list[str] = []
    thoughts, refusal = "", ""
    calls, call_ids = [], []
    citations: list[Json] = []
    logprobs: list[Json] = []
    for item in reply["output"]:
        if item["type"] == "reasoning":
            thoughts += "\n\n".join(piece["text"] for piece in item["summary"])
        elif item["type"] in ("function_call", "custom_tool_call"):
            free = item["type"] == "custom_tool_call"
            calls.append((item["name"], item["input"] if free else json.loads(item["arguments"])))
            call_ids.append(item["call_id"])
        else:
            assert (item["type"], item["role"]) == ("message", "assistant")
            for part in item["content"]:
                if part["type"] == "refusal":
                    refusal += part["refusal"]
                    continue
                assert part["type"] == "output_text"
                texts.append(part["text"])
                citations += [each for each in part["annotations"] if each["type"] == "url_citation"]
                logprobs += part.get("logprobs") or []
    reason = (reply["incomplete_details"] or {}).get("reason")
    return Heard(
        id=reply["id"],
        model=reply["model"],
        finish=f"{reply['status']}, {reason}" if reason else reply["status"],
        texts=["".join(texts)],
        thoughts=thoughts,
        refusal=refusal,
        calls=tuple(calls),
        call_ids=tuple(call_ids),
        citations=tuple((each["url"], each["title"]) for each in citations),
        logprobs=tuple((each["token"], len(each["top_logprobs"])) for each in logprobs),
        usage=_usage_of(reply["usage"]) if reply.get("usage") else None,
    )


def _usage_of(said: Json) -> Usage:
    assert said["total_tokens"] == said["input_tokens"] + said["output_tokens"]
    cached = said["input_tokens_details"]["cached_tokens"]
    return Usage(said["input_tokens"], cached, said["output_tokens"], said["output_tokens_details"]["reasoning_tokens"])


def assemble(frames: list[Frame]) -> Streamed:
    """The reply is in the last event; what came before must make up the same."""
    events = [payload(frame) for frame in frames]
    assert [frame.event for frame in frames] == [event["type"] for event in events]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    assert events[-1]["type"] in ("response.completed", "response.incomplete")
    reply: Json = events[-1]["response"]
    assert events[0]["response"]["id"] == reply["id"]
    done = {event["output_index"]: event["item"] for event in events if event["type"] == "response.output_item.done"}
    added = {event["output_index"]: event["item"] for event in events if event["type"] == "response.output_item.added"}
    assert [done[at] for at in range(len(done))] == reply["output"]
    assert {at: (item["type"], item["id"]) for at, item in added.items()} == {
        at: (item["type"], item["id"]) for at, item in done.items()
    }
    for at, item in done.items():
        _compare(item, [event for event in events if event.get("output_index") == at])
    kinds = [event["type"] for event in events]
    return Streamed(
        reply,
        kinds.count("response.output_text.delta"),
        kinds.count("response.function_call_arguments.delta"),
        kinds.count("response.reasoning_summary_text.delta"),
    )


def _compare(item: Json, events: list[Json]) -> None:
    """Deltas, the ends of parts and the item say the same."""
    assert {event["item_id"] for event in events if "item_id" in event} <= {item["id"]}
    said = {kind: _deltas(events, kind) for kind in ("output_text", "refusal", "function_call_arguments")}
    if item["type"] == "function_call":
        assert said["function_call_arguments"] == item["arguments"]
        ends = [event for event in events if event["type"] == "response.function_call_arguments.done"]
        assert [event["arguments"] for event in ends] == [item["arguments"]]
    elif item["type"] == "message":
        assert said["output_text"] == "".join(part.get("text", "") for part in item["content"])
        assert said["refusal"] == "".join(part.get("refusal", "") for part in item["content"])
        ends = [event["part"] for event in events if event["type"] == "response.content_part.done"]
        assert ends == item["content"]
    elif item["type"] == "reasoning":
        assert _deltas(events, "reasoning_summary_text") == "".join(piece["text"] for piece in item["summary"])


def _deltas(events: list[Json], kind: str) -> str:
    return "".join(event["delta"] for event in events if event["type"] == f"response.{kind}.delta")


def broken(frames: list[Frame]) -> Json:
    """OpenAI's event `error` has the fields at its top; its clients raise where there is an `error` object."""
    last = payload(frames[-1])
    assert frames[-1].event == last["type"] == "error"
    assert all(last[name] == last["error"][name] for name in ("code", "message", "param"))
    return last


def fault(body: Json) -> Fault:
    error = body["error"]
    return Fault(error["type"], error["code"], error["message"], error["param"])


def answers(reply: Json, result: str) -> Json:
    call_id = next(item["call_id"] for item in reply["output"] if item["type"] == "function_call")
    output = {"type": "function_call_output", "call_id": call_id, "output": result}
    return {"input": [_message("user", _text()), *reply["output"], output]}


RESPONSES = Caller(
    id="responses",
    title="Responses",
    path="/v1/responses",
    key_header=lambda key: {"authorization": f"Bearer {key}"},
    base={"input": told.PROMPT},
    asks=ASKS,
    unsaid=UNSAID,
    params=PARAMS,
    finishes={
        "": "completed",
        "calls": "completed",
        "length": "incomplete, max_output_tokens",
        "content_filter": "incomplete, content_filter",
        "refused": "incomplete, content_filter",
        "declined": "completed",
        "stop_sequence": "completed",
    },
    error_types=ERROR_TYPES,
    hear=hear,
    assemble=assemble,
    broken=broken,
    fault=fault,
    answers=answers,
    reply_id="resp_",
)
