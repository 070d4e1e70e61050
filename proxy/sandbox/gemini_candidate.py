"""One candidate of a Gemini reply: its parts, whole and one by one, and why it ends.

A model that thinks signs the first call of a turn, else the last part of its text; a stream may sign an empty one.
"""

import base64
import itertools
from typing import Any

import msgspec

from proxy.sandbox import logprobs
from proxy.sandbox.demands import Demands
from proxy.sandbox.gemini_request import GeminiAsked
from proxy.sandbox.prose import key_of
from proxy.sandbox.said import Said, citations
from proxy.sandbox.seals import seal

Part = dict[str, Any]

_REASONS = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


class Candidate:
    """What is said of it: `whole`, or in `pieces` of a stream."""

    def __init__(self, asked: GeminiAsked, key: bytes, index: int, said: Said, demands: Demands) -> None:
        self.said = said
        self._index = index
        self._signature = base64.b64encode(seal("thought", key)).decode() if asked.thinks else None
        self._key = key
        self._logprobs = asked.config.get("logprobs", 0) if asked.config.get("responseLogprobs") else None
        self._citations = citations(demands, said.whole_text)

    def whole(self) -> dict[str, Any]:
        parts: list[Part] = []
        if self.said.thinking:
            parts.append({"text": "".join(self.said.thinking), "thought": True})
        if self.said.text:
            parts.append({"text": self.said.whole_text})
        calls = self._calls()
        if parts and not calls and self.said.text and self._signature:
            parts[-1]["thoughtSignature"] = self._signature
        return self._candidate(parts + calls, self.said.text, 0, last=True)

    def pieces(self) -> list[dict[str, Any]]:
        """One token of thought or text in each, then one call in each, then the end."""
        found = [self._candidate([{"text": piece, "thought": True}], [], 0) for piece in self.said.thinking]
        for place, piece in enumerate(self.said.text):
            found.append(self._candidate([{"text": piece}], [piece], place))
        calls = self._calls()
        found += [self._candidate([call], [], 0) for call in calls]
        end: list[Part] = []
        if self.said.text and not calls:
            end = [{"text": ""} | ({"thoughtSignature": self._signature} if self._signature else {})]
        found.append(self._candidate(end, [], 0, last=True))
        return found

    def _calls(self) -> list[Part]:
        """Whole ones: a call whose arguments were cut off is not made."""
        parts: list[Part] = []
        for position, call in enumerate(self.said.calls):
            try:
                arguments = msgspec.json.decode(call.arguments, type=dict[str, Any])
            except msgspec.DecodeError:
                continue
            identity = key_of(self._key.hex(), position, "call")[:4].hex()
            parts.append({"functionCall": {"id": identity, "name": call.name, "args": arguments}})
        if parts and self._signature:
            parts[0]["thoughtSignature"] = self._signature
        return parts

    def _candidate(self, parts: list[Part], tokens: list[str], first: int, *, last: bool = False) -> dict[str, Any]:
        content: dict[str, Any] = {"role": "model"}
        if parts:
            content["parts"] = parts
        found: dict[str, Any] = {"content": content, "index": self._index}
        if last:
            found["finishReason"] = _REASONS[self.said.finish]
            if self.said.finish == "content_filter":
                rating = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
                found["safetyRatings"] = [rating]
            if self._citations:
                found["groundingMetadata"] = self._grounding()
        if self._logprobs is not None and tokens:
            found |= self._likelihood(tokens, first)
        return found

    def _likelihood(self, tokens: list[str], first: int) -> dict[str, Any]:
        chosen = [logprobs.chosen(token, place) for place, token in enumerate(tokens, first)]
        result: dict[str, Any] = {"chosenCandidates": [_logprob(each) for each in chosen]}
        if self._logprobs:
            result["topCandidates"] = [
                {"candidates": [_logprob(top) for top in logprobs.likeliest(token, place, self._logprobs)]}
                for place, token in enumerate(tokens, first)
            ]
        average = sum(each.logprob for each in chosen) / len(chosen)
        return {"avgLogprobs": round(average, 9), "logprobsResult": result}

    def _grounding(self) -> dict[str, Any]:
        """Segments are in bytes."""
        text = self.said.whole_text
        supports = []
        for index, each in enumerate(self._citations):
            quote = text[each.start_index : each.end_index]
            start = len(text[: each.start_index].encode())
            segment = {"startIndex": start, "endIndex": start + len(quote.encode()), "text": quote}
            if not start:
                del segment["startIndex"]  # proto JSON leaves out a zero
            supports.append({"segment": segment, "groundingChunkIndices": [index], "confidenceScores": [0.9]})
        return {
            "webSearchQueries": ["sandbox"],
            "searchEntryPoint": {"renderedContent": "<div>sandbox</div>"},
            "groundingChunks": [{"web": {"uri": each.url, "title": each.title}} for each in self._citations],
            "groundingSupports": supports,
        }


def _logprob(token: logprobs.TokenLogprob) -> dict[str, Any]:
    number = sum(itertools.islice(token.bytes, 4))
    return {"token": token.token, "tokenId": number, "logProbability": token.logprob}
