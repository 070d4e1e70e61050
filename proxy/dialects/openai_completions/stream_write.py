"""A streamed reply as a caller of the legacy completions gets it: `text_completion` frames, then `[DONE]`."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from gatewatch.call import Tokens
from proxy.canonical.answer import TokenLogprob
from proxy.canonical.events import DeclinedAdded, Event, Finished, Started, TextAdded
from proxy.dialects.openai_chat.tap import wants_usage
from proxy.dialects.openai_chat.usage_write import usage_object
from proxy.dialects.openai_completions.reply_write import FINISH, logprobs_object, reply_id
from proxy.dialects.openai_completions.request_read import echoes, prompt_of

_encode = msgspec.json.Encoder().encode
_DONE = b"data: [DONE]\n\n"


class CompletionsWriter:
    """Writes one stream."""

    def __init__(self, body: dict[str, Any], call_id: str) -> None:
        self._id = reply_id(call_id)
        self._model = str(body.get("model", ""))
        self._lead = prompt_of(body) if echoes(body) else ""
        self._closing = b',"usage":null}\n\n' if wants_usage(body) else b"}\n\n"
        self._usage_wanted = wants_usage(body)
        self._head = b""
        self._lengths: dict[int, int] = {}
        """Choice → characters so far."""

    def write(self, events: Sequence[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            if isinstance(event, TextAdded | DeclinedAdded):
                logprobs = event.logprobs if isinstance(event, TextAdded) else None
                self._text(event.text, event.choice, logprobs, out)
            elif isinstance(event, Finished):
                self._open(event.choice, out)
                self._frame("", event.choice, b"null", b'"%s"' % FINISH[event.reason].encode(), out)
            elif isinstance(event, Started):
                self._start(event)
        return b"".join(out)

    def end(self, tokens: Tokens) -> bytes:
        if not self._usage_wanted:
            return _DONE
        if not self._head:
            self._start(Started())
        return self._head + b'],"usage":' + _encode(usage_object(tokens)) + b"}\n\n" + _DONE

    def _text(self, text: str, index: int, logprobs: list[TokenLogprob] | None, out: list[bytes]) -> None:
        self._open(index, out)
        told = b"null" if logprobs is None else _encode(logprobs_object(logprobs, self._lengths[index]))
        self._lengths[index] += len(text)
        self._frame(text, index, told, b"null", out)

    def _open(self, index: int, out: list[bytes]) -> None:
        """The prompt comes first in each choice, where it is echoed."""
        if index in self._lengths:
            return
        if not self._head:
            self._start(Started())
        self._lengths[index] = len(self._lead)
        if self._lead:
            self._frame(self._lead, index, b"null", b"null", out)

    def _frame(self, text: str, index: int, logprobs: bytes, finish: bytes, out: list[bytes]) -> None:
        out += (self._head, b'{"text":', _encode(text), b',"index":%d,"logprobs":' % index, logprobs)
        out += (b',"finish_reason":', finish, b"}]", self._closing)

    def _start(self, started: Started) -> None:
        head = {
            "id": self._id,
            "object": "text_completion",
            "created": started.created if started.created is not None else int(time.time()),
            "model": started.model or self._model,
            "choices": [],
        }
        self._head = b"data: " + _encode(head)[:-2]
