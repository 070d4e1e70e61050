"""`ImageBlock`, `DocumentBlock` and `AudioBlock` of the Converse API reference (botocore's service model)."""

import base64

import pytest

from proxy.canonical.losses import Losses
from proxy.canonical.parts import Audio, File, Image, Source
from proxy.dialects.bedrock_converse.media import Media
from proxy.refusal import Refusal


def media(*, images: bool = True, drop: bool = False) -> Media:
    return Media(Losses("aws", drop=drop), images=images)


def test_an_image_is_its_bytes_and_format() -> None:
    image = Image(source=Source(data="aGk=", media_type="image/jpeg"))
    assert media().image(image) == {"image": {"format": "jpeg", "source": {"bytes": "aGk="}}}


def test_an_image_may_lie_in_s3() -> None:
    image = Image(source=Source(url="s3://bucket/a.JPG"))
    assert media().image(image) == {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/a.JPG"}}}}


def test_a_document_has_a_name_that_bedrock_takes_and_no_other_has() -> None:
    source = Source(data="aGk=", media_type="application/pdf")
    both = media()
    first = both.document(File(source=source, name="Q3_report: final.pdf", context="Of 2026", cite=True))
    assert first == {
        "document": {
            "name": "Q3 report final pdf",
            "format": "pdf",
            "source": {"bytes": "aGk="},
            "context": "Of 2026",
            "citations": {"enabled": True},
        }
    }
    again = both.document(File(source=source, name="Q3_report: final.pdf"))
    assert again["document"]["name"] == "Q3 report final pdf 2"
    assert both.document(File(source=source))["document"]["name"] == "Document"
    assert both.document(File(source=source, name="報告"))["document"]["name"] == "Document 2"


def test_plain_text_is_a_document_of_text() -> None:
    said = media().document(File(source=Source(text="né")))["document"]
    assert said["format"] == "txt"
    assert base64.b64decode(said["source"]["bytes"]).decode() == "né"


def test_sound_is_its_bytes_and_format() -> None:
    said = media().sound(Audio(data="aGk=", format="mp3"))
    assert said == {"audio": {"format": "mp3", "source": {"bytes": "aGk="}}}


@pytest.mark.parametrize(
    "source",
    [
        Source(url="https://x.test/a.png"),
        Source(file_id="file-1", media_type="image/png"),
        Source(data="aGk=", media_type="image/tiff"),
    ],
)
def test_what_bedrock_does_not_take_is_refused_and_never_dropped(source: Source) -> None:
    with pytest.raises(Refusal) as refused:
        media(drop=True).image(Image(source=source))
    assert refused.value.param == "turns"
    with pytest.raises(Refusal):
        media(drop=True).document(File(source=source))


def test_a_model_without_images_is_not_asked_without_them() -> None:
    with pytest.raises(Refusal, match="images"):
        media(images=False).image(Image(source=Source(data="aGk=", media_type="image/png")))
