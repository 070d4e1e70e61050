"""OpenAI's legacy Completions, as a caller's language alone: who serves them natively gets them as they are."""

from collections.abc import Mapping
from typing import Any

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.dialects.dialect import COMMENT
from proxy.dialects.openai_completions import reply_write, request_read
from proxy.dialects.openai_completions.stream_write import CompletionsWriter
from proxy.refusal import Refusal


class _Caller:
    name = "openai-completions"
    statuses: Mapping[int, int] = {}
    keep_alive = COMMENT
    names: Mapping[str, str] = {"turns": "prompt", "max_output": "max_tokens", "top_logprobs": "logprobs"}

    def read(self, body: dict[str, Any]) -> Ask:
        return request_read.read(body)

    def write(self, answer: Answer, tokens: Tokens, body: dict[str, Any], call_id: str) -> bytes:
        return reply_write.write(answer, tokens, body, call_id)

    def writer(self, body: dict[str, Any], call_id: str) -> CompletionsWriter:
        return CompletionsWriter(body, call_id)

    def error(self, refusal: Refusal, call_id: str) -> bytes:  # noqa: ARG002
        return refusal.openai_body()

    def error_event(self, refusal: Refusal, call_id: str) -> bytes:  # noqa: ARG002
        return b"data: " + refusal.openai_body() + b"\n\n"


CALLER = _Caller()
