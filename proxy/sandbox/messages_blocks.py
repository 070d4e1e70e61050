"""The blocks that messages of Anthropic's API are made of, as requests may carry them. Nothing else is taken.

Types: `anthropic` 2.12, types/*_param.py.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Identifier = Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]+$")]


class CacheControl(msgspec.Struct, forbid_unknown_fields=True):
    """The prompt up to here may be cached."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    """Whether citations are wanted."""

    enabled: bool = False


class Block(msgspec.Struct, tag_field="type", forbid_unknown_fields=True, kw_only=True):
    """One of them."""


class Cacheable(Block, kw_only=True):
    """One that can end a cached prefix."""

    cache_control: CacheControl | None = None


class Text(Cacheable, tag="text", kw_only=True):
    text: str
    citations: list[dict[str, Any]] | None = None


class Base64Image(Block, tag="base64", kw_only=True):
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class UrlSource(Block, tag="url", kw_only=True):
    url: str


class FileSource(Block, tag="file", kw_only=True):
    file_id: str


class Transformations(msgspec.Struct, forbid_unknown_fields=True):
    oversized_image: Literal["downsize", "error"] = "downsize"


class Image(Cacheable, tag="image", kw_only=True):
    source: Base64Image | UrlSource | FileSource
    transformations: Transformations | None = None


class Pdf(Block, tag="base64", kw_only=True):
    media_type: Literal["application/pdf"]
    data: str


class PlainText(Block, tag="text", kw_only=True):
    media_type: Literal["text/plain"]
    data: str


class Blocks(Block, tag="content", kw_only=True):
    content: str | list[Text | Image]


class Document(Cacheable, tag="document", kw_only=True):
    source: Pdf | PlainText | Blocks | UrlSource | FileSource
    citations: Switch | None = None
    context: str | None = None
    title: str | None = None


class SearchResult(Cacheable, tag="search_result", kw_only=True):
    content: list[Text]
    source: str
    title: str
    citations: Switch | UnsetType = UNSET


class Thinking(Block, tag="thinking", kw_only=True):
    thinking: str
    signature: str


class RedactedThinking(Block, tag="redacted_thinking", kw_only=True):
    data: str


class Caller(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["direct", "code_execution_20250825", "code_execution_20260120"]
    tool_id: str | UnsetType = UNSET


class ToolUse(Cacheable, tag="tool_use", kw_only=True):
    id: Identifier
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    input: dict[str, Any]
    caller: Caller | UnsetType = UNSET
    toolset_name: str | None = None


class ToolReference(Cacheable, tag="tool_reference", kw_only=True):
    tool_name: str


class ToolResult(Cacheable, tag="tool_result", kw_only=True):
    tool_use_id: Identifier
    content: str | list[Text | Image | SearchResult | Document | ToolReference] | UnsetType = UNSET
    is_error: bool | UnsetType = UNSET
    toolset_name: str | None = None


class ServerToolUse(Cacheable, tag="server_tool_use", kw_only=True):
    id: str
    name: Literal[
        "web_search",
        "web_fetch",
        "code_execution",
        "bash_code_execution",
        "text_editor_code_execution",
        "tool_search_tool_regex",
        "tool_search_tool_bm25",
    ]
    input: dict[str, Any]
    caller: Caller | UnsetType = UNSET


class ServerToolResult(Cacheable, kw_only=True):
    """What a tool that the vendor runs had found; its content is the vendor's business."""

    tool_use_id: str
    content: Any
    caller: Caller | UnsetType = UNSET


class WebSearchResult(ServerToolResult, tag="web_search_tool_result", kw_only=True):
    pass


class WebFetchResult(ServerToolResult, tag="web_fetch_tool_result", kw_only=True):
    pass


class CodeExecutionResult(ServerToolResult, tag="code_execution_tool_result", kw_only=True):
    pass


class BashResult(ServerToolResult, tag="bash_code_execution_tool_result", kw_only=True):
    pass


class TextEditorResult(ServerToolResult, tag="text_editor_code_execution_tool_result", kw_only=True):
    pass


class ToolSearchResult(ServerToolResult, tag="tool_search_tool_result", kw_only=True):
    pass


class ContainerUpload(Cacheable, tag="container_upload", kw_only=True):
    file_id: str


AnyBlock = (
    Text
    | Image
    | Document
    | SearchResult
    | Thinking
    | RedactedThinking
    | ToolUse
    | ToolResult
    | ServerToolUse
    | WebSearchResult
    | WebFetchResult
    | CodeExecutionResult
    | BashResult
    | TextEditorResult
    | ToolSearchResult
    | ContainerUpload
)


class Message(msgspec.Struct, forbid_unknown_fields=True):
    """One turn, or a part of one."""

    role: Literal["user", "assistant", "system"]
    content: str | list[AnyBlock]

    @property
    def blocks(self) -> list[AnyBlock]:
        """Its content; a string is one block of text."""
        return [Text(text=self.content)] if isinstance(self.content, str) else self.content
