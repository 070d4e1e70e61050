"""`groundingMetadata` as ai.google.dev/gemini-api/docs/google-search shows it, `citationMetadata` as google-genai 3.4's
`CitationMetadata` (`citationSources` in the Gemini API)."""

import msgspec

from proxy.canonical.parts import Citation
from proxy.dialects.gemini.citations import grounded, recited

GROUNDING = msgspec.Raw(
    b'{"webSearchQueries":["UEFA Euro 2024 winner","who won euro 2024"],"searchEntryPoint":{"renderedContent":"<a>"},'
    b'"groundingChunks":[{"web":{"uri":"https://a.test/1","title":"aljazeera.com"}},'
    b'{"retrievedContext":{"uri":"gs://b/2","title":"two","text":"the words"}}],'
    b'"groundingSupports":[{"segment":{"startIndex":0,"endIndex":85,"text":"Spain won"},"groundingChunkIndices":[0]},'
    b'{"segment":{"partIndex":1,"startIndex":86,"endIndex":210},"groundingChunkIndices":[0,1,9]}]}'
)


def as_it_is(part: int, bytes_in: int) -> int | None:
    return bytes_in


def unknown(part: int, bytes_in: int) -> int | None:
    return None


def test_each_support_cites_its_sources() -> None:
    assert grounded(GROUNDING, as_it_is) == (
        [
            (0, Citation(url="https://a.test/1", title="aljazeera.com", start=0, end=85)),
            (1, Citation(url="https://a.test/1", title="aljazeera.com", start=86, end=210)),
            (1, Citation(url="gs://b/2", title="two", quote="the words", start=86, end=210)),
        ],
        2,
    )


def test_a_search_counts_once_and_an_empty_one_not_at_all() -> None:
    """ai.google.dev/gemini-api/docs/google-search: empty queries are ignored, unique ones are charged."""
    said = msgspec.Raw(b'{"webSearchQueries":["","who won","euro 2024","who won"]}')
    assert grounded(said, as_it_is) == ([], 2)


def test_a_position_that_is_not_known_is_left_out() -> None:
    cited, _ = grounded(GROUNDING, unknown)
    assert [(citation.start, citation.end) for _, citation in cited] == [(None, None)] * 3


def test_sources_without_supports_are_cited_for_the_whole() -> None:
    said = msgspec.Raw(b'{"groundingChunks":[{"web":{"uri":"https://a.test"}},{"image":{}}]}')
    assert grounded(said, as_it_is) == ([(0, Citation(url="https://a.test"))], 0)


def test_recitations_are_citations() -> None:
    for name in ("citations", "citationSources"):
        said = msgspec.Raw(b'{"%s":[{"endIndex":9,"uri":"https://a.test","license":"MIT"}]}' % name.encode())
        assert recited(said, as_it_is) == [(0, Citation(url="https://a.test", start=0, end=9))]


def test_what_is_not_readable_is_skipped() -> None:
    assert grounded(msgspec.Raw(b'{"groundingChunks":7}'), as_it_is) == ([], 0)
    assert recited(msgspec.Raw(b"7"), as_it_is) == []
