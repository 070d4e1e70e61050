"""Apps that speak OpenAI's legacy Completions: requests and replies by the API reference.

developers.openai.com/api/reference/resources/completions; `openai` 3.52, types/completion*.py.
"""

from tests.conformance.dialects import chat_caller, told
from tests.conformance.dialects.features import ERRORS, FEATURES
from tests.conformance.dialects.heard import Caller, Frame, Heard, Json, Streamed, payload

ASKS: dict[str, Json] = {
    "text": {},
    "stream": {},
    "max_output": {"max_tokens": told.MAX_OUTPUT},
    "temperature": {"temperature": told.TEMPERATURE},
    "top_p": {"top_p": told.TOP_P},
    "stop": {"stop": told.STOP},
    "seed": {"seed": told.SEED},
    "n": {"n": 2},
    "penalties": {"presence_penalty": told.PENALTIES[0], "frequency_penalty": told.PENALTIES[1]},
    "logprobs": {"logprobs": told.TOP_LOGPROBS},
    "usage": {},
    "usage_streamed": {"stream_options": {"include_usage": True}},
    "cached_usage": {"stream_options": {"include_usage": True}},
    "length": {},
    "content_filter": {},
    "refusal": {},
    "stop_sequence": {"stop": told.STOP},
    "user": {"user": told.USER},
    "metadata": {"metadata": {"feature": told.FEATURE}},
    "logit_bias": {"logit_bias": told.LOGIT_BIAS},
    "unknown": {"hovercraft": {"eels": 7}},
    "request_ids": {},
    "bad_request": {"temperature": "warm"},
}
UNSAID = {
    **dict.fromkeys(FEATURES.keys() - ASKS.keys() - set(ERRORS), "prompts and replies are text"),
    **dict.fromkeys(("top_k", "cache_key", "default_tier", "priority", "flex", "verbosity"), "no such parameter"),
    "citations": "replies are text",
    "thoughts": "replies are text: thoughts are left out",
}


def hear(reply: Json) -> Heard:
    assert reply["object"] == "text_completion"
    assert isinstance(reply["created"], int)
    choices = reply["choices"]
    assert [choice["index"] for choice in choices] == list(range(len(choices)))
    said = choices[0].get("logprobs")
    if said:
        offsets = [sum(len(token) for token in said["tokens"][:at]) for at in range(len(said["tokens"]))]
        assert said["text_offset"] == offsets
        assert len(said["token_logprobs"]) == len(said["top_logprobs"]) == len(said["tokens"])
    return Heard(
        id=reply["id"],
        model=reply["model"],
        finish=choices[0]["finish_reason"],
        texts=[choice["text"] for choice in choices],
        logprobs=tuple((token, len(top)) for token, top in zip(said["tokens"], said["top_logprobs"], strict=True))
        if said
        else (),
        usage=chat_caller.usage_of(reply["usage"]) if reply.get("usage") else None,
    )


def assemble(frames: list[Frame]) -> Streamed:
    assert frames[-1].data == "[DONE]"
    chunks = [payload(frame) for frame in frames[:-1]]
    assert len({(chunk["id"], chunk["object"], chunk["model"], chunk["created"]) for chunk in chunks}) == 1
    choices: dict[int, Json] = {}
    deltas, usage = 0, None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for said in chunk["choices"]:
            choice = choices.setdefault(said["index"], {"index": said["index"], "text": "", "finish_reason": None})
            assert not choice["finish_reason"]
            choice["text"] += said["text"]
            choice["finish_reason"] = said["finish_reason"]
            deltas += bool(said["text"])
            if said.get("logprobs"):
                told_so_far = choice.setdefault("logprobs", {name: [] for name in said["logprobs"]})
                for name, values in said["logprobs"].items():
                    told_so_far[name] += values
    assert all(choice["finish_reason"] for choice in choices.values())
    reply = {"choices": [choices[at] for at in sorted(choices)], "usage": usage}
    return Streamed({**{name: chunks[0][name] for name in ("id", "object", "model", "created")}, **reply}, deltas, 0, 0)


def _never(reply: Json, result: str) -> Json:
    raise AssertionError("completions have no tools")


COMPLETIONS = Caller(
    id="completions",
    title="Completions",
    path="/v1/completions",
    key_header=chat_caller.CHAT.key_header,
    base={"prompt": told.PROMPT, "max_tokens": told.ROOM},
    asks=ASKS,
    unsaid=UNSAID,
    params={**chat_caller.PARAMS, "max_output": "max_tokens"},
    finishes={
        "": "stop",
        "calls": "stop",
        "length": "length",
        "content_filter": "content_filter",
        "refused": "content_filter",
        "declined": "content_filter",
        "stop_sequence": "stop",
    },
    error_types=chat_caller.ERROR_TYPES,
    hear=hear,
    assemble=assemble,
    broken=chat_caller.broken,
    fault=chat_caller.fault,
    answers=_never,
    reply_id="cmpl-",
)
