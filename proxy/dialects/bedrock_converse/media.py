"""Images, documents and sound → content blocks of Converse, which holds bytes and S3 locations alone.

What cannot be carried is refused, never dropped: a prompt without a picture that stood in it is another prompt.
"""

import base64
import re
from typing import Any

from proxy.canonical.losses import Losses
from proxy.canonical.parts import Audio, File, Image, Source

Block = dict[str, Any]

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_SOUNDS = {"pcm16": "pcm"}
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9\-()\[\]]+")
_LONGEST_NAME = 190


class Media:
    """Of one request: no two documents of it may have the same name."""

    def __init__(self, losses: Losses, *, images: bool) -> None:
        self._losses = losses
        self._images = images
        self._names: set[str] = set()

    def image(self, image: Image) -> Block:
        """Raises Refusal."""
        if not self._images:
            self._losses.refuse("turns", "it takes no images")
        if image.detail not in (None, "auto"):
            self._losses.lose("detail", "its images have no level of detail")
        kind = _IMAGES.get(_bare_type(image.source)) or _ending(image.source, set(_IMAGES.values()), {"jpg": "jpeg"})
        if kind is None:
            self._losses.refuse("turns", f"it takes no images of type {image.source.media_type!r}")
        return {"image": {"format": kind, "source": self._source(image.source)}}

    def document(self, file: File) -> Block:
        """Raises Refusal."""
        block: Block = {"name": self._name(file.name or "Document")}
        if file.source.text is not None:
            text = base64.b64encode(file.source.text.encode()).decode()
            block |= {"format": "txt", "source": {"bytes": text}}
        else:
            kind = _DOCUMENTS.get(_bare_type(file.source)) or _ending(file.source, set(_DOCUMENTS.values()), {})
            if kind is None:
                self._losses.refuse("turns", f"it takes no documents of type {file.source.media_type!r}")
            block |= {"format": kind, "source": self._source(file.source)}
        if file.context:
            block["context"] = file.context
        if file.cite:
            block["citations"] = {"enabled": True}
        return {"document": block}

    def sound(self, audio: Audio) -> Block:
        return {"audio": {"format": _SOUNDS.get(audio.format, audio.format), "source": {"bytes": audio.data}}}

    def _source(self, source: Source) -> Block:
        if source.data is not None:
            return {"bytes": source.data}
        if source.url and source.url.startswith("s3://"):
            return {"s3Location": {"uri": source.url}}
        why = "another provider keeps a file" if source.file_id else "it fetches nothing from an address"
        return self._losses.refuse("turns", why)

    def _name(self, asked: str) -> str:
        """Only what Bedrock takes, and no name twice."""
        name = _NOT_IN_NAMES.sub(" ", asked).strip()[:_LONGEST_NAME].strip() or "Document"
        found, number = name, 1
        while found in self._names:
            number += 1
            found = f"{name} {number}"
        self._names.add(found)
        return found


def _bare_type(source: Source) -> str:
    return (source.media_type or "").partition(";")[0].strip().lower()


def _ending(source: Source, known: set[str], also: dict[str, str]) -> str | None:
    """What the address of a source says that it is."""
    ending = (source.url or "").rpartition(".")[2].lower()
    return ending if ending in known else also.get(ending)
