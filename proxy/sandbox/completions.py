"""`/v1/completions`, the older text endpoint."""

from typing import Any

import msgspec

from proxy.sandbox.answer import CREATED, DONE, Choice, cut
from proxy.sandbox.demands import Demands
from proxy.sandbox.logprobs import chosen, likeliest
from proxy.sandbox.prose import count_tokens, key_of, pieces_of, prose, prose_of
from proxy.sandbox.request_bodies import CompletionAsked, each_text
from proxy.sandbox.said import no_such_finish
from proxy.sandbox.usage import cached_tokens, reported, text_usage

_DEFAULT_LIMIT = 16
"""OpenAI's own: without `max_tokens` a completion is short."""
_FINISHES = (None, "stop", "length", "content_filter")


class CompletionAnswer:
    """One text completion: `n` choices for each prompt."""

    def __init__(self, asked: CompletionAsked, key: bytes, demands: Demands) -> None:
        if demands.finish not in _FINISHES:
            raise no_such_finish(str(demands.finish), "Completions")
        self.stream = bool(asked.stream)
        self.wants_usage_chunk = asked.wants_usage_chunk
        self.id = f"cmpl-{key[:14].hex()}"
        self.model = demands.model or asked.model
        self.likely = asked.logprobs
        prompts = each_text(asked.prompt)
        self.prompt_tokens = sum(token_count(prompt) for prompt in prompts)
        limit = demands.chunks or asked.max_tokens or _DEFAULT_LIMIT
        self.choices = [
            _choice(_pieces(key_of(key.hex(), index), demands), asked.stops, limit, demands)
            for index in range(len(prompts) * (asked.n or 1))
        ]
        self.length = max(choice.tokens for choice in self.choices)
        completion = sum(choice.tokens for choice in self.choices)
        cached = cached_tokens(asked.model, str(prompts[0]), self.prompt_tokens)
        self.usage = reported(text_usage(self.prompt_tokens, completion, cached=cached), demands)

    def body(self) -> bytes:
        choices = [
            self._choice(index, choice.pieces, 0, choice.finish_reason) for index, choice in enumerate(self.choices)
        ]
        reply = self._object(choices)
        if self.usage is not None:
            reply["usage"] = self.usage
        return msgspec.json.encode(reply)

    def frames(self) -> list[bytes]:
        with_usage = self.wants_usage_chunk and self.usage is not None
        empty = {"usage": None} if with_usage else {}
        objects = []
        for position in range(self.length):
            for index, choice in enumerate(self.choices):
                if position < len(choice.pieces):
                    said = self._choice(index, choice.pieces, position, None, position + 1)
                    objects.append(self._object([said]) | empty)
        for index, choice in enumerate(self.choices):
            objects.append(self._object([self._choice(index, [], 0, choice.finish_reason)]) | empty)
        if with_usage:
            objects.append(self._object([]) | {"usage": self.usage})
        return [b"data: %s\n\n" % msgspec.json.encode(each) for each in objects] + [DONE]

    def _object(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        fixed = {"id": self.id, "object": "text_completion", "created": CREATED, "model": self.model}
        return fixed | {"choices": choices, "system_fingerprint": "fp_sandbox"}

    def _choice(
        self, index: int, pieces: list[str], first: int, finish_reason: str | None, last: int | None = None
    ) -> dict[str, Any]:
        """The tokens from `first` to `last`, and how likely each was where that was asked."""
        said = pieces[first:last]
        known = None if self.likely is None or not said else _logprobs(said, first, pieces[:first], self.likely)
        return {"text": "".join(said), "index": index, "logprobs": known, "finish_reason": finish_reason}


def _choice(pieces: list[str], stops: list[str], limit: int, demands: Demands) -> Choice:
    kept, finish = cut(pieces, stops, limit)
    return Choice(kept, demands.finish or finish)


def _logprobs(pieces: list[str], first: int, before: list[str], count: int) -> dict[str, Any]:
    """Four lists side by side; offsets are characters of the completion."""
    places = range(first, first + len(pieces))
    lengths = [len("".join(before)), *(len(piece) for piece in pieces)]
    tops = [likeliest(piece, place, count) for piece, place in zip(pieces, places, strict=True)]
    return {
        "tokens": pieces,
        "token_logprobs": [chosen(piece, place).logprob for piece, place in zip(pieces, places, strict=True)],
        "top_logprobs": [{each.token: each.logprob for each in top} for top in tops],
        "text_offset": [sum(lengths[: at + 1]) for at in range(len(pieces))],
    }


def token_count(prompt: str | list[int]) -> int:
    return count_tokens(prompt) if isinstance(prompt, str) else len(prompt)


def _pieces(key: bytes, demands: Demands) -> list[str]:
    if demands.text is not None:
        return pieces_of(demands.text)
    return prose_of(key, demands.chunks) if demands.chunks is not None else prose(key)
