"""`inlineData` and `fileData` as ai.google.dev/gemini-api/docs/file-input-methods shows them."""

import pytest

from proxy.canonical.losses import Losses
from proxy.canonical.parts import Audio, Source
from proxy.dialects.gemini.media import audio_part, media_part
from proxy.refusal import Refusal

LOSSES = Losses("google")


def test_bytes_go_inline() -> None:
    part = media_part(Source(data="aGk=", media_type="image/png"), LOSSES, typed=False)
    assert part == {"inlineData": {"mimeType": "image/png", "data": "aGk="}}


def test_a_public_url_is_fetched_by_google() -> None:
    part = media_part(Source(url="https://x.test/a/b.PDF?sig=1.2"), LOSSES, typed=True)
    assert part == {"fileData": {"fileUri": "https://x.test/a/b.PDF?sig=1.2", "mimeType": "application/pdf"}}


def test_the_gemini_api_finds_out_what_a_url_holds() -> None:
    source = Source(url="https://x.test/picture")
    assert media_part(source, LOSSES, typed=False) == {"fileData": {"fileUri": "https://x.test/picture"}}
    with pytest.raises(Refusal, match="kind of file"):
        media_part(source, LOSSES, typed=True)


def test_googles_own_files_are_named_by_their_uri() -> None:
    part = media_part(Source(file_id="files/abc", media_type="video/mp4"), LOSSES, typed=False)
    uri = "https://generativelanguage.googleapis.com/v1beta/files/abc"
    assert part == {"fileData": {"fileUri": uri, "mimeType": "video/mp4"}}
    stored = media_part(Source(url="gs://bucket/a.png"), LOSSES, typed=True)
    assert stored == {"fileData": {"fileUri": "gs://bucket/a.png", "mimeType": "image/png"}}


@pytest.mark.parametrize("source", [Source(file_id="file-123"), Source(url="http://x.test/a.png")])
def test_what_google_cannot_reach_is_refused(source: Source) -> None:
    with pytest.raises(Refusal):
        media_part(source, LOSSES, typed=False)
    with pytest.raises(Refusal):
        media_part(source, Losses("google", drop=True), typed=False)


def test_a_url_that_is_none_is_left_to_google() -> None:
    assert media_part(Source(url="https://[.png"), LOSSES, typed=True)["fileData"]["mimeType"] == "image/png"


def test_audio_goes_inline() -> None:
    assert audio_part(Audio(data="aGk=", format="mp3")) == {"inlineData": {"mimeType": "audio/mp3", "data": "aGk="}}
