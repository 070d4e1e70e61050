"""`converse`, `converse-stream` and `count-tokens`. Streamed and plain replies of one request say the same.

Shapes: the service model of bedrock-runtime. Replies name no model.
"""

from typing import Any

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.bedrock_content import content
from proxy.sandbox.bedrock_frames import event
from proxy.sandbox.bedrock_request import ConverseAsked
from proxy.sandbox.bedrock_rules import check
from proxy.sandbox.bedrock_tokens import count, usage
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import Dice
from proxy.sandbox.usage import reported

_encode = msgspec.json.encode

_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""Events are padded by so much of this, in a member `p`, against those who count bytes."""
_STOP_SEQUENCE = "/stop_sequence"


class ConverseAnswer:
    """One reply."""

    def __init__(self, asked: ConverseAsked, key: bytes, demands: Demands) -> None:
        check(asked)
        self.stream = asked.streams
        counted = count(asked)
        self.prompt_tokens = counted.total
        self.content = content(asked, key, demands)
        self.length = self.content.tokens
        self._padding = Dice(key, "padding")
        self._ending: dict[str, Any] = {"stopReason": self.content.stop_reason}
        if _STOP_SEQUENCE in asked.reply_fields and asked.claude is not None:
            self._ending["additionalModelResponseFields"] = {"stop_sequence": self.content.stop_sequence}
        self._metadata: dict[str, Any] = {"metrics": {"latencyMs": 100 + Dice(key, "latency").number(900)}}
        if (reckoned := reported(usage(counted, self.content.tokens), demands)) is not None:
            self._metadata["usage"] = reckoned
        if tier := asked.body.get("serviceTier"):
            self._metadata["serviceTier"] = tier

    def body(self) -> bytes:
        message = {"role": "assistant", "content": [piece.block for piece in self.content.pieces]}
        return _encode({"output": {"message": message}} | self._ending | self._metadata)

    def frames(self) -> list[bytes]:
        frames = [self._event("messageStart", {"role": "assistant"})]
        for index, piece in enumerate(self.content.pieces):
            place = {"contentBlockIndex": index}
            if piece.start is not None:
                frames.append(self._event("contentBlockStart", {"start": piece.start} | place))
            frames += [self._event("contentBlockDelta", {"delta": delta} | place) for delta in piece.deltas]
            frames.append(self._event("contentBlockStop", place))
        frames.append(self._event("messageStop", self._ending))
        frames.append(self._event("metadata", self._metadata))
        return frames

    def _event(self, name: str, payload: dict[str, Any]) -> bytes:
        return event(name, _encode(payload | {"p": _PADDING[: 1 + self._padding.number(len(_PADDING))]}))


class ConverseTokenCount:
    """How many tokens a prompt has; nothing is generated."""

    stream = False
    length = 1

    def __init__(self, asked: ConverseAsked, _key: bytes, _demands: Demands) -> None:
        given = asked.body["input"]
        if "converse" not in given:
            raise ApiError(400, "The sandbox counts requests of Converse only.")
        if asked.claude is None and not asked.model.startswith("fault-"):
            raise ApiError(400, "The provided model doesn't support counting tokens.")
        prompt = ConverseAsked(given["converse"], asked.model)
        check(prompt)
        self.prompt_tokens = count(prompt).total

    def body(self) -> bytes:
        return _encode({"inputTokens": self.prompt_tokens})

    def frames(self) -> list[bytes]:
        raise TypeError("a count is never streamed")
