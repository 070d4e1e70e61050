"""In which dialect each endpoint is asked, and so whether a call was translated on its way to its provider."""

from gatewatch.providers.dialects import Dialect

ENDPOINT_DIALECTS: dict[str, Dialect] = {
    "chat": "openai-chat",
    "completions": "openai-chat",
    "embeddings": "openai-chat",
    "responses": "openai-responses",
    "messages": "anthropic-messages",
    "count_tokens": "anthropic-messages",
}
"""Endpoint, as the ledger names it → the dialect that providers answer it in as it is."""


def translated(endpoint: str | None, dialect: str | None) -> bool | None:
    """Whether a call to `endpoint` was translated for a provider that was spoken to in `dialect`; None: not known."""
    own = ENDPOINT_DIALECTS.get(endpoint or "")
    return None if own is None or dialect is None else own != dialect


def passage(endpoint: str | None, dialect: str | None) -> str | None:
    """The same in words; None where no provider was spoken to."""
    match translated(endpoint, dialect):
        case True:
            return f"translated from {ENDPOINT_DIALECTS[endpoint or '']} to {dialect}"
        case False:
            return f"as it came, in {dialect}"
    return None
