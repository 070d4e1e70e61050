"""Citations, by platform.claude.com/docs/en/build-with-claude/citations."""

from typing import Any

import pytest

from proxy.canonical.parts import Citation
from proxy.dialects.anthropic_messages.citations import is_foreign, read_citation, write_citation

CHAR: dict[str, Any] = {
    "type": "char_location",
    "cited_text": "The grass is green.",
    "document_index": 0,
    "document_title": "Example Document",
    "start_char_index": 0,
    "end_char_index": 20,
}
SEARCH: dict[str, Any] = {
    "type": "web_search_result_location",
    "cited_text": "Claude Shannon was born on April 30, 1916",
    "url": "https://en.wikipedia.org/wiki/Claude_Shannon",
    "title": "Claude Shannon - Wikipedia",
    "encrypted_index": "Eo8BCioIAhgBIiQyYjQ0OWJmZi1lNm",
}
RESULT: dict[str, Any] = {
    "type": "search_result_location",
    "source": "https://docs.company.com/api-reference",
    "title": "API Reference",
    "cited_text": "All API requests must include an API key",
    "search_result_index": 0,
    "start_block_index": 0,
    "end_block_index": 1,
}


def test_a_place_in_a_document() -> None:
    assert read_citation(CHAR, 7) == Citation(
        title="Example Document", quote="The grass is green.", start=0, end=7, document=0, native=CHAR
    )


def test_a_place_on_the_web() -> None:
    citation = read_citation(SEARCH)
    assert citation
    assert (citation.url, citation.title, citation.start) == (SEARCH["url"], SEARCH["title"], None)


def test_a_place_in_a_search_result_of_the_request() -> None:
    citation = read_citation(RESULT)
    assert citation
    assert (citation.url, citation.title) == ("https://docs.company.com/api-reference", "API Reference")


@pytest.mark.parametrize("native", [CHAR, SEARCH, RESULT])
def test_what_anthropic_said_is_told_as_it_said_it(native: dict[str, Any]) -> None:
    citation = read_citation(native)
    assert citation
    assert write_citation(citation) == native
    assert not is_foreign(native)


@pytest.mark.parametrize("native", [None, "text", 7])
def test_what_is_no_citation_is_none(native: object) -> None:
    assert read_citation(native) is None


@pytest.mark.parametrize("native", [None, {"type": "url_citation"}, CHAR | {"cited_text": None}])
def test_another_providers_source_is_a_search_result_marked_as_foreign(native: dict[str, Any] | None) -> None:
    written = write_citation(Citation(url="https://a.example", title=None, quote=None, native=native))
    assert written == {
        "type": "web_search_result_location",
        "cited_text": "",
        "encrypted_index": "gw1.citation.",
        "title": None,
        "url": "https://a.example",
    }
    assert is_foreign(written)


def test_a_source_without_an_address_has_no_citation() -> None:
    assert write_citation(Citation(title="somewhere", document=2)) is None


@pytest.mark.parametrize("native", [CHAR, SEARCH, RESULT])
def test_all_of_them_are_what_the_sdk_knows(native: dict[str, Any], sdk: Any) -> None:
    block = sdk.types.TextBlock.model_validate({"type": "text", "text": "t", "citations": [native]}, strict=True)
    assert not block.citations[0].model_extra
