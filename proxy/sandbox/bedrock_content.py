"""The blocks of a reply of Converse: thoughts, text with its citations, calls."""

from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from proxy.sandbox.bedrock_request import ConverseAsked
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import Dice, key_of, prose_of
from proxy.sandbox.said import REDACTED, Said, citations, no_such_finish, say
from proxy.sandbox.signed_thinking import sign

REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "guardrail_intervened",
    "refusal": "content_filtered",
}
"""What each end is called here."""

Json = dict[str, Any]


class Piece(NamedTuple):
    """One block: whole, how it starts in a stream (only calls do), and the deltas."""

    block: Json
    start: Json | None
    deltas: list[Json]


class Content(NamedTuple):
    """All that a reply says."""

    pieces: list[Piece]
    stop_reason: str
    stop_sequence: str | None
    tokens: int
    """With those of thinking."""


def content(asked: ConverseAsked, key: bytes, demands: Demands) -> Content:
    """What follows from the request and the demands. Raises ApiError for an end that there is not."""
    if demands.finish is not None and demands.finish not in REASONS:
        raise no_such_finish(demands.finish, "Converse")
    if asked.thinks and demands.thinking is None:
        thought = "".join(prose_of(key_of(key.hex(), "thinking"), 13 + 8 * Dice(key, "thinking").number(4)))
        demands = msgspec.structs.replace(demands, thinking=thought)
    said, ended_by = _said(asked, key, demands)
    pieces = _thoughts(said, demands, key, asked)
    pieces += _texts(said, demands)
    pieces += [_call(call.name, call.pieces, key, index) for index, call in enumerate(said.calls)]
    reason = "stop_sequence" if ended_by is not None else REASONS[said.finish]
    return Content(pieces, reason, ended_by, said.thought + said.tokens)


def _said(asked: ConverseAsked, key: bytes, demands: Demands) -> tuple[Said, str | None]:
    """And the stop sequence that ended it."""
    stops = asked.config.get("stopSequences", [])

    def spoken(stops: list[str], limit: int | None) -> Said:
        return say(key, demands, must_call=asked.must_call(), schema=asked.schema(), stops=stops, limit=limit)

    said = spoken(stops, asked.config.get("maxTokens"))
    if demands.stop_sequence is not None:
        return said, demands.stop_sequence
    if not stops or demands.finish is not None or said.finish != "stop":
        return said, None
    whole = spoken([], None).whole_text
    found = sorted((at, stop) for stop in stops if (at := whole.find(stop)) >= 0)
    return said, found[0][1] if found else None


def _thoughts(said: Said, demands: Demands, key: bytes, asked: ConverseAsked) -> list[Piece]:
    if not said.thought:
        return []
    if demands.thinking == REDACTED:
        hidden = {"redactedContent": sign(key.hex())}
        return [Piece({"reasoningContent": hidden}, None, [{"reasoningContent": hidden}])]
    shown = said.thinking if asked.shows_thinking or not asked.thinks else []
    words: Json = {"text": "".join(shown)}
    deltas: list[Json] = [{"reasoningContent": {"text": piece}} for piece in shown]
    if asked.claude is not None:  # other families do not sign
        words["signature"] = sign("".join(said.thinking))
        deltas.append({"reasoningContent": {"signature": words["signature"]}})
    return [Piece({"reasoningContent": {"reasoningText": words}}, None, deltas)]


def _texts(said: Said, demands: Demands) -> list[Piece]:
    """One block, or more where parts of the text are cited: each ends where its citations do."""
    text = said.whole_text
    if not text:
        return []
    cited = citations(demands, text)
    ends = sorted({0, len(text), *(at for each in cited for at in (each.start_index, each.end_index))})
    pieces = []
    for start, end in pairwise(ends):
        found = [_citation(text, each) for each in cited if each.end_index == end]
        words = text[start:end]
        deltas: list[Json] = [{"text": piece} for piece in _between(said.text, start, end)]
        if found:
            deltas += [{"citation": each} for each in found]
            pieces.append(Piece({"citationsContent": {"content": [{"text": words}], "citations": found}}, None, deltas))
        else:
            pieces.append(Piece({"text": words}, None, deltas))
    return pieces


def _citation(text: str, cited: Any) -> Json:
    domain = cited.url.partition("://")[2].partition("/")[0]
    return {
        "title": cited.title,
        "sourceContent": [{"text": text[cited.start_index : cited.end_index]}],
        "location": {"web": {"url": cited.url, "domain": domain}},
    }


def _between(pieces: list[str], start: int, end: int) -> list[str]:
    kept, at = [], 0
    for piece in pieces:
        if part := piece[max(0, start - at) : max(0, end - at)]:
            kept.append(part)
        at += len(piece)
    return kept


def _call(name: str, pieces: list[str], key: bytes, index: int) -> Piece:
    start = {"toolUseId": f"tooluse_{key_of(key.hex(), index, 'call')[:11].hex()}", "name": name}
    try:
        arguments = msgspec.json.decode("".join(pieces), type=dict)
    except msgspec.DecodeError:  # cut off by the limit
        arguments = {}
    deltas: list[Json] = [{"toolUse": {"input": piece}} for piece in ["", *pieces]]
    return Piece({"toolUse": start | {"input": arguments}}, {"toolUse": start}, deltas)
