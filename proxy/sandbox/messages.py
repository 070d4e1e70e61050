"""`/v1/messages` and `/v1/messages/count_tokens`. Streamed and plain replies of one request say the same."""

from typing import Any

import msgspec

from proxy.sandbox.demands import Demands
from proxy.sandbox.messages_content import Content, content
from proxy.sandbox.messages_request import CountAsked, MessagesAsked
from proxy.sandbox.messages_tokens import Counted, count
from proxy.sandbox.usage import reported

_encode = msgspec.json.encode

_FRAMES_PER_PING = 64

_ONLY_AT_THE_START = ("cache_creation", "service_tier", "inference_geo", "speed")
"""What message_start says of usage and message_delta does not."""


class MessageAnswer:
    """One message."""

    def __init__(self, asked: MessagesAsked, key: bytes, demands: Demands) -> None:
        self.stream = asked.stream
        counted = count(asked)
        self.prompt_tokens = counted.total
        self.content = content(asked, key, demands)
        self.length = self.content.tokens
        self.usage = reported(_usage(counted, self.content), demands)
        self.message: dict[str, Any] = {
            "id": f"msg_{key[:12].hex()}",
            "type": "message",
            "role": "assistant",
            "model": demands.model or asked.model,
        }
        refused = self.content.stop_reason == "refusal"
        self.ending: dict[str, Any] = {
            "stop_reason": self.content.stop_reason,
            "stop_sequence": self.content.stop_sequence,
            "stop_details": {"type": "refusal", "category": None, "explanation": "As demanded."} if refused else None,
        }

    def body(self) -> bytes:
        reply = self.message | {"content": [piece.block for piece in self.content.pieces]} | self.ending
        if self.usage is not None:
            reply["usage"] = self.usage
        return _encode(reply)

    def frames(self) -> list[bytes]:
        message = self.message | {"content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
        ending: dict[str, Any] = {"delta": self.ending}
        if self.usage is not None:
            message["usage"] = _at_the_start(self.usage)
            ending["usage"] = _at_the_end(self.usage)
        frames = [_frame("message_start", {"message": message})]
        for index, piece in enumerate(self.content.pieces):
            frames.append(_frame("content_block_start", {"index": index, "content_block": piece.start}))
            if not index:
                frames.append(_frame("ping", {}))
            for at, delta in enumerate(piece.deltas, 1):
                frames.append(_frame("content_block_delta", {"index": index, "delta": delta}))
                if at % _FRAMES_PER_PING == 0:
                    frames.append(_frame("ping", {}))
            frames.append(_frame("content_block_stop", {"index": index}))
        frames.append(_frame("message_delta", ending))
        frames.append(_frame("message_stop", {}))
        return frames


class CountAnswer:
    """How many tokens a prompt has; nothing is generated."""

    stream = False
    length = 1

    def __init__(self, asked: CountAsked, _key: bytes, _demands: Demands) -> None:
        self.prompt_tokens = count(asked).total

    def body(self) -> bytes:
        return _encode({"input_tokens": self.prompt_tokens})

    def frames(self) -> list[bytes]:
        raise TypeError("counts are never streamed")


def _frame(event: str, data: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event.encode(), _encode({"type": event} | data))


def _usage(counted: Counted, said: Content) -> dict[str, object]:
    """The kinds of input are disjoint; thinking is a part of the output."""
    usage: dict[str, object] = {
        "input_tokens": counted.fresh,
        "cache_creation_input_tokens": counted.written_5m + counted.written_1h,
        "cache_read_input_tokens": counted.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counted.written_5m,
            "ephemeral_1h_input_tokens": counted.written_1h,
        },
        "output_tokens": said.tokens,
        "output_tokens_details": {"thinking_tokens": said.thinking_tokens},
        "service_tier": "standard",
        "inference_geo": "global",
    }
    if said.searches:
        usage["server_tool_use"] = {"web_search_requests": said.searches, "web_fetch_requests": 0}
    return usage


def _at_the_start(usage: msgspec.Raw) -> object:
    """Before anything was said: one token of output. The rest is known already, or was dictated."""
    known = msgspec.json.decode(usage)
    if type(known.get("output_tokens")) is not int or known["output_tokens"] < 1:
        return known
    return {name: value for name, value in known.items() if name != "output_tokens_details"} | {"output_tokens": 1}


def _at_the_end(usage: msgspec.Raw) -> object:
    known = msgspec.json.decode(usage)
    return {name: value for name, value in known.items() if name not in _ONLY_AT_THE_START}
