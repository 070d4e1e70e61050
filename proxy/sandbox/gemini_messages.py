"""The messages of Gemini requests: what each field is called and takes.

From google.genai.types and its converters to the Gemini API; Vertex takes a little more. Media, tools that Google hosts
and speech are taken without a look inside.
"""

from proxy.sandbox.proto_json import Kind

_CATEGORIES = (
    "HARM_CATEGORY_UNSPECIFIED",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_CIVIC_INTEGRITY",
)
_THRESHOLDS = (
    "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
    "BLOCK_LOW_AND_ABOVE",
    "BLOCK_MEDIUM_AND_ABOVE",
    "BLOCK_ONLY_HIGH",
    "BLOCK_NONE",
    "OFF",
)
_TYPES = ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")
_MODES = ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")
_LEVELS = ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
_MODALITIES = ("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO")
_TASKS = (
    "TASK_TYPE_UNSPECIFIED",
    "RETRIEVAL_QUERY",
    "RETRIEVAL_DOCUMENT",
    "SEMANTIC_SIMILARITY",
    "CLASSIFICATION",
    "CLUSTERING",
    "QUESTION_ANSWERING",
    "FACT_VERIFICATION",
    "CODE_RETRIEVAL_QUERY",
)

MESSAGES: dict[str, dict[str, Kind]] = {
    "GenerateContentRequest": {
        "model": "string",
        "contents": ["Content"],
        "systemInstruction": "Content",
        "tools": ["Tool"],
        "toolConfig": "ToolConfig",
        "safetySettings": ["SafetySetting"],
        "generationConfig": "GenerationConfig",
        "cachedContent": "string",
        "serviceTier": "string",
        "store": "bool",
    },
    "Content": {"parts": ["Part"], "role": "string"},
    "Part": {
        "text": "string",
        "inlineData": "Blob",
        "fileData": "FileData",
        "functionCall": "FunctionCall",
        "functionResponse": "FunctionResponse",
        "executableCode": "struct",
        "codeExecutionResult": "struct",
        "toolCall": "struct",
        "toolResponse": "struct",
        "thought": "bool",
        "thoughtSignature": "bytes",
        "videoMetadata": "struct",
        "mediaResolution": "struct",
        "partMetadata": "struct",
    },
    "Blob": {"mimeType": "string", "data": "bytes", "displayName": "string"},
    "FileData": {"mimeType": "string", "fileUri": "string", "displayName": "string"},
    "FunctionCall": {"id": "string", "name": "string", "args": "struct"},
    "FunctionResponse": {
        "id": "string",
        "name": "string",
        "response": "struct",
        "parts": ["FunctionResponsePart"],
        "willContinue": "bool",
        "scheduling": ("SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT"),
    },
    "FunctionResponsePart": {"inlineData": "Blob", "fileData": "FileData", "mediaResolution": "struct"},
    "Tool": {
        "functionDeclarations": ["FunctionDeclaration"],
        "googleSearch": "struct",
        "googleSearchRetrieval": "struct",
        "googleMaps": "struct",
        "codeExecution": "struct",
        "urlContext": "struct",
        "fileSearch": "struct",
        "computerUse": "struct",
        "mcpServers": ["struct"],
    },
    "FunctionDeclaration": {
        "name": "string",
        "description": "string",
        "parameters": "Schema",
        "parametersJsonSchema": "value",
        "response": "Schema",
        "responseJsonSchema": "value",
        "behavior": ("UNSPECIFIED", "BLOCKING", "NON_BLOCKING"),
    },
    "Schema": {
        "type": _TYPES,
        "format": "string",
        "title": "string",
        "description": "string",
        "nullable": "bool",
        "enum": ["string"],
        "items": "Schema",
        "maxItems": "int64",
        "minItems": "int64",
        "properties": "map Schema",
        "required": ["string"],
        "minProperties": "int64",
        "maxProperties": "int64",
        "minLength": "int64",
        "maxLength": "int64",
        "pattern": "string",
        "example": "value",
        "anyOf": ["Schema"],
        "propertyOrdering": ["string"],
        "default": "value",
        "minimum": "float",
        "maximum": "float",
    },
    "ToolConfig": {
        "functionCallingConfig": "FunctionCallingConfig",
        "retrievalConfig": "struct",
        "includeServerSideToolInvocations": "bool",
    },
    "FunctionCallingConfig": {"mode": _MODES, "allowedFunctionNames": ["string"]},
    "SafetySetting": {"category": _CATEGORIES, "threshold": _THRESHOLDS},
    "ThinkingConfig": {"includeThoughts": "bool", "thinkingBudget": "int32", "thinkingLevel": _LEVELS},
    "GenerationConfig": {
        "candidateCount": "int32",
        "stopSequences": ["string"],
        "maxOutputTokens": "int32",
        "temperature": "float",
        "topP": "float",
        "topK": "float",
        "seed": "int32",
        "presencePenalty": "float",
        "frequencyPenalty": "float",
        "responseLogprobs": "bool",
        "logprobs": "int32",
        "responseMimeType": "string",
        "responseSchema": "Schema",
        "responseJsonSchema": "value",
        "responseModalities": [_MODALITIES],
        "thinkingConfig": "ThinkingConfig",
        "mediaResolution": "string",
        "speechConfig": "struct",
        "imageConfig": "struct",
        "enableEnhancedCivicAnswers": "bool",
        "audioTranscriptionConfig": "struct",
        "continuationToken": "bytes",
    },
    "CountTokensRequest": {"contents": ["Content"], "generateContentRequest": "GenerateContentRequest"},
    "EmbedContentRequest": {
        "model": "string",
        "content": "Content",
        "taskType": _TASKS,
        "title": "string",
        "outputDimensionality": "int32",
    },
    "BatchEmbedContentsRequest": {"requests": ["EmbedContentRequest"]},
}
"""Of the Gemini API."""

OF_VERTEX: dict[str, dict[str, Kind]] = MESSAGES | {
    "GenerateContentRequest": MESSAGES["GenerateContentRequest"]
    | {"labels": "map string", "modelArmorConfig": "struct"},
    "Schema": MESSAGES["Schema"] | {"additionalProperties": "value", "ref": "string", "defs": "map Schema"},
    "SafetySetting": MESSAGES["SafetySetting"]
    | {"method": ("HARM_BLOCK_METHOD_UNSPECIFIED", "SEVERITY", "PROBABILITY")},
    "GenerationConfig": MESSAGES["GenerationConfig"] | {"audioTimestamp": "bool", "routingConfig": "struct"},
    "CountTokensRequest": {
        "model": "string",
        "contents": ["Content"],
        "systemInstruction": "Content",
        "tools": ["Tool"],
        "generationConfig": "GenerationConfig",
    },
    "EmbedContentRequest": {
        "content": "Content",
        "embedContentConfig": "struct",
        "taskType": _TASKS,
        "title": "string",
        "outputDimensionality": "int32",
    },
}
