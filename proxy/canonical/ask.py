"""A request, whatever dialect it came in."""

from typing import Any, Literal

import msgspec

from proxy.canonical.parts import CacheMark, Part

NEVER_DROPPED = frozenset({"previous_response_id", "conversation", "background", "prompt", "item_reference"})
"""Names in `Ask.others` that are refused where they cannot be carried: without them it would be another request."""


class Turn(msgspec.Struct, kw_only=True):
    """One message. Neighbours may have the same role; who needs them joined joins them."""

    role: Literal["system", "developer", "user", "assistant"]
    parts: list[Part]
    name: str | None = None
    """Of a speaker. Frameworks name the assistant's own messages after themselves: no loss there."""


class Tool(msgspec.Struct, kw_only=True):
    """A function that the model may call."""

    name: str
    description: str | None = None
    schema: dict[str, Any] | None = None
    """JSON schema of its arguments; None: it takes none, or free text."""
    strict: bool | None = None
    free: bool = False
    """It takes text instead of JSON (OpenAI's custom tools)."""
    grammar: dict[str, Any] | None = None
    """What that text must look like: `{"syntax": "lark" | "regex", "definition": …}`."""
    cache: CacheMark | None = None


class ToolChoice(msgspec.Struct, kw_only=True):
    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None


class Format(msgspec.Struct, kw_only=True):
    """What the reply must look like."""

    kind: Literal["json", "schema"]
    name: str = "reply"
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class Thinking(msgspec.Struct, kw_only=True):
    """How much the model may think. Everything None: as the provider likes."""

    effort: str | None = None
    """`none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`."""
    budget: int | None = None
    """Tokens; 0: not at all."""
    shown: bool | None = None
    """Whether the thoughts, or a summary of them, stand in the reply."""


class Ask(msgspec.Struct, kw_only=True):
    """What is asked of a model. None is always: the caller did not say.

    `others` holds the caller's parameters that have no place here, under the caller's names: whoever writes the
    request for a provider must carry or lose each of them (`Losses`), never forget one.
    """

    turns: list[Turn]
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    max_output: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: list[str] = []
    seed: int | None = None
    n: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    format: Format | None = None
    thinking: Thinking | None = None
    verbosity: str | None = None
    """How much is said. A hint: where it cannot be told, nobody gets another kind of answer."""
    service_tier: str | None = None
    stream: bool = False
    user: str | None = None
    """The caller's own user, for the provider's abuse detection."""
    cache_key: str | None = None
    """Which prompts share a cache (OpenAI's `prompt_cache_key`). A hint."""
    others: dict[str, Any] = {}

    @property
    def one_call_at_once(self) -> bool:
        """Whether the model must be kept from calling several tools at once: of one alone it has no choice."""
        named = self.tool_choice is not None and self.tool_choice.mode == "named"
        return self.parallel_tools is False and len(self.tools) > 1 and not named
