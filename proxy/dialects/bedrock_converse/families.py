"""What the model families of Bedrock take beside the common request, told by their ids.

An id may carry a region's prefix (`us.`), or be an ARN. Whatever the id does not say is not assumed.
Sources: docs.aws.amazon.com/bedrock, "Model parameters", "Prompt caching", "Structured outputs".
"""

import re
from functools import lru_cache
from typing import Literal

import msgspec

_CLAUDE = re.compile(
    r"claude(?:-(?P<old>\d)(?:-(?P<older>\d)(?!\d))?)?(?:-[a-z]+)?(?:-(?P<major>\d)(?!\d)(?:-(?P<minor>\d{1,2})(?!\d))?)?"
)
_WITHOUT_SCHEMAS = (
    "amazon.nova",
    "amazon.titan",
    "meta.llama",
    "cohere.",
    "ai21.",
    "mistral.mistral-7b",
    "mistral.mixtral",
)


class Family(msgspec.Struct, frozen=True, kw_only=True):
    thinking: Literal["adaptive", "budget", "reasoning_effort", "nova"] | None = None
    """How it is told to think; None: not at all."""
    thinks_unasked: bool = False
    top_k: Literal["claude", "nova"] | None = None
    schemas: bool = True
    """Whether replies and tool calls can be held to a JSON schema."""
    cache: bool = False
    """Whether it takes cache points; others cache by themselves, or never."""
    cache_tools: bool = False
    cache_hour: bool = False
    """Whether a cache point may last an hour."""
    sampling: bool = True
    """Whether it takes temperature, top p and top k."""
    one_of_sampling: bool = False
    """Whether temperature and top p exclude each other."""
    claude: bool = False


@lru_cache(maxsize=1024)
def family(model: str) -> Family:
    name = model.lower()
    if "claude" in name:
        return _claude(name)
    if "amazon.nova" in name:
        thinking: Literal["nova"] | None = "nova" if "nova-2" in name else None
        return Family(thinking=thinking, top_k="nova", schemas=False, cache=True)
    if "gpt-oss" in name:
        return Family(thinking="reasoning_effort")
    return Family(schemas=not any(each in name for each in _WITHOUT_SCHEMAS))


def _claude(name: str) -> Family:
    match = _CLAUDE.search(name)
    assert match, "asked for by the caller"
    if match["old"]:
        version = (int(match["old"]), int(match["older"] or 0))
    elif match["major"]:
        version = (int(match["major"]), int(match["minor"] or 0))
    else:
        version = (9, 0)  # a name without a number is the newest
    return Family(
        thinking="adaptive" if version >= (4, 6) else "budget" if version >= (3, 7) else None,
        thinks_unasked=version >= (5, 0),
        top_k="claude",
        schemas=version >= (4, 5),
        cache=version >= (3, 5),
        cache_tools=version >= (3, 5),
        cache_hour=version >= (4, 5),
        sampling=version < (4, 7),
        one_of_sampling=version >= (4, 1),
        claude=True,
    )
