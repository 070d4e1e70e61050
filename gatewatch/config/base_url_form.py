"""Whether a base URL looks like one of its dialect: each dialect adds the rest of the path itself.

A remark, never a refusal: only the provider knows its paths.
"""

import re
from urllib.parse import urlsplit, urlunsplit

_OPERATIONS = re.compile(
    r"/(?:chat/completions|completions|responses|embeddings|messages|messages/count_tokens|models|converse)\Z"
)
_VERSION_LAST = re.compile(r"/v[0-9]+(?:beta|alpha)?\Z")


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
    if not path:
        return f"{dialect} does not add a version: {_with_path(base_url, '/v1')} is probably right"
    return None


def other_forms(dialect: str, base_url: str) -> list[str]:
    """Base URLs that may have been meant, the likeliest first."""
    path = urlsplit(base_url).path.rstrip("/")
    short = _OPERATIONS.sub("", path)
    bare = _VERSION_LAST.sub("", short)
    paths = [short, f"{bare}/v1", bare, f"{bare}/api/v1"] if dialect.startswith("openai-") else [bare, short, ""]
    return list(dict.fromkeys(_with_path(base_url, each) for each in paths if each != path))


def _with_path(base_url: str, path: str) -> str:
    return urlunsplit(urlsplit(base_url)._replace(path=path))
