"""What `/v1/messages` and `/v1/messages/count_tokens` are asked. Unknown fields are refused, wherever they are.

Types: `anthropic` 2.12, types/message_create_params.py and message_count_tokens_params.py; the three parameters of
sampling are those of 0.125, which older models still take.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from proxy.sandbox.claude_generation import Generation, generation
from proxy.sandbox.messages_blocks import CacheControl, Message, Text
from proxy.sandbox.messages_rules import check_prompt, check_sampling
from proxy.sandbox.said import Tool as OfferedTool

HOSTED = (
    "bash_",
    "browser_toolset_",
    "code_execution_",
    "computer_toolset_",
    "memory_",
    "text_editor_",
    "tool_search_tool_",
    "web_fetch_",
    "web_search_",
)
"""How the types of the vendor's own tools begin."""


class _Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Takes what it names, and nothing else."""


class Metadata(_Strict):
    user_id: Annotated[str, Meta(max_length=256)] | None = None


class JsonFormat(_Strict):
    type: Literal["json_schema"]
    schema: dict[str, Any]


class OutputConfig(_Strict):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: JsonFormat | None = None


class _Thinking(_Strict, tag_field="type"):
    pass


class ThinkingEnabled(_Thinking, tag="enabled"):
    budget_tokens: Annotated[int, Meta(ge=1024)]
    display: Literal["summarized", "omitted"] | None = None


class ThinkingAdaptive(_Thinking, tag="adaptive"):
    display: Literal["summarized", "omitted"] | None = None


class ThinkingBetweenTools(_Thinking, tag="between_tools"):
    pass


class ThinkingDisabled(_Thinking, tag="disabled"):
    pass


class _Choice(_Strict, tag_field="type"):
    pass


class ChoiceAuto(_Choice, tag="auto"):
    disable_parallel_tool_use: bool = False


class ChoiceAny(_Choice, tag="any"):
    disable_parallel_tool_use: bool = False


class ChoiceTool(_Choice, tag="tool"):
    name: str
    disable_parallel_tool_use: bool = False


class ChoiceNone(_Choice, tag="none"):
    pass


class Tool(_Strict):
    """One that the caller runs (`custom`, or no type at all), or one of the vendor's own."""

    name: Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]{1,128}$")] = ""
    type: str | None = None
    input_schema: dict[str, Any] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    cache_control: CacheControl | None = None
    strict: bool | UnsetType = UNSET
    defer_loading: bool | UnsetType = UNSET
    allowed_callers: list[str] | UnsetType = UNSET
    input_examples: list[dict[str, Any]] | UnsetType = UNSET
    eager_input_streaming: bool | None = None

    max_uses: int | UnsetType | None = UNSET
    allowed_domains: list[str] | UnsetType | None = UNSET
    blocked_domains: list[str] | UnsetType | None = UNSET
    user_location: dict[str, Any] | UnsetType | None = UNSET
    citations: dict[str, Any] | UnsetType | None = UNSET
    max_content_tokens: int | UnsetType | None = UNSET
    max_characters: int | UnsetType | None = UNSET
    response_inclusion: str | UnsetType = UNSET
    url_sources: Any = UNSET
    use_cache: bool | UnsetType = UNSET
    configs: dict[str, Any] | UnsetType = UNSET
    default_config: dict[str, Any] | UnsetType | None = UNSET
    display_width_px: int | UnsetType = UNSET
    display_height_px: int | UnsetType = UNSET
    display_number: int | UnsetType | None = UNSET

    @property
    def custom(self) -> bool:
        return self.type is None or self.type == "custom"

    def foreign_type(self) -> str | None:
        """The complaint about a type that no tool of the vendor's has."""
        if str(self.type).startswith(HOSTED):
            return None
        return f"Input tag '{self.type}' found using 'type' does not match any of the expected tags"

    def field_of_hosted_tools(self) -> str | None:
        """The first field that is given here and belongs to the vendor's own tools only."""
        return next((name for name in OF_HOSTED_TOOLS if getattr(self, name) is not UNSET), None)


OF_HOSTED_TOOLS = Tool.__struct_fields__[Tool.__struct_fields__.index("max_uses") :]


class Prompt(_Strict, kw_only=True):
    """What both endpoints are asked."""

    model: Annotated[str, Meta(min_length=1)]
    messages: list[Message]
    cache_control: CacheControl | None = None
    output_config: OutputConfig | UnsetType = UNSET
    speed: Literal["standard", "fast"] | None = None
    system: str | list[Text] | UnsetType = UNSET
    thinking: ThinkingEnabled | ThinkingAdaptive | ThinkingBetweenTools | ThinkingDisabled | UnsetType = UNSET
    tool_choice: ChoiceAuto | ChoiceAny | ChoiceTool | ChoiceNone | UnsetType = UNSET
    tools: list[Tool] | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_prompt(self)

    def basis(self) -> tuple[object, ...]:
        return (self.model, self.system_blocks, self.messages, self.offered, self.tool_choice or None, self.schema)

    @property
    def system_blocks(self) -> list[Text]:
        if isinstance(self.system, str):
            return [Text(text=self.system)]
        return self.system or []

    @property
    def offered(self) -> list[Tool]:
        return self.tools or []

    @property
    def must_call(self) -> list[OfferedTool]:
        """The tools of which one has to be called."""
        custom = [OfferedTool(tool.name, tool.input_schema or None) for tool in self.offered if tool.custom]
        if (name := self.forced_tool) is not None:
            return [tool for tool in custom if tool.name == name]
        return custom if self.forces_a_tool else []

    @property
    def schema(self) -> dict[str, Any] | None:
        """What the text has to fit."""
        if self.output_config and self.output_config.format:
            return self.output_config.format.schema
        return None

    @property
    def generation(self) -> Generation:
        return generation(self.model)

    @property
    def thinks(self) -> bool:
        return isinstance(self.thinking, ThinkingEnabled | ThinkingAdaptive)

    @property
    def adapts(self) -> bool:
        """Thinks as much as it finds necessary."""
        return isinstance(self.thinking, ThinkingAdaptive)

    @property
    def budget(self) -> int | None:
        """For thinking, where the request sets one."""
        return self.thinking.budget_tokens if isinstance(self.thinking, ThinkingEnabled) else None

    @property
    def shows_thinking(self) -> bool:
        display = self.thinking.display if isinstance(self.thinking, ThinkingEnabled | ThinkingAdaptive) else None
        return display == "summarized" or (display is None and self.generation.shows_thinking)

    @property
    def forces_a_tool(self) -> bool:
        return isinstance(self.tool_choice, ChoiceAny | ChoiceTool)

    @property
    def forced_tool(self) -> str | None:
        return self.tool_choice.name if isinstance(self.tool_choice, ChoiceTool) else None

    @property
    def searches(self) -> bool:
        """Whether the vendor's own search may be used."""
        return any((tool.type or "").startswith("web_search_") for tool in self.offered)


class MessagesAsked(Prompt, kw_only=True):
    max_tokens: Annotated[int, Meta(ge=0)]
    stream: bool = False
    stop_sequences: list[str] | UnsetType = UNSET
    temperature: Annotated[float, Meta(ge=0, le=1)] | UnsetType = UNSET
    top_p: Annotated[float, Meta(ge=0, le=1)] | UnsetType = UNSET
    top_k: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    service_tier: Literal["auto", "standard_only"] | UnsetType = UNSET
    container: str | dict[str, Any] | None = None
    diagnostics: dict[str, Any] | None = None
    inference_geo: str | None = None

    def __post_init__(self) -> None:
        check_prompt(self)
        check_sampling(self)


class CountAsked(Prompt):
    pass
