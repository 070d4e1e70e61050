"""Images and files as Responses says them: an address, a `data:` URL or the name of an uploaded file."""

import base64
from mimetypes import guess_type
from urllib.parse import unquote_to_bytes

from proxy.canonical.parts import Source
from proxy.refusal import bad_request

_PDF = "application/pdf"


def source_of_url(url: str, where: str) -> Source:
    """An http address or a `data:` URL. Raises Refusal (400)."""
    if url[:5].lower() != "data:":
        return Source(url=url)
    head, comma, data = url[5:].partition(",")
    media_type, *options = head.split(";")
    if not comma:
        raise bad_request("invalid_value", f"{where}: not a whole data URL.", param=where)
    if not any(option.strip().lower() == "base64" for option in options):
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return Source(data=data, media_type=media_type.lower() or "text/plain")


def source_of_file_data(data: str, name: str | None, where: str) -> Source:
    """`file_data`: a `data:` URL, or bare base64 whose kind the file's name tells."""
    if data[:5].lower() == "data:":
        return source_of_url(data, where)
    return Source(data=data, media_type=guess_type(name or "")[0] or _PDF)


def url_of_source(source: Source) -> str | None:
    """The address, or a `data:` URL; None where there is only a name or a text."""
    if source.url is not None:
        return source.url
    return None if source.data is None else f"data:{source.media_type or _PDF};base64,{source.data}"


def text_of_source(source: Source) -> str | None:
    """What a plain text file says; None for any other file."""
    if source.text is not None:
        return source.text
    if source.data is None or source.media_type not in ("text/plain", "text/markdown"):
        return None
    try:
        return base64.b64decode(source.data, validate=True).decode()
    except ValueError:  # no base64, or no UTF-8 in it
        return None
