"""One content part of an input item. The footnotes and odds of earlier replies are not part of a prompt: skipped."""

from typing import Any

import msgspec

from proxy.canonical.parts import Audio, CacheMark, Declined, File, Image, Part, Source, Text
from proxy.dialects.openai_responses.media import source_of_file_data, source_of_url
from proxy.dialects.openai_responses.typed import typed
from proxy.refusal import bad_request


class _AudioData(msgspec.Struct):
    data: str
    format: str


class _Breakpoint(msgspec.Struct):
    ttl: str | None = None


class _Part(msgspec.Struct):
    """Any content part: which fields count says its type."""

    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    detail: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    file_data: str | None = None
    filename: str | None = None
    input_audio: _AudioData | None = None
    prompt_cache_breakpoint: _Breakpoint | None = None


def read_part(part: dict[str, Any], where: str) -> Part | None:
    """None for a kind that is not known. Raises Refusal (400)."""
    kind = part.get("type")
    said = typed(part, _Part, where)
    cache = (
        CacheMark("1h" if said.prompt_cache_breakpoint.ttl == "12h" else None) if said.prompt_cache_breakpoint else None
    )
    if kind in ("input_text", "output_text", "text") and said.text is not None:
        return Text(text=said.text, cache=cache)
    if kind == "refusal" and said.refusal is not None:
        return Declined(text=said.refusal)
    if kind == "input_image":
        return Image(source=_image_source(said, where), detail=said.detail, cache=cache)
    if kind == "input_file":
        return File(source=_file_source(said, where), name=said.filename, cache=cache)
    if kind == "input_audio" and said.input_audio is not None:
        return Audio(data=said.input_audio.data, format=said.input_audio.format)
    if kind in ("input_text", "output_text", "text", "refusal", "input_audio"):
        raise bad_request("missing_required_parameter", f"{where}: its content is missing.", param=where)
    return None


def _image_source(said: _Part, where: str) -> Source:
    if said.image_url is not None:
        return source_of_url(said.image_url, f"{where}.image_url")
    if said.file_id is not None:
        return Source(file_id=said.file_id, kept_by="openai")
    raise bad_request("missing_required_parameter", f"{where}: an image has a URL or a file's id.", param=where)


def _file_source(said: _Part, where: str) -> Source:
    if said.file_data is not None:
        return source_of_file_data(said.file_data, said.filename, f"{where}.file_data")
    if said.file_url is not None:
        return source_of_url(said.file_url, f"{where}.file_url")
    if said.file_id is not None:
        return Source(file_id=said.file_id, kept_by="openai")
    raise bad_request("missing_required_parameter", f"{where}: a file has data, a URL or an id.", param=where)
