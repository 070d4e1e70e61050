"""Citations: where the words of a text block come from.

Keeps true: a caller never gets a citation that is not whole by Anthropic's types, and what a citation of another
provider's search lacks (`encrypted_index`) is marked, so that it is never sent to Anthropic as Anthropic's own.
"""

from typing import Any

from proxy.canonical.parts import Citation
from proxy.canonical.signatures import unwrap, wrap

_NEEDED: dict[str, tuple[str, ...]] = {
    "char_location": ("cited_text", "document_index", "start_char_index", "end_char_index"),
    "page_location": ("cited_text", "document_index", "start_page_number", "end_page_number"),
    "content_block_location": ("cited_text", "document_index", "start_block_index", "end_block_index"),
    "web_search_result_location": ("cited_text", "encrypted_index", "url"),
    "search_result_location": (
        "cited_text",
        "search_result_index",
        "source",
        "start_block_index",
        "end_block_index",
    ),
}
_FOREIGN_INDEX = wrap("citation", "")


def read_citation(native: object, end: int | None = None) -> Citation | None:
    """Anthropic cites for a whole text block: `end` is its length, where that is known. None: this is no citation."""
    if not isinstance(native, dict):
        return None
    kind, document = native.get("type"), native.get("document_index")
    source = native.get("source") if kind == "search_result_location" else native.get("url")
    return Citation(
        url=_text(source),
        title=_text(native.get("title")) or _text(native.get("document_title")),
        quote=_text(native.get("cited_text")),
        start=None if end is None else 0,
        end=end,
        document=document if isinstance(document, int) else None,
        native=native,
    )


def write_citation(citation: Citation) -> dict[str, Any] | None:
    """As Anthropic would say it; None where its types have no room for it (no address, and no place in a document)."""
    native = citation.native
    if native and all(
        native.get(field) is not None for field in _NEEDED.get(str(native.get("type")), ("no such type",))
    ):
        return native
    if citation.url is None:
        return None
    return {
        "type": "web_search_result_location",
        "cited_text": citation.quote or "",
        "encrypted_index": _FOREIGN_INDEX,
        "title": citation.title,
        "url": citation.url,
    }


def is_foreign(native: object) -> bool:
    """Whether this citation was made here for another provider's search."""
    index = native.get("encrypted_index") if isinstance(native, dict) else None
    return isinstance(index, str) and unwrap(index) is not None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
