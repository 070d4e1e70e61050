"""Content parts of input items (openai/types/responses/response_input_content_param.py)."""

from typing import Any

import pytest

from proxy.canonical.parts import Audio, CacheMark, Declined, File, Image, Part, Source, Text
from proxy.dialects.openai_responses.parts_read import read_part
from proxy.refusal import Refusal


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"type": "input_text", "text": "hi"}, Text(text="hi")),
        (
            {"type": "output_text", "text": "hi", "annotations": [{"type": "file_path"}], "logprobs": []},
            Text(text="hi"),
        ),
        ({"type": "refusal", "refusal": "no"}, Declined(text="no")),
        (
            {"type": "input_image", "image_url": "https://x/y.png", "detail": "high"},
            Image(source=Source(url="https://x/y.png"), detail="high"),
        ),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,aGk="},
            Image(source=Source(data="aGk=", media_type="image/png")),
        ),
        ({"type": "input_image", "file_id": "file-1"}, Image(source=Source(file_id="file-1", kept_by="openai"))),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="},
            File(source=Source(data="aGk=", media_type="application/pdf"), name="a.pdf"),
        ),
        ({"type": "input_file", "file_url": "https://x/y.pdf"}, File(source=Source(url="https://x/y.pdf"))),
        ({"type": "input_file", "file_id": "file-1"}, File(source=Source(file_id="file-1", kept_by="openai"))),
        (
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
            Audio(data="aGk=", format="wav"),
        ),
        (
            {"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
            Text(text="hi", cache=CacheMark("1h")),
        ),
        (
            {"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}},
            Text(text="hi", cache=CacheMark()),
        ),
        ({"type": "computer_screenshot", "image_url": "https://x"}, None),
    ],
)
def test_every_kind_of_content(said: dict[str, Any], part: Part | None) -> None:
    assert read_part(said, "input[0].content[0]") == part


@pytest.mark.parametrize("kind", ["input_text", "input_image", "input_file", "input_audio", "refusal"])
def test_a_part_without_content_is_refused(kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_part({"type": kind}, "input[0].content[0]")
    assert refused.value.param == "input[0].content[0]"
