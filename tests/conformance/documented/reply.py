"""A provider's documented reply, and what its page says that it used and costs.

The token classes are the ledger's: disjoint inputs whose sum is all of the input; `output` includes `output_reasoning`
and `output_audio`. Costs are USD, worked out by hand beside each case from the vendor's page of prices.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HELLO = [{"role": "user", "content": "Hello"}]
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": HELLO},
    "/v1/messages": {"messages": HELLO, "max_tokens": 64_000},
    "/v1/responses": {"input": "Hello"},
    "/v1/completions": {"prompt": "Hello"},
    "/v1/embeddings": {"input": "Hello"},
}
"""Endpoint → the least that it can be asked."""


@dataclass(frozen=True)
class Documented:
    """One reply of one provider, by its page."""

    name: str
    provider: str
    """The preset."""
    model: str
    page: str
    """Where the vendor shows the usage object, or says what is inside what."""
    reply: dict[str, Any]
    """The plain reply."""
    stream: Callable[[dict[str, Any]], bytes] | None
    """The plain reply → the bytes of the same one streamed; None where it cannot be."""
    tokens: dict[str, int]
    """What is not 0."""
    cost: str | None
    """USD; None: unpriced."""
    basis: str = "computed"
    dialect: str = "openai-chat"
    """The provider's."""
    endpoint: str = "/v1/chat/completions"
    """The endpoint of ours that speaks it; chat where none does."""
    asked: dict[str, Any] = field(default_factory=dict)
    """What the request says beside the least."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of the reply."""
    request_id: str | None = None
    finish: str | None = "stop"
    served: str | None = None
    """The model that the reply names, where that is not `model`."""
    usage: Any = None
    """Where it is not at `usage` in the reply."""
    stream_type: str = "text/event-stream"

    @property
    def said(self) -> Any:
        """The usage object."""
        return self.reply.get("usage") if self.usage is None else self.usage


def event(value: object, name: str = "") -> bytes:
    """One server-sent event with a JSON payload."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


def chat(model: str, usage: object, **more: Any) -> dict[str, Any]:
    """developers.openai.com/api/reference/resources/chat: the chat completion object."""
    message = {"role": "assistant", "content": "Hello! How can I assist you today?", "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = {"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion", "created": 1741569952}
    return {**head, "model": model, "choices": [choice], "usage": usage, **more}


def chunks(reply: dict[str, Any], last: dict[str, Any]) -> list[dict[str, Any]]:
    """Text, then the chunk with the reason, which has `last` beside it."""
    beside = {name: value for name, value in reply.items() if name not in ("choices", "usage", "object")}
    head = {**beside, "object": "chat.completion.chunk"}
    text = reply["choices"][0]["message"]["content"]
    reason = reply["choices"][0]["finish_reason"]

    def choice(delta: dict[str, Any], reason: str | None = None) -> list[dict[str, Any]]:
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]

    return [
        {**head, "choices": choice({"role": "assistant", "content": ""})},
        {**head, "choices": choice({"content": text[:5]})},
        {**head, "choices": choice({"content": text[5:]})},
        {**head, "choices": choice({}, reason), **last},
    ]


DONE = b"data: [DONE]\n\n"


def chat_stream(reply: dict[str, Any]) -> bytes:
    """OpenAI's with `include_usage`: null in every chunk but a last one without choices."""
    said = [{**chunk, "usage": None} for chunk in chunks(reply, {})]
    said.append({**said[0], "choices": [], "usage": reply["usage"]})
    return b"".join(map(event, said)) + DONE


def usage_with_the_reason(reply: dict[str, Any]) -> bytes:
    """Mistral, Fireworks, Together: the last chunk with a choice has it."""
    return b"".join(map(event, chunks(reply, {"usage": reply["usage"]}))) + DONE


def usage_in_every_chunk(reply: dict[str, Any]) -> bytes:
    """Perplexity, vLLM's continuous usage: sums so far, the last of which is the whole."""
    usage = reply["usage"]
    sofar = {**usage, "completion_tokens": 1, "total_tokens": usage["prompt_tokens"] + 1}
    sofar = {name: value for name, value in sofar.items() if not name.endswith("_details")}
    *first, last = chunks(reply, {})
    return b"".join(event({**chunk, "usage": sofar}) for chunk in first) + event({**last, "usage": usage}) + DONE


def text_completion(model: str, usage: object) -> dict[str, Any]:
    """developers.openai.com/api/reference/resources/completions: the completion object."""
    choice = {"text": "\n\nThis is indeed a test", "index": 0, "logprobs": None, "finish_reason": "length"}
    head = {"id": "cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7", "object": "text_completion", "created": 1589478378}
    return {**head, "model": model, "choices": [choice], "usage": usage}


def text_completion_stream(reply: dict[str, Any]) -> bytes:
    head = {name: reply[name] for name in ("id", "object", "created", "model")}
    (choice,) = reply["choices"]
    begun = {**head, "choices": [{**choice, "finish_reason": None}]}
    ended = {**head, "choices": [{**choice, "text": ""}]}
    return event(begun) + event(ended) + event({**head, "choices": [], "usage": reply["usage"]}) + DONE


def response(model: str, usage: object, **more: Any) -> dict[str, Any]:
    """developers.openai.com/api/reference/resources/responses: the response object."""
    text = {"type": "output_text", "text": "Hello! How can I assist you today?", "annotations": []}
    item = {"type": "message", "id": "msg_67ccd2bf17f0", "status": "completed", "role": "assistant", "content": [text]}
    head = {"id": "resp_67ccd2bed1ec", "object": "response", "created_at": 1741476542, "status": "completed"}
    return {**head, "error": None, "model": model, "output": [item], "usage": usage, **more}


def response_stream(reply: dict[str, Any]) -> bytes:
    begun = {**reply, "status": "in_progress", "output": [], "usage": None}
    begun.pop("tool_usage", None)
    item = reply["output"][-1]
    text = item["content"][0]["text"]
    place = {"item_id": item["id"], "output_index": len(reply["output"]) - 1, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": []}
    events: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": begun}),
        ("response.in_progress", {"response": begun}),
        ("response.output_item.added", {"output_index": place["output_index"], "item": {**item, "content": []}}),
        ("response.content_part.added", {**place, "part": part}),
        ("response.output_text.delta", {**place, "delta": text}),
        ("response.output_text.done", {**place, "text": text}),
        ("response.content_part.done", {**place, "part": item["content"][0]}),
        ("response.output_item.done", {"output_index": place["output_index"], "item": item}),
        ("response.completed", {"response": reply}),
    ]
    numbered = enumerate(events)
    return b"".join(event({"type": kind, "sequence_number": at, **said}, kind) for at, (kind, said) in numbered)


def message(model: str, usage: object, **more: Any) -> dict[str, Any]:
    """platform.claude.com/docs/en/api/messages: the message object."""
    head = {"id": "msg_013Zva2CMHLNnXjNJJKqJ2EF", "type": "message", "role": "assistant", "model": model}
    content = [{"type": "text", "text": "Hi! My name is Claude.", "citations": None}]
    return {**head, "content": content, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage, **more}


AT_THE_END = ("iterations", "server_tool_use", "output_tokens_details")


def message_stream(reply: dict[str, Any]) -> bytes:
    """`message_start` knows the input and one token of output; `message_delta` has cumulative counts."""
    usage = reply["usage"]
    begun = {name: value for name, value in usage.items() if name not in AT_THE_END} | {"output_tokens": 1}
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens", *AT_THE_END)
    ended = {name: usage[name] for name in names if name in usage}
    start = {**reply, "content": [], "stop_reason": None, "usage": begun}
    delta = {"stop_reason": reply["stop_reason"], "stop_sequence": None}
    text = reply["content"][-1]["text"]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": delta, "usage": ended},
        {"type": "message_stop"},
    ]
    return b"".join(event(each, each["type"]) for each in events)
