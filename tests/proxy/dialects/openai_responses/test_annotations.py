"""Citations and logprobs in both directions (openai/types/responses/response_output_text.py)."""

from typing import Any

import pytest
from openai.types.responses import ResponseOutputText, response_text_delta_event

from proxy.canonical.answer import TokenLogprob
from proxy.canonical.parts import Citation
from proxy.dialects.openai_responses.annotations import (
    LogprobSaid,
    annotation_of,
    citation_of,
    event_logprobs_of,
    logprobs_of,
    tokens_of,
)
from tests.kit.strict_types import assert_fits


@pytest.mark.parametrize(
    ("citation", "annotation"),
    [
        (
            Citation(url="https://x", title="X", start=2, end=5),
            {"type": "url_citation", "url": "https://x", "title": "X", "start_index": 2, "end_index": 5},
        ),
        (
            Citation(url="https://x"),
            {"type": "url_citation", "url": "https://x", "title": "", "start_index": 0, "end_index": 9},
        ),
        (
            Citation(title="a.pdf", document=1, quote="so"),
            {"type": "file_citation", "file_id": "document-1", "filename": "a.pdf", "index": 1},
        ),
    ],
)
def test_a_citation_is_an_annotation_of_an_address_or_a_file(citation: Citation, annotation: dict[str, Any]) -> None:
    said = annotation_of(citation, 9)
    assert said == annotation
    assert_fits({"type": "output_text", "text": "123456789", "annotations": [said]}, ResponseOutputText)


def test_annotations_are_citations_and_keep_their_own_words() -> None:
    url = {"type": "url_citation", "url": "https://x", "title": "X", "start_index": 2, "end_index": 5}
    file = {"type": "file_citation", "file_id": "file-1", "filename": "a.pdf", "index": 3}
    assert citation_of(url) == Citation(url="https://x", title="X", start=2, end=5, native=url)
    assert citation_of(file) == Citation(title="a.pdf", document=3, native=file)
    assert citation_of({"type": 5, "url": 7, "title": []}) == Citation(native={"type": 5, "url": 7, "title": []})
    assert citation_of("x") is None


def test_logprobs_say_their_bytes_in_texts_and_not_in_events() -> None:
    tokens = [TokenLogprob(token="é", logprob=-0.5, top=[TokenLogprob(token="e", logprob=-1.0, bytes=[101])])]
    whole = [
        {
            "token": "é",
            "logprob": -0.5,
            "bytes": [195, 169],
            "top_logprobs": [{"token": "e", "logprob": -1.0, "bytes": [101]}],
        }
    ]
    event = [{"token": "é", "logprob": -0.5, "top_logprobs": [{"token": "e", "logprob": -1.0}]}]
    assert logprobs_of(tokens) == whole
    assert event_logprobs_of(tokens) == event
    assert_fits({"type": "output_text", "text": "é", "annotations": [], "logprobs": whole}, ResponseOutputText)
    assert_fits(event[0], response_text_delta_event.Logprob)
    assert logprobs_of(None) == []


def test_logprobs_of_a_provider_are_read() -> None:
    said = [LogprobSaid(token="a", logprob=-1.0, top_logprobs=[LogprobSaid(token="b", logprob=-2.0)])]
    assert tokens_of(said) == [TokenLogprob(token="a", logprob=-1.0, top=[TokenLogprob(token="b", logprob=-2.0)])]
    assert tokens_of([]) is None
