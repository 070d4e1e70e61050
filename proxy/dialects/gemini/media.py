"""Images, files and audio → Google's `inlineData` and `fileData`.

`fileUri` takes what the Files API holds, `gs://`, and public or signed HTTPS URLs
(ai.google.dev/gemini-api/docs/file-input-methods). The Gemini API finds out a file's type itself, Vertex wants it said.
What cannot be carried is refused, never dropped: a prompt without a picture that stood in it is another prompt.
"""

from typing import Any

from proxy.canonical.losses import Losses
from proxy.canonical.parts import Audio, Source

_FILES = "https://generativelanguage.googleapis.com/v1beta/"
_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
}


def media_part(source: Source, losses: Losses, *, typed: bool) -> dict[str, Any]:
    """The part of a request for `source`. `typed`: its type must be said. Raises Refusal."""
    if source.data is not None:
        return {"inlineData": {"mimeType": source.media_type or "application/octet-stream", "data": source.data}}
    uri = source.url or source.file_id or ""
    if source.file_id and source.file_id.startswith("files/"):
        uri = _FILES + source.file_id
    if not uri.startswith(("https://", "gs://")):
        losses.refuse(
            "turns", "another provider keeps a file" if source.file_id else "it fetches content by HTTPS only"
        )
    said = {"fileUri": uri}
    if media_type := source.media_type or _TYPES.get(_ending(uri)):
        said["mimeType"] = media_type
    elif typed:
        losses.refuse("turns", "a URL does not say what kind of file it is")
    return {"fileData": said}


def _ending(uri: str) -> str:
    """Of the path, without its dot."""
    return uri.partition("#")[0].partition("?")[0].rpartition(".")[2].lower()


def audio_part(audio: Audio) -> dict[str, Any]:
    kind = "l16" if audio.format == "pcm16" else audio.format
    return {"inlineData": {"mimeType": f"audio/{kind}", "data": audio.data}}
