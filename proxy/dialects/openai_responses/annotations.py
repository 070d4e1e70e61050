"""Footnotes and odds of a text, in both directions: annotations ↔ `Citation`, logprobs ↔ `TokenLogprob`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from proxy.canonical.answer import TokenLogprob
from proxy.canonical.parts import Citation


class LogprobSaid(msgspec.Struct):
    """A token of a provider's reply; deltas leave out the bytes."""

    token: str = ""
    logprob: float = 0.0
    bytes: list[int] | None = None
    top_logprobs: list["LogprobSaid"] | None = None


def annotation_of(citation: Citation, length: int) -> dict[str, Any]:
    """A citation as Responses says it: of an address, else of a file. `length`: of the text that it supports."""
    if citation.url is not None:
        return {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title or "",
            "start_index": citation.start or 0,
            "end_index": length if citation.end is None else citation.end,
        }
    index = citation.document or 0
    return {"type": "file_citation", "file_id": f"document-{index}", "filename": citation.title or "", "index": index}


def citation_of(annotation: Any) -> Citation | None:
    """None for what is no annotation."""
    if not isinstance(annotation, dict):
        return None
    number = {name: value if isinstance(value, int) else None for name, value in annotation.items()}
    text = {name: value if isinstance(value, str) else None for name, value in annotation.items()}
    return Citation(
        url=text.get("url"),
        title=text.get("title") or text.get("filename"),
        start=number.get("start_index"),
        end=number.get("end_index"),
        document=number.get("index") if annotation.get("type") == "file_citation" else None,
        native=annotation,
    )


def logprobs_of(tokens: Sequence[TokenLogprob] | None) -> list[dict[str, Any]]:
    """As a whole text says them."""
    return [{**_spelt(each), "top_logprobs": [_spelt(other) for other in each.top]} for each in tokens or ()]


def event_logprobs_of(tokens: Sequence[TokenLogprob] | None) -> list[dict[str, Any]]:
    """As the events of a stream say them: without the bytes."""
    return [{**_odds(each), "top_logprobs": [_odds(other) for other in each.top]} for each in tokens or ()]


def tokens_of(logprobs: Sequence[LogprobSaid] | None) -> list[TokenLogprob] | None:
    """As they came; None where there are none."""
    return [_token(each) for each in logprobs] if logprobs else None


def _odds(token: TokenLogprob) -> dict[str, Any]:
    return {"token": token.token, "logprob": token.logprob}


def _spelt(token: TokenLogprob) -> dict[str, Any]:
    spelt = list(token.token.encode(errors="replace")) if token.bytes is None else token.bytes
    return {**_odds(token), "bytes": spelt}


def _token(said: LogprobSaid) -> TokenLogprob:
    top = [_token(other) for other in said.top_logprobs or ()]
    return TokenLogprob(token=said.token, logprob=said.logprob, bytes=said.bytes, top=top)
