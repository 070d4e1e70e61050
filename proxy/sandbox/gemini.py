"""`generateContent`, `streamGenerateContent` and `countTokens`. Streamed and plain replies say the same.

Shapes: google.genai.types, ai.google.dev/api/generate-content.
"""

from typing import Any

import msgspec

from proxy.sandbox.demands import Demands
from proxy.sandbox.gemini_candidate import Candidate
from proxy.sandbox.gemini_request import GeminiAsked
from proxy.sandbox.gemini_tokens import Counts, details, prompt_counts
from proxy.sandbox.prose import Dice, key_of, prose
from proxy.sandbox.said import no_such_finish, say
from proxy.sandbox.usage import cached_tokens, reported

_LINE_END = b"\r\n\r\n"


class GeminiAnswer:
    """One reply: candidates, or a prompt that was blocked (`finish: refusal`)."""

    def __init__(self, asked: GeminiAsked, key: bytes, demands: Demands) -> None:
        if demands.finish == "pause":
            raise no_such_finish("pause", "Gemini")
        asked.check()
        self.stream = asked.streams and asked.events
        self._as_list = asked.streams and not asked.events
        self.model = demands.model or asked.model
        self.id = key_of(key.hex(), "response")[:12].hex()
        self._counts = prompt_counts(asked)
        self.prompt_tokens = sum(self._counts.values())
        self.blocked = demands.finish == "refusal"
        self.candidates = [
            _candidate(asked, key_of(key.hex(), index) if index else key, index, demands)
            for index in range(0 if self.blocked else asked.config.get("candidateCount", 1))
        ]
        self.length = max((each.said.tokens for each in self.candidates), default=1)
        self.usage = reported(self._usage(asked), demands)

    def body(self) -> bytes:
        if self._as_list:
            return b"[" + b",\r\n".join(msgspec.json.encode(chunk) for chunk in self._chunks()) + b"]"
        if self.blocked:
            return msgspec.json.encode(self._reply([], self.usage))
        return msgspec.json.encode(self._reply([each.whole() for each in self.candidates], self.usage))

    def frames(self) -> list[bytes]:
        return [b"data: " + msgspec.json.encode(chunk) + _LINE_END for chunk in self._chunks()]

    def _chunks(self) -> list[dict[str, Any]]:
        """Each with one candidate. The counts of the prompt come with all of them, the rest with the last."""
        early = {
            "promptTokenCount": self.prompt_tokens,
            "totalTokenCount": self.prompt_tokens,
            "promptTokensDetails": details(self._counts),
        }
        if self.blocked:
            return [self._reply([], self.usage)]
        parts = [each.pieces() for each in self.candidates]
        found = []
        for position in range(max(map(len, parts))):
            found += [each[position] for each in parts if position < len(each)]
        usage = None if self.usage is None else msgspec.Raw(msgspec.json.encode(early))
        last = len(found) - 1
        return [self._reply([each], self.usage if at == last else usage) for at, each in enumerate(found)]

    def _reply(self, candidates: list[dict[str, Any]], usage: msgspec.Raw | None) -> dict[str, Any]:
        reply: dict[str, Any] = {"candidates": candidates} if candidates else {}
        if self.blocked:
            reply["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}
        if usage is not None:
            reply["usageMetadata"] = usage
        return reply | {"modelVersion": self.model, "responseId": self.id}

    def _usage(self, asked: GeminiAsked) -> dict[str, object]:
        """Prompt with what was cached of it; thoughts beside the candidates, not among them."""
        said = sum(each.said.tokens for each in self.candidates)
        thought = sum(each.said.thought for each in self.candidates)
        total = self.prompt_tokens + said + thought
        usage: dict[str, object] = {"promptTokenCount": self.prompt_tokens}
        if not self.blocked:
            usage["candidatesTokenCount"] = said
        usage |= {"totalTokenCount": total, "promptTokensDetails": details(self._counts)}
        if not self.blocked:
            usage["candidatesTokensDetails"] = details({"TEXT": said})
        if thought:
            usage["thoughtsTokenCount"] = thought
        beginning = msgspec.json.encode(asked.body.get("systemInstruction") or asked.contents[0]).decode()
        if cached := cached_tokens(asked.model, beginning, self._counts["TEXT"]):
            usage |= {"cachedContentTokenCount": cached, "cacheTokensDetails": details({"TEXT": cached})}
        return usage


class GeminiTokenCount:
    """`countTokens`: of contents, or of a whole request."""

    stream = False
    length = 1

    def __init__(self, asked: GeminiAsked, _key: bytes, _demands: Demands) -> None:
        counted = GeminiAsked(asked.body.get("generateContentRequest", asked.body), asked.model)
        counted.check()
        self._counts: Counts = prompt_counts(counted)
        self.prompt_tokens = sum(self._counts.values())

    def body(self) -> bytes:
        reply = {"totalTokens": self.prompt_tokens, "promptTokensDetails": details(self._counts)}
        return msgspec.json.encode(reply)

    def frames(self) -> list[bytes]:
        raise TypeError("a count is never streamed")


def _candidate(asked: GeminiAsked, key: bytes, index: int, demands: Demands) -> Candidate:
    budget = asked.thinking.get("thinkingBudget", -1)
    thought = 64 * (1 + Dice(key, "reasoning").number(16)) if asked.thinks else 0
    if budget >= 0:
        thought = min(thought, budget)
    if thought and asked.thinking.get("includeThoughts") and demands.thinking is None:
        demands = msgspec.structs.replace(demands, thinking="".join(prose(key_of(key.hex(), "thoughts"))))
    said = say(
        key,
        demands,
        must_call=asked.must_call(),
        schema=asked.schema(),
        any_json=asked.any_json,
        thought=thought,
        stops=asked.config.get("stopSequences", ()),
        limit=asked.config.get("maxOutputTokens"),
    )
    return Candidate(asked, key, index, said, demands)
