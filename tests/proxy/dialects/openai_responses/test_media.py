"""Addresses, data URLs and names of files (OpenAI guides: images-vision, file-inputs)."""

import pytest

from proxy.canonical.parts import Source
from proxy.dialects.openai_responses.media import (
    source_of_file_data,
    source_of_url,
    text_of_source,
    url_of_source,
)
from proxy.refusal import Refusal


def test_an_address_stays_one_and_a_data_url_is_taken_apart() -> None:
    assert source_of_url("https://x/y.png", "p") == Source(url="https://x/y.png")
    assert source_of_url("data:image/PNG;base64,aGk=", "p") == Source(data="aGk=", media_type="image/png")
    assert source_of_url("data:text/plain;charset=utf-8,h%69", "p") == Source(data="aGk=", media_type="text/plain")


def test_half_a_data_url_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        source_of_url("data:image/png;base64", "input[0].content[0].image_url")
    assert refused.value.param == "input[0].content[0].image_url"


def test_bare_base64_is_what_the_files_name_says_and_else_a_pdf() -> None:
    assert source_of_file_data("aGk=", "notes.txt", "p").media_type == "text/plain"
    assert source_of_file_data("aGk=", None, "p").media_type == "application/pdf"
    assert source_of_file_data("data:application/json;base64,aGk=", "x.pdf", "p").media_type == "application/json"


def test_a_source_becomes_an_address_or_a_data_url_again() -> None:
    assert url_of_source(Source(url="https://x")) == "https://x"
    assert url_of_source(Source(data="aGk=", media_type="image/png")) == "data:image/png;base64,aGk="
    assert url_of_source(Source(file_id="file-1")) is None


def test_the_text_of_a_text_file_is_known_and_that_of_others_is_not() -> None:
    assert text_of_source(Source(text="hi")) == "hi"
    assert text_of_source(Source(data="aGk=", media_type="text/plain")) == "hi"
    assert text_of_source(Source(data="/w==", media_type="text/plain")) is None
    assert text_of_source(Source(data="é", media_type="text/plain")) is None
    assert text_of_source(Source(data="aGk=", media_type="application/pdf")) is None
