"""What each generation of Claude takes, read off its name.

From Anthropic's migration guides and release notes up to API version 2026-10-21 (platform.claude.com/docs/en/models).
A model that is no Claude (others speak this dialect too), or a newer one, takes what the newest API documents, and
nothing is held back from it that only some Claudes refuse.
"""

import re
from functools import lru_cache
from typing import Literal

import msgspec

_NAME = re.compile(
    r"claude-(?:(?P<old>\d(?:[-.]\d)?)-)?(?P<family>opus|sonnet|haiku|fable|mythos)"
    r"(?:-(?P<new>\d(?!\d)(?:[-.]\d{1,2}(?!\d))?))?"
)
_ALL_EFFORTS = ("low", "medium", "high", "xhigh", "max")


class Claude(msgspec.Struct, frozen=True, kw_only=True):
    thinking: Literal["none", "budget", "adaptive"] = "adaptive"
    """How thinking is asked for."""
    thinks_unasked: bool = False
    off: Literal["disabled", "between_tools"] | None = "disabled"
    """How it is told not to think; None: it always does."""
    efforts: tuple[str, ...] = _ALL_EFFORTS
    """Levels of `output_config.effort`, from the least."""
    sampling: bool = True
    """Whether it takes `temperature`, `top_p` and `top_k`."""
    one_of_sampling: bool = False
    """Whether `temperature` and `top_p` exclude each other."""
    forced_tools: bool = True
    """Whether a tool call can be forced."""
    late_system: bool = False
    """Whether `messages` may hold instructions (`role: system`) after the first turn."""
    usual_output: int = 32000
    """A `max_tokens` that it surely accepts."""


UNKNOWN = Claude()


@lru_cache(maxsize=1024)
def claude(model: str) -> Claude:
    """By the model's name, in whatever form a platform writes it (`anthropic/claude-opus-4.6`, `claude-opus-4-6@…`)."""
    match = _NAME.search(model.lower())
    if match is None:
        return UNKNOWN
    version = _version(match["old"] or match["new"] or "")
    if version is None:  # Mythos Preview; anything else without a number is somebody's alias
        return _of("mythos", (5, 0)) if match["family"] == "mythos" else UNKNOWN
    return _of(match["family"], version)


def _version(text: str) -> tuple[int, int] | None:
    major, _, minor = text.replace(".", "-").partition("-")
    return (int(major), int(minor or 0)) if major else None


def _of(family: str, version: tuple[int, int]) -> Claude:
    if version < (3, 7):
        return Claude(thinking="none", efforts=(), usual_output=8192 if version == (3, 5) else 4096)
    if version < (4, 6):
        return Claude(thinking="budget", efforts=(), one_of_sampling=version >= (4, 1))
    if version < (4, 7):
        return Claude(efforts=("low", "medium", "high", "max"), one_of_sampling=True)
    mythical = family in ("fable", "mythos")
    return Claude(
        thinks_unasked=version >= (5, 0),
        off=_off(family, version, mythical=mythical),
        sampling=False,
        forced_tools=not ((version >= (5, 1) and mythical) or (version >= (5, 5) and family == "opus")),
        late_system=version >= (5, 5) or (version >= (4, 8) and family in ("opus", "fable", "mythos")),
    )


def _off(family: str, version: tuple[int, int], *, mythical: bool) -> Literal["disabled", "between_tools"] | None:
    if mythical or (family == "opus" and version >= (5, 5)):
        return None
    return "between_tools" if family == "sonnet" and version >= (5, 5) else "disabled"
