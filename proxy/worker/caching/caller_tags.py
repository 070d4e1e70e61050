"""The tags that a caller gives a reply: `x-gatewatch-cache-tags: a, b`. By them it can be invalidated."""

from collections.abc import Mapping

from proxy.refusal import Refusal, bad_request

HEADER = b"x-gatewatch-cache-tags"
MOST_TAGS = 16
MOST_CHARACTERS = 64


def caller_tags(headers: Mapping[bytes, bytes]) -> tuple[str, ...]:
    """Raises Refusal for more than there may be: a tag that is left out would never be invalidated."""
    said = headers.get(HEADER)
    if said is None:
        return ()
    tags = tuple(dict.fromkeys(tag for part in said.decode("utf-8", "replace").split(",") if (tag := part.strip())))
    check_tags(tags)
    return tags


def check_tags(tags: tuple[str, ...]) -> None:
    """Raises Refusal."""
    if len(tags) > MOST_TAGS or any(len(tag) > MOST_CHARACTERS for tag in tags):
        raise too_many()


def too_many() -> Refusal:
    """What a caller is told then."""
    told = f"A reply has {MOST_TAGS} cache tags at most, of {MOST_CHARACTERS} characters each."
    return bad_request("invalid_request", told, param=HEADER.decode())
