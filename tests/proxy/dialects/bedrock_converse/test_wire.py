"""`Citation` and `ConverseStreamOutput` of the API reference (botocore's service model)."""

import msgspec

from proxy.canonical.parts import Citation
from proxy.dialects.bedrock_converse.wire import Source, decode_event


def citation(data: bytes) -> Citation:
    return msgspec.json.decode(data, type=Source).citation()


def test_a_citation_names_its_document_and_its_words() -> None:
    said = b'{"title":"T","source":"a.pdf","sourceContent":[{"text":"the "},{"text":"words"}],'
    said += b'"location":{"documentPage":{"documentIndex":1,"start":2,"end":3}}}'
    assert citation(said) == Citation(title="T", quote="the words", document=1)


def test_a_citation_may_be_a_web_page() -> None:
    assert citation(b'{"location":{"web":{"url":"https://a.test","domain":"a"}}}') == Citation(url="https://a.test")
    assert citation(b'{"source":"https://b.test"}') == Citation(url="https://b.test")
    assert citation(b"{}") == Citation()


def test_what_is_not_known_is_skipped() -> None:
    assert decode_event(b'{"newEvent":{"x":1}}') == decode_event(b"{}")
