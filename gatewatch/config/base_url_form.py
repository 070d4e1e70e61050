"""Whether a base URL looks like one of its dialect: each dialect adds the rest of the path itself.

A remark, never a refusal: only the provider knows its paths.
"""

import re
from urllib.parse import urlsplit, urlunsplit

_OPERATIONS = re.compile(
    r"/(?:chat/completions|completions|responses|embeddings|messages|messages/count_tokens|models|converse)\Z"
)
_VERSION_LAST = re.compile(r"/v[0-9]+(?:beta|alpha)?\Z")
_AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")


def remark(dialect: str, base_url: str) -> str | None:
    """What is plainly wrong, with the form that is probably right; None where nothing is."""
    url = urlsplit(base_url)
    path = url.path.rstrip("/")
    short = _OPERATIONS.sub("", path)
    if not dialect.startswith("openai-"):
        short = _VERSION_LAST.sub("", short)
        if short != path:
            return f"{dialect} adds version and path itself: {_with_path(base_url, short)} is probably right"
        return None
    if short != path:
        return f"{dialect} adds the operation itself: {_with_path(base_url, short)} is probably right"
    if path in ("", "/openai") and _is_azure(base_url):
        return f"{dialect} does not add a version: {_with_path(base_url, '/openai/v1')} is probably right"
    if not path:
        return f"{dialect} does not add a version: {_with_path(base_url, '/v1')} is probably right"
    return None


def remark_on_query(base_url: str, query: str | None) -> str | None:
    """As `remark`, of what Azure's older API wants in every query."""
    if "/openai/deployments/" in base_url and "api-version=" not in (query or "") + base_url:
        return "Azure's API with deployments in the path wants one, as in query: api-version=2024-10-21"
    return None


def other_forms(dialect: str, base_url: str) -> list[str]:
    """Base URLs that may have been meant, the likeliest first."""
    path = urlsplit(base_url).path.rstrip("/")
    short = _OPERATIONS.sub("", path)
    bare = _VERSION_LAST.sub("", short)
    azure = ["/openai/v1"] if _is_azure(base_url) else []
    openai = [*azure, short, f"{bare}/v1", bare, f"{bare}/api/v1"]
    paths = openai if dialect.startswith("openai-") else [bare, short, ""]
    return list(dict.fromkeys(_with_path(base_url, each) for each in paths if each != path))


def _is_azure(base_url: str) -> bool:
    return (urlsplit(base_url).hostname or "").endswith(_AZURE)


def _with_path(base_url: str, path: str) -> str:
    return urlunsplit(urlsplit(base_url)._replace(path=path))
