"""Why a reply ends, in Google's words → the canonical reason.

A natural end is the only `stop`. Whatever else ended the reply (filters, malformed calls, reasons that Google does not
tell or that are new) becomes `content_filter`, as in Google's own OpenAI-compatible endpoint: what came is not whole,
and nobody takes it for an answer.
"""

from proxy.canonical.answer import Finish

_UNFINISHED = frozenset({None, "", "FINISH_REASON_UNSPECIFIED"})
_LENGTHS = frozenset({"MAX_TOKENS", "CONTINUATION"})


def finish_of(reason: str | None, called: bool) -> Finish | None:
    """None: the reply goes on. `called`: it holds calls of functions."""
    if reason == "STOP":
        return "tool_calls" if called else "stop"
    if reason in _UNFINISHED:
        return None
    return "length" if reason in _LENGTHS else "content_filter"
