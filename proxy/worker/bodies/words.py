"""The words of the APIs: what may stand in a shape as it was sent. Everything else is a caller's text.

A name that is missing here costs a reader a name; one too many tells a caller's secret only where it spells it.
"""

MAPS = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas", "content_policy"})
"""Objects whose names are the caller's, and whose values are of the API again."""

DATA = frozenset(
    {
        *("metadata", "client_metadata", "arguments", "args", "input_json", "logit_bias", "response", "result"),
        *("output", "extra_body", "prediction"),
        *("default", "const", "examples", "enum", "example", "headers", "tags", "variables"),
        *("user_location", "filters", "container", "mcp_servers", "allowed_callers", "authorization"),
    }
)
"""Objects and lists that are the caller's through and through."""

ENUMERATIONS = frozenset(
    {
        *("role", "type", "finish_reason", "stop_reason", "tool_choice", "response_format", "effort", "format", "mode"),
        *("reasoning_effort", "service_tier", "verbosity", "detail", "media_type", "truncation", "encoding_format"),
        *("status", "phase", "summary", "generate_summary", "voice", "modalities", "include", "prompt_cache_retention"),
        *("search_context_size", "syntax", "ttl", "display", "speed", "function_call", "mime_type"),
    }
)
"""Names whose values are words of `WORDS`."""

NUMBERS = frozenset(
    {
        *("temperature", "top_p", "top_k", "min_p", "top_a", "n", "best_of", "seed", "dimensions", "logprobs"),
        *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample", "budget_tokens"),
        *("frequency_penalty", "presence_penalty", "repetition_penalty", "top_logprobs", "max_tool_calls", "max_uses"),
        *("max_num_results", "display_width_px", "display_height_px", "minimum", "maximum", "exclusiveMinimum"),
        *("exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "minProperties"),
        *("maxProperties",),
    }
)
"""Names whose values are numbers: any other's number is a caller's, such as a phone's or an account's."""

WORDS = frozenset(
    {
        *("system", "developer", "user", "assistant", "tool", "function", "model", "critic", "platform"),
        *("text", "image_url", "input_audio", "file", "refusal", "input_text", "output_text", "input_image"),
        *("input_file", "summary_text", "reasoning_text", "image", "document", "audio", "video", "video_url"),
        *("tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result"),
        *("search_result", "container_upload", "mcp_tool_use", "mcp_tool_result", "compaction", "message"),
        *("function_call_output", "reasoning", "item_reference", "web_search_call", "file_search_call"),
        *("computer_call", "computer_call_output", "code_interpreter_call", "image_generation_call", "mcp_call"),
        *("local_shell_call", "local_shell_call_output", "custom_tool_call", "custom_tool_call_output", "custom"),
        *("mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "web_search", "web_search_preview"),
        *("file_search", "code_interpreter", "image_generation", "local_shell", "mcp", "computer_use_preview"),
        *("web_search_20250305", "web_fetch_20250910", "code_execution_20250825", "text_editor_20250728"),
        *("bash_20250124", "computer_20250124", "memory_20250818", "allowed_tools", "grammar", "lark", "regex"),
        *("json_object", "json_schema", "schema", "none", "auto", "any", "required", "default", "base64", "url"),
        *("content",),
        *("string", "number", "integer", "boolean", "object", "array", "null", "float", "base64_json"),
        *("enabled", "disabled", "adaptive", "ephemeral", "minimal", "low", "medium", "high", "xhigh", "max"),
        *("flex", "scale", "priority", "standard", "standard_only", "batch", "fast", "ultrafast", "in_memory", "24h"),
        *("5m", "1h", "concise", "detailed", "original", "summarized", "omitted", "completed", "in_progress"),
        *("incomplete", "stop", "length", "tool_calls", "content_filter", "end_turn", "max_tokens", "stop_sequence"),
        *("image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf", "text/plain", "wav", "mp3"),
        *("reasoning.encrypted_content", "message.output_text.logprobs", "file_search_call.results", "commentary"),
        *("web_search_call.action.sources", "code_interpreter_call.outputs", "final_answer", "approximate"),
        *("message.input_image.image_url", "computer_call_output.output.image_url", "alloy", "ash", "ballad", "coral"),
        *("echo", "sage", "shimmer", "verse", "marin", "cedar"),
    }
)

NAMES = (
    frozenset(
        {
            *("model", "messages", "role", "content", "name", "type", "text", "stream", "stream_options", "stop"),
            *("include_usage", "include_obfuscation", "temperature", "top_p", "top_k", "min_p", "top_a", "n", "seed"),
            *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample", "stop_sequences"),
            *("frequency_penalty", "presence_penalty", "repetition_penalty", "logprobs", "top_logprobs", "store"),
            *("tools", "tool_choice", "tool_calls", "tool_call_id", "tool_use_id", "parallel_tool_calls", "functions"),
            *("function", "function_call", "description", "parameters", "input_schema", "schema", "strict", "id"),
            *("response_format", "json_schema", "reasoning", "reasoning_effort", "effort", "summary", "thinking"),
            *("budget_tokens", "display", "signature", "data", "user", "safety_identifier", "prompt_cache_key"),
            *("prompt_cache_options", "service_tier", "verbosity", "moderation", "modalities", "audio", "voice"),
            *("web_search_options", "search_context_size", "speed", "detail", "image_url", "input_audio", "file"),
            *("file_id", "file_data", "file_url", "filename", "url", "source", "media_type", "cache_control", "ttl"),
            *("citations", "enabled", "title", "context", "is_error", "system", "input", "instructions", "prompt"),
            *("previous_response_id", "conversation", "background", "truncation", "include", "max_tool_calls"),
            *("context_management", "edits", "trigger", "keep", "clear_at_least", "exclude_tools", "value"),
            *("output_config", "format", "output_format", "disable_parallel_tool_use", "suffix", "echo", "best_of"),
            *("dimensions", "encoding_format", "encrypted_content", "call_id", "status", "phase", "action", "results"),
            *("annotations", "refusal", "weight", "index", "user_id", "betas", "anthropic_version", "diagnostics"),
            *(
                "reasoning_content",
                "reasoning_details",
                "include_reasoning",
                "thought_signature",
                "models",
                "fallbacks",
                "preset",
                "route",
            ),
            *("provider", "transforms", "plugins", "usage", "mode", "allowed_tools", "tool", "custom", "grammar"),
            *("syntax", "definition", "server_label", "server_url", "vector_store_ids", "max_num_results", "query"),
            *("max_uses", "allowed_domains", "blocked_domains", "display_width_px", "display_height_px", "quality"),
            *("size", "extra_headers", "extra_query", "extra_content", "google", "api_base", "base_url", "api_key"),
            # of JSON schemas
            *("properties", "required", "items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf"),
            *("not", "enum", "const", "$ref", "$defs", "definitions", "$schema", "$id", "minimum", "maximum"),
            *("exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "minItems"),
            *("maxItems", "uniqueItems", "minProperties", "maxProperties", "patternProperties", "propertyNames"),
            *("nullable", "propertyOrdering", "if", "then", "else", "dependentSchemas", "readOnly", "deprecated"),
        }
    )
    | MAPS
    | DATA
    | ENUMERATIONS
    | NUMBERS
)
"""Names that requests have by the documentation of the APIs and of JSON Schema."""
