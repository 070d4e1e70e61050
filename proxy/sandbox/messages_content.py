"""The blocks of a reply of Anthropic's: thoughts, a search, text with its citations, calls. And why it ends."""

from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from proxy.sandbox.demands import Demands
from proxy.sandbox.messages_request import MessagesAsked
from proxy.sandbox.prose import Dice, key_of, prose_of
from proxy.sandbox.said import REDACTED, Said, say
from proxy.sandbox.signed_thinking import sign

REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
}
"""What each end is called here."""

_DIRECT = {"type": "direct"}


class Piece(NamedTuple):
    """One block: as it is in a whole reply, as it starts in a stream, and the deltas between."""

    block: dict[str, Any]
    start: dict[str, Any]
    deltas: list[dict[str, Any]]


class Content(NamedTuple):
    """All that a reply says."""

    pieces: list[Piece]
    stop_reason: str
    stop_sequence: str | None
    thinking_tokens: int
    tokens: int
    """With those of thinking."""
    searches: int


def content(asked: MessagesAsked, key: bytes, demands: Demands) -> Content:
    """What follows from the request and the demands."""
    if asked.thinks and demands.thinking is None:
        thought = "".join(prose_of(key_of(key.hex(), "thinking"), 13 + 8 * Dice(key, "thinking").number(4)))
        demands = msgspec.structs.replace(demands, thinking=thought)
    said, ended_by = _said(asked, key, demands)
    pieces = _thoughts(said, demands, key, shown=asked.shows_thinking or not asked.thinks)
    searched = asked.searches and bool(demands.citations)
    if searched:
        pieces += _search(demands, key)
    pieces += _texts(said, demands)
    for index, call in enumerate(said.calls):
        pieces.append(_call(call.name, call.pieces, f"toolu_{key_of(key.hex(), index, 'call')[:12].hex()}"))
    reason = "stop_sequence" if ended_by is not None else REASONS[said.finish]
    return Content(pieces, reason, ended_by, said.thought, said.thought + said.tokens, int(searched))


def _said(asked: MessagesAsked, key: bytes, demands: Demands) -> tuple[Said, str | None]:
    """And the stop sequence that ended it."""
    stops = asked.stop_sequences or []

    def spoken(stops: list[str], limit: int | None) -> Said:
        return say(key, demands, must_call=asked.must_call, schema=asked.schema, stops=stops, limit=limit)

    said = spoken(stops, asked.max_tokens)
    if demands.stop_sequence is not None:
        return said, demands.stop_sequence
    if not stops or demands.finish is not None or said.finish != "stop":
        return said, None
    whole = spoken([], None).whole_text
    found = sorted((at, stop) for stop in stops if (at := whole.find(stop)) >= 0)
    return said, found[0][1] if found else None


def _thoughts(said: Said, demands: Demands, key: bytes, *, shown: bool) -> list[Piece]:
    if not said.thought:
        return []
    if demands.thinking == REDACTED:
        block = {"type": "redacted_thinking", "data": sign(key.hex())}
        return [Piece(block, block, [])]
    thought = "".join(said.thinking)
    signature = sign(thought)
    pieces = said.thinking if shown else []
    deltas: list[dict[str, Any]] = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    deltas.append({"type": "signature_delta", "signature": signature})
    return [
        Piece(
            {"type": "thinking", "thinking": "".join(pieces), "signature": signature},
            {"type": "thinking", "thinking": "", "signature": ""},
            deltas,
        )
    ]


def _search(demands: Demands, key: bytes) -> list[Piece]:
    """The vendor's own search, which found what is cited."""
    identifier = f"srvtoolu_{key_of(key.hex(), 'search')[:12].hex()}"
    query = {"query": "sandbox"}
    use = {"type": "server_tool_use", "id": identifier, "name": "web_search", "input": query, "caller": _DIRECT}
    found = {
        "type": "web_search_tool_result",
        "tool_use_id": identifier,
        "caller": _DIRECT,
        "content": [
            {
                "type": "web_search_result",
                "url": each.url,
                "title": each.title,
                "encrypted_content": sign(each.quote),
                "page_age": None,
            }
            for each in demands.citations or ()
        ],
    }
    delta = {"type": "input_json_delta", "partial_json": msgspec.json.encode(query).decode()}
    return [Piece(use, use | {"input": {}}, [delta]), Piece(found, found, [])]


def _texts(said: Said, demands: Demands) -> list[Piece]:
    """One block, or more where parts of the text are cited: each ends where its citations do."""
    text = said.whole_text
    if not text:
        return []
    cited = [(*_range(text, each.quote), each) for each in demands.citations or ()]
    ends = sorted({0, len(text), *(at for start, end, _ in cited for at in (start, end))})
    pieces = []
    for start, end in pairwise(ends):
        found = [
            {
                "type": "web_search_result_location",
                "url": each.url,
                "title": each.title,
                "encrypted_index": sign(each.url),
                "cited_text": text[first:last],
            }
            for first, last, each in cited
            if last == end
        ]
        pieces.append(_text(_between(said.text, start, end), found))
    return pieces


def _range(text: str, quote: str) -> tuple[int, int]:
    """Where the quote stands; the whole text where it does not."""
    start = text.find(quote) if quote else -1
    return (start, start + len(quote)) if start >= 0 else (0, len(text))


def _text(pieces: list[str], cited: list[dict[str, str]]) -> Piece:
    deltas: list[dict[str, Any]] = [{"type": "text_delta", "text": piece} for piece in pieces]
    deltas += [{"type": "citations_delta", "citation": each} for each in cited]
    block: dict[str, Any] = {"type": "text", "text": "".join(pieces)}
    start: dict[str, Any] = {"type": "text", "text": ""}
    if cited:
        return Piece(block | {"citations": cited}, start | {"citations": []}, deltas)
    return Piece(block, start, deltas)


def _between(pieces: list[str], start: int, end: int) -> list[str]:
    kept, at = [], 0
    for piece in pieces:
        if part := piece[max(0, start - at) : max(0, end - at)]:
            kept.append(part)
        at += len(piece)
    return kept


def _call(name: str, pieces: list[str], identifier: str) -> Piece:
    start = {"type": "tool_use", "id": identifier, "name": name, "input": {}, "caller": _DIRECT}
    try:
        arguments = msgspec.json.decode("".join(pieces), type=dict)
    except msgspec.DecodeError:  # cut off by the limit
        arguments = {}
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *pieces]]
    return Piece(start | {"input": arguments}, start, deltas)
