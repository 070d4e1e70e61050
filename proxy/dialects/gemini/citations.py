"""Where text comes from: grounding and recitation metadata → citations.

Google counts in bytes of one part of the reply; a position that cannot be told in characters is left out.
"""

from collections.abc import Callable, Iterator

import msgspec

from proxy.canonical.parts import Citation


class _Source(msgspec.Struct, gc=False):
    uri: str | None = None
    title: str | None = None
    text: str | None = None


class _Chunk(msgspec.Struct, rename="camel", gc=False):
    web: _Source | None = None
    retrieved_context: _Source | None = None
    maps: _Source | None = None


class _Segment(msgspec.Struct, rename="camel", gc=False):
    start_index: int = 0
    end_index: int | None = None
    part_index: int = 0


class _Support(msgspec.Struct, rename="camel", gc=False):
    segment: _Segment | None = None
    grounding_chunk_indices: list[int] | None = None


class _Grounding(msgspec.Struct, rename="camel", gc=False):
    grounding_chunks: list[_Chunk] | None = None
    grounding_supports: list[_Support] | None = None
    web_search_queries: list[str] | None = None


class _Recitation(msgspec.Struct, rename="camel", gc=False):
    start_index: int = 0
    end_index: int | None = None
    uri: str | None = None
    title: str | None = None


class _Recitations(msgspec.Struct, rename="camel", gc=False):
    citations: list[_Recitation] | None = None
    citation_sources: list[_Recitation] | None = None
    """What the Gemini API calls them."""


_grounding = msgspec.json.Decoder(_Grounding).decode
_recitations = msgspec.json.Decoder(_Recitations).decode

Position = Callable[[int, int], int | None]
"""(part, bytes) → characters into that part; None: not known."""


def grounded(metadata: msgspec.Raw, position: Position) -> tuple[list[tuple[int, Citation]], int]:
    """((part, citation)…, different web searches made) of `groundingMetadata`; what is not readable is skipped."""
    try:
        said = _grounding(metadata)
    except msgspec.DecodeError:
        return [], 0
    chunks = said.grounding_chunks or []
    cited = list(_supported(said, chunks, position))
    if not said.grounding_supports:
        cited = [(0, _citation(source)) for chunk in chunks if (source := _source(chunk))]
    return cited, len({query for query in said.web_search_queries or () if query})


def recited(metadata: msgspec.Raw, position: Position) -> list[tuple[int, Citation]]:
    """(part, citation)… of `citationMetadata`; what is not readable is skipped."""
    try:
        said = _recitations(metadata)
    except msgspec.DecodeError:
        return []
    cited = []
    for each in said.citations or said.citation_sources or ():
        start, end = _span(0, each.start_index, each.end_index, position)
        cited.append((0, Citation(url=each.uri, title=each.title, start=start, end=end)))
    return cited


def _supported(said: _Grounding, chunks: list[_Chunk], position: Position) -> Iterator[tuple[int, Citation]]:
    for support in said.grounding_supports or ():
        segment = support.segment or _Segment()
        start, end = _span(segment.part_index, segment.start_index, segment.end_index, position)
        for index in support.grounding_chunk_indices or ():
            source = _source(chunks[index]) if 0 <= index < len(chunks) else None
            if source:
                citation = _citation(source)
                citation.start, citation.end = start, end
                yield segment.part_index, citation


def _source(chunk: _Chunk) -> _Source | None:
    return chunk.web or chunk.retrieved_context or chunk.maps


def _citation(source: _Source) -> Citation:
    return Citation(url=source.uri, title=source.title, quote=source.text)


def _span(part: int, start: int, end: int | None, position: Position) -> tuple[int | None, int | None]:
    first = position(part, start)
    last = None if end is None else position(part, end)
    if first is None or last is None:
        return None, None
    return first, last
