"""The structures that Converse, ConverseStream and CountTokens are asked with.

Read off the service model of bedrock-runtime (2023-09-30, botocore). What a guardrail or a stored prompt is made of is
taken without a look inside.
"""

from typing import NamedTuple


class Text(NamedTuple):
    """A string; `pattern` has to match all of it."""

    least: int = 0
    most: int | None = None
    pattern: str | None = None


class Choice(NamedTuple):
    """One of these strings."""

    values: tuple[str, ...]


class Number(NamedTuple):
    least: float | None = None
    most: float | None = None
    whole: bool = False


class Flag(NamedTuple):
    """true or false."""


class Blob(NamedTuple):
    """Base64 of so many bytes at least."""

    least: int = 0


class Document(NamedTuple):
    """Any JSON; an object where that is said."""

    object: bool = False


class Items(NamedTuple):
    of: "Kind"
    least: int = 0
    most: int | None = None


class Named(NamedTuple):
    """Any names, with values of one kind."""

    of: "Kind"
    least: int = 0
    most: int | None = None


Kind = str | Text | Choice | Number | Flag | Blob | Document | Items | Named
"""A string is the name of a structure."""


class Structure(NamedTuple):
    members: dict[str, Kind]
    required: tuple[str, ...] = ()
    union: bool = False
    """Exactly one of its members is there."""


_TOOL_NAME = Text(1, 64, r"[a-zA-Z0-9_-]+")
_TOOL_USE_ID = Text(1, 64, r"[a-zA-Z0-9_.:-]+")
_CACHE_POINT = {"cachePoint": "CachePoint"}
_IMAGES = ("png", "jpeg", "gif", "webp")
_DOCUMENTS = ("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md")
_VIDEOS = ("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp")
_SOUNDS = (
    *("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"),
)

MODEL_ID = (
    r"(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(([0-9]{12}:custom-model/[a-z0-9-]{1,63}[.][a-z0-9-]{1,63}/[a-z0-9]{12})|"
    r"(:foundation-model/[a-z0-9-]{1,63}[.][a-z0-9-]{1,63}([.:]?[a-z0-9-]{1,63}))|"
    r"([0-9]{12}:imported-model/[a-z0-9]{12})|([0-9]{12}:provisioned-model/[a-z0-9]{12})|"
    r"([0-9]{12}:custom-model-deployment/[a-z0-9]{12})|"
    r"([0-9]{12}:(inference-profile|application-inference-profile)/[a-zA-Z0-9-:.]+)))|"
    r"([a-z0-9-]{1,63}[.][a-z0-9-]{1,63}([.:]?[a-z0-9-]{1,63}))|([0-9a-zA-Z_-]+)|([a-zA-Z0-9-:.]+)|"
    r"(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:prompt/[0-9a-zA-Z]{10}(?::[0-9]{1,5})?)|"
    r"(arn:aws:sagemaker:[a-z0-9-]+:[0-9]{12}:endpoint/[a-zA-Z0-9-]+)|"
    r"(arn:aws(-[^:]+)?:bedrock:([0-9a-z-]{1,20}):([0-9]{12}):(default-)?prompt-router/[a-zA-Z0-9-:.]+)"
)
"""What may stand in a path as a model."""


def _medium(formats: tuple[str, ...], source: str) -> Structure:
    return Structure({"format": Choice(formats), "source": source}, ("format", "source"))


def _source(**more: Kind) -> Structure:
    return Structure({"bytes": Blob(1), "s3Location": "S3Location", **more}, union=True)


STRUCTURES: dict[str, Structure] = {
    "ConverseRequest": Structure(
        {
            "messages": Items("Message"),
            "system": Items("SystemContentBlock"),
            "inferenceConfig": "InferenceConfiguration",
            "toolConfig": "ToolConfiguration",
            "guardrailConfig": Document(object=True),
            "additionalModelRequestFields": Document(object=True),
            "promptVariables": Named(Document()),
            "additionalModelResponseFieldPaths": Items(Text(1, 256), 0, 10),
            "requestMetadata": Named(Text(0, 256, r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}"), 1, 16),
            "performanceConfig": "PerformanceConfiguration",
            "serviceTier": "ServiceTier",
            "outputConfig": "OutputConfig",
        }
    ),
    "CountTokensRequest": Structure({"input": "CountTokensInput"}, ("input",)),
    "CountTokensInput": Structure({"invokeModel": "InvokeModelTokens", "converse": "ConverseTokens"}, union=True),
    "InvokeModelTokens": Structure({"body": Blob()}, ("body",)),
    "ConverseTokens": Structure(
        {
            "messages": Items("Message"),
            "system": Items("SystemContentBlock"),
            "toolConfig": "ToolConfiguration",
            "additionalModelRequestFields": Document(object=True),
        }
    ),
    "Message": Structure(
        {"role": Choice(("user", "assistant", "system")), "content": Items("ContentBlock")}, ("role", "content")
    ),
    "ContentBlock": Structure(
        {
            "text": Text(),
            "image": "Image",
            "document": "DocumentBlock",
            "video": "Video",
            "audio": "Audio",
            "toolUse": "ToolUse",
            "toolResult": "ToolResult",
            "guardContent": Document(object=True),
            **_CACHE_POINT,
            "reasoningContent": "ReasoningContent",
            "citationsContent": "CitationsContent",
            "searchResult": "SearchResult",
            "toolAddition": Document(object=True),
            "toolRemoval": Document(object=True),
        },
        union=True,
    ),
    "Image": _medium(_IMAGES, "BytesOrS3"),
    "Video": _medium(_VIDEOS, "BytesOrS3"),
    "Audio": _medium(_SOUNDS, "BytesOrS3"),
    "BytesOrS3": _source(),
    "S3Location": Structure(
        {
            "uri": Text(1, 1024, r"s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?"),
            "bucketOwner": Text(pattern="[0-9]{12}"),
        },
        ("uri",),
    ),
    "DocumentBlock": Structure(
        {
            "format": Choice(_DOCUMENTS),
            "name": Text(1, 200),
            "source": "DocumentSource",
            "context": Text(),
            "citations": "CitationsConfig",
        },
        ("name", "source"),
    ),
    "DocumentSource": _source(text=Text(), content=Items("DocumentText")),
    "DocumentText": Structure({"text": Text()}, union=True),
    "CitationsConfig": Structure({"enabled": Flag()}, ("enabled",)),
    "ToolUse": Structure(
        {
            "toolUseId": _TOOL_USE_ID,
            "name": _TOOL_NAME,
            "input": Document(object=True),
            "type": Choice(("server_tool_use",)),
        },
        ("toolUseId", "name", "input"),
    ),
    "ToolResult": Structure(
        {
            "toolUseId": _TOOL_USE_ID,
            "content": Items("ToolResultContentBlock"),
            "status": Choice(("success", "error")),
            "type": Text(),
        },
        ("toolUseId", "content"),
    ),
    "ToolResultContentBlock": Structure(
        {
            "json": Document(object=True),
            "text": Text(),
            "image": "Image",
            "document": "DocumentBlock",
            "video": "Video",
            "searchResult": "SearchResult",
        },
        union=True,
    ),
    "SearchResult": Structure(
        {"source": Text(), "title": Text(), "content": Items("SearchResultText"), "citations": "CitationsConfig"},
        ("source", "title", "content"),
    ),
    "SearchResultText": Structure({"text": Text()}, ("text",)),
    "CachePoint": Structure({"type": Choice(("default",)), "ttl": Choice(("5m", "1h"))}, ("type",)),
    "ReasoningContent": Structure({"reasoningText": "ReasoningText", "redactedContent": Blob()}, union=True),
    "ReasoningText": Structure({"text": Text(), "signature": Text()}, ("text",)),
    "CitationsContent": Structure(
        {"content": Items("DocumentText"), "citations": Items(Document(object=True))},
    ),
    "SystemContentBlock": Structure(
        {"text": Text(1), "guardContent": Document(object=True), **_CACHE_POINT}, union=True
    ),
    "InferenceConfiguration": Structure(
        {
            "maxTokens": Number(1, whole=True),
            "temperature": Number(0, 1),
            "topP": Number(0, 1),
            "stopSequences": Items(Text(1), 0, 2500),
        }
    ),
    "ToolConfiguration": Structure({"tools": Items("Tool", 1), "toolChoice": "ToolChoice"}, ("tools",)),
    "Tool": Structure({"toolSpec": "ToolSpecification", "systemTool": "SystemTool", **_CACHE_POINT}, union=True),
    "ToolSpecification": Structure(
        {"name": _TOOL_NAME, "description": Text(1), "inputSchema": "ToolInputSchema", "strict": Flag()},
        ("name", "inputSchema"),
    ),
    "ToolInputSchema": Structure({"json": Document(object=True)}, union=True),
    "SystemTool": Structure({"name": _TOOL_NAME}, ("name",)),
    "ToolChoice": Structure({"auto": "Nothing", "any": "Nothing", "tool": "SpecificToolChoice"}, union=True),
    "Nothing": Structure({}),
    "SpecificToolChoice": Structure({"name": _TOOL_NAME}, ("name",)),
    "PerformanceConfiguration": Structure({"latency": Choice(("standard", "optimized"))}),
    "ServiceTier": Structure({"type": Choice(("priority", "default", "flex", "reserved"))}, ("type",)),
    "OutputConfig": Structure({"textFormat": "OutputFormat", "effort": Text(0, 16)}),
    "OutputFormat": Structure(
        {"type": Choice(("json_schema",)), "structure": "OutputFormatStructure"}, ("type", "structure")
    ),
    "OutputFormatStructure": Structure({"jsonSchema": "JsonSchema"}, union=True),
    "JsonSchema": Structure({"schema": Text(), "name": Text(), "description": Text()}, ("schema",)),
}
