"""Content parts as the API reference of Chat Completions documents them, and `cache_control` as LiteLLM does."""

from typing import Any

import pytest

from proxy.canonical.parts import Audio, CacheMark, Declined, File, Image, Part, Source, Text
from proxy.dialects.openai_chat.content_read import cache_mark, read_content, source_of_url
from proxy.refusal import Refusal


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "text", "text": "hi"}, Text(text="hi")),
        (
            {"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}},
            Text(text="long", cache=CacheMark()),
        ),
        (
            {"type": "text", "text": "long", "prompt_cache_breakpoint": {"mode": "explicit"}},
            Text(text="long", cache=CacheMark()),
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
            Image(source=Source(url="https://example.com/a.png"), detail="low"),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/PNG;base64,iVBO"}},
            Image(source=Source(data="iVBO", media_type="image/png")),
        ),
        ({"type": "image_url", "image_url": "https://e.com/a"}, Image(source=Source(url="https://e.com/a"))),
        ({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}, Audio(data="UklG", format="wav")),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
            File(source=Source(data="JVBE", media_type="application/pdf"), name="a.pdf"),
        ),
        (
            {"type": "file", "file": {"filename": "a.csv", "file_data": "YSxi"}},
            File(source=Source(data="YSxi", media_type="text/csv"), name="a.csv"),
        ),
        ({"type": "file", "file": {"file_id": "file-1"}}, File(source=Source(file_id="file-1", kept_by="openai"))),
        ({"type": "refusal", "refusal": "No."}, Declined(text="No.")),
    ],
)
def test_each_documented_part_is_read(part: dict[str, Any], expected: Part) -> None:
    assert read_content([part], "messages[0].content") == [expected]


def test_a_string_is_one_text_and_null_is_none() -> None:
    assert read_content("hi", "x") == [Text(text="hi")]
    assert read_content(None, "x") == []


@pytest.mark.parametrize(
    ("content", "param", "code"),
    [
        (7, "messages[2].content", "invalid_type"),
        ([7], "messages[2].content[0]", "invalid_type"),
        ([{"text": "x"}], "messages[2].content[0].type", "missing_required_parameter"),
        ([{"type": "text"}], "messages[2].content[0].text", "missing_required_parameter"),
        ([{"type": "text", "text": 1}], "messages[2].content[0].text", "invalid_type"),
        ([{"type": "video"}], "messages[2].content[0].type", "invalid_value"),
        (
            [{"type": "image_url", "image_url": {"url": "ftp://x"}}],
            "messages[2].content[0].image_url.url",
            "invalid_value",
        ),
        (
            [{"type": "image_url", "image_url": {"url": "data:image/png,x"}}],
            "messages[2].content[0].image_url.url",
            "invalid_value",
        ),
        (
            [{"type": "image_url", "image_url": {"url": "data:;base64,x"}}],
            "messages[2].content[0].image_url.url",
            "invalid_value",
        ),
        (
            [{"type": "image_url", "image_url": {"url": "data:image/png;base64"}}],
            "messages[2].content[0].image_url.url",
            "invalid_value",
        ),
        (
            [{"type": "image_url", "image_url": {"url": "https://x", "detail": "best"}}],
            "messages[2].content[0].image_url.detail",
            "invalid_value",
        ),
        (
            [{"type": "input_audio", "input_audio": {"format": "wav"}}],
            "messages[2].content[0].input_audio.data",
            "missing_required_parameter",
        ),
        ([{"type": "file", "file": {}}], "messages[2].content[0].file.file_data", "missing_required_parameter"),
        (
            [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1d"}}],
            "messages[2].content[0].cache_control.ttl",
            "invalid_value",
        ),
    ],
)
def test_a_malformed_part_is_a_400_with_its_path(content: object, param: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_content(content, "messages[2].content")
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, param, code)


def test_the_life_of_a_cache_mark_is_kept() -> None:
    assert cache_mark({"cache_control": {"type": "ephemeral", "ttl": "1h"}}, "tools[0]") == CacheMark(ttl="1h")
    assert cache_mark({}, "tools[0]") is None


def test_inline_data_is_taken_apart_without_being_decoded() -> None:
    assert source_of_url("DATA:text/plain;charset=utf-8;base64,SGk", "x") == Source(data="SGk", media_type="text/plain")
