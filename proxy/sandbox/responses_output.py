"""Output items of a Responses reply, as they are when they are done, with the tokens that a stream says them in."""

from typing import Any, NamedTuple

from proxy.sandbox import logprobs
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import key_of, pieces_of
from proxy.sandbox.responses_request import ResponseAsked
from proxy.sandbox.said import Said, citations
from proxy.sandbox.seals import encrypted_content, item_id


class OutputItem(NamedTuple):
    """One entry of `output`."""

    item: dict[str, Any]
    pieces: list[list[str]]
    """Tokens: of each summary part, of the text, or of the arguments."""


def output_items(asked: ResponseAsked, key: bytes, demands: Demands, said: Said) -> list[OutputItem]:
    """Thoughts, message, calls. Where the reply ends too soon the last of them is incomplete."""
    found = []
    if said.thought:
        found.append(_reasoning(asked, key, said))
    if said.text:
        found.append(_message(asked, key, demands, said))
    found += [_call(asked, key, said, index) for index in range(len(said.calls))]
    if found and said.finish in ("length", "content_filter"):
        last = found[-1].item
        if last["type"] in ("message", "function_call"):
            last["status"] = "incomplete"
    return found


def token_logprobs(pieces: list[str], first: int, count: int) -> list[dict[str, Any]]:
    """Of tokens that begin with the `first` of the text, each with its `count` likeliest."""
    found = []
    for place, piece in enumerate(pieces, first):
        likeliest = [_logprob(each) for each in logprobs.likeliest(piece, place, count)]
        found.append(_logprob(logprobs.chosen(piece, place)) | {"top_logprobs": likeliest})
    return found


def wanted_logprobs(asked: ResponseAsked) -> int | None:
    """How many of the likeliest tokens are to be said; None: no logprobs at all."""
    if asked.includes("message.output_text.logprobs") or asked.top_logprobs:
        return asked.top_logprobs or 0
    return None


def _logprob(token: logprobs.TokenLogprob) -> dict[str, Any]:
    return {"token": token.token, "bytes": token.bytes, "logprob": token.logprob}


def _id(asked: ResponseAsked, prefix: str, key: bytes, *what: object) -> str:
    return item_id(prefix, key_of(key.hex(), prefix, *what), asked.store is not False)


def _reasoning(asked: ResponseAsked, key: bytes, said: Said) -> OutputItem:
    parts = [pieces_of(part) for part in "".join(said.thinking).split("\n\n")] if said.thinking else []
    summary = [{"type": "summary_text", "text": "".join(part)} for part in parts]
    item: dict[str, Any] = {"id": _id(asked, "rs", key), "type": "reasoning", "summary": summary}
    if asked.includes("reasoning.encrypted_content"):
        item["encrypted_content"] = encrypted_content(key_of(key.hex(), "".join(said.thinking)))
    return OutputItem(item, parts)


def _message(asked: ResponseAsked, key: bytes, demands: Demands, said: Said) -> OutputItem:
    text = said.whole_text
    part: dict[str, Any]
    if said.refused:
        part = {"type": "refusal", "refusal": text}
    else:
        count = wanted_logprobs(asked)
        annotations = [{"type": "url_citation"} | each._asdict() for each in citations(demands, text)]
        known = [] if count is None else token_logprobs(said.text, 0, count)
        part = {"type": "output_text", "annotations": annotations, "logprobs": known, "text": text}
    item = {
        "id": _id(asked, "msg", key),
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }
    return OutputItem(item, [said.text])


def _call(asked: ResponseAsked, key: bytes, said: Said, index: int) -> OutputItem:
    call = said.calls[index]
    call_id = f"call_{key_of(key.hex(), index, 'call')[:12].hex()}"
    item: dict[str, Any]
    if call.free_form:
        item = {"id": _id(asked, "ctc", key, index), "type": "custom_tool_call"}
        item |= {"call_id": call_id, "name": call.name, "input": call.arguments}
    else:
        item = {"id": _id(asked, "fc", key, index), "type": "function_call", "status": "completed"}
        item |= {"arguments": call.arguments, "call_id": call_id, "name": call.name}
    return OutputItem(item, [call.pieces])
