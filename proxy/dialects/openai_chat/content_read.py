"""Content of a chat message → parts. Addresses are never fetched here; inline data stays base64."""

from mimetypes import guess_type
from typing import Any

from proxy.canonical.parts import Audio, CacheMark, Declined, File, Image, Part, Source, Text
from proxy.dialects.openai_chat import fields

_DETAILS = ("auto", "low", "high", "original")
_TTLS = ("5m", "1h")
_BASE64 = "base64"


def read_content(value: object, path: str) -> list[Part]:
    """A string or a list of parts; null is no part. Raises Refusal."""
    if value is None:
        return []
    if isinstance(value, str):
        return [Text(text=value)]
    if not isinstance(value, list):
        raise fields.bad_type(path, "a string or an array of parts", value)
    return [_part(fields.as_mapping(each, f"{path}[{at}]"), f"{path}[{at}]") for at, each in enumerate(value)]


def cache_mark(owner: dict[str, Any], path: str) -> CacheMark | None:
    """`cache_control`, as LiteLLM and OpenRouter take it from callers, or OpenAI's own `prompt_cache_breakpoint`."""
    mark = fields.mapping(owner, "cache_control", path)
    if mark is not None:
        where = fields.below(path, "cache_control")
        return CacheMark(ttl=fields.one_of(fields.text(mark, "ttl", where), _TTLS, f"{where}.ttl"))
    return CacheMark() if fields.mapping(owner, "prompt_cache_breakpoint", path) is not None else None


def source_of_url(url: str, path: str) -> Source:
    """An address, or a `data:` URL taken apart. Raises Refusal for anything else."""
    if url[:5].lower() != "data:":
        if url[:8].lower().startswith(("https://", "http://")):
            return Source(url=url)
        raise fields.bad_value(path, "expected an http(s) or a base64 data URL")
    comma = url.find(",")
    media_type, *parameters = url[5 : max(comma, 5)].lower().split(";")
    if comma < 0 or not media_type or _BASE64 not in parameters:
        raise fields.bad_value(path, "expected a data URL like 'data:image/png;base64,...'")
    return Source(data=url[comma + 1 :], media_type=media_type)


def _part(part: dict[str, Any], path: str) -> Part:
    kind = fields.required_text(part, "type", path)
    match kind:
        case "text":
            return Text(text=fields.required_text(part, "text", path), cache=cache_mark(part, path))
        case "image_url":
            return _image(part, path)
        case "input_audio":
            audio, where = fields.required_mapping(part, kind, path), fields.below(path, kind)
            return Audio(
                data=fields.required_text(audio, "data", where), format=fields.required_text(audio, "format", where)
            )
        case "file":
            return _file(part, path)
        case "refusal":
            return Declined(text=fields.required_text(part, "refusal", path))
    raise fields.bad_value(f"{path}.type", f"{kind[:60]!r} is no known type of part")


def _image(part: dict[str, Any], path: str) -> Image:
    image, where = part.get("image_url"), f"{path}.image_url"
    if isinstance(image, str):
        return Image(source=source_of_url(image, where), cache=cache_mark(part, path))
    image = fields.required_mapping(part, "image_url", path)
    return Image(
        source=source_of_url(fields.required_text(image, "url", where), f"{where}.url"),
        detail=fields.one_of(fields.text(image, "detail", where), _DETAILS, f"{where}.detail"),
        cache=cache_mark(part, path),
    )


def _file(part: dict[str, Any], path: str) -> File:
    file, where = fields.required_mapping(part, "file", path), f"{path}.file"
    name = fields.text(file, "filename", where)
    data, file_id = fields.text(file, "file_data", where), fields.text(file, "file_id", where)
    if data is not None:
        source = _source_of_file(data, name, fields.text(file, "format", where), f"{where}.file_data")
    elif file_id is not None:
        source = Source(file_id=file_id, kept_by="openai")
    else:
        raise fields.missing(f"{where}.file_data")
    return File(source=source, name=name, cache=cache_mark(part, path))


def _source_of_file(data: str, name: str | None, media_type: str | None, path: str) -> Source:
    """`file_data` is base64, bare or as data URL; OpenRouter takes an address too."""
    if ":" in data[:8]:
        return source_of_url(data, path)
    return Source(data=data, media_type=media_type or guess_type(name or "")[0] or "application/pdf")
