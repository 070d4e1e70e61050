"""What depends on the model that is asked, or on two wishes together. Asked in Chat Completions; callers of other
dialects get the same.

platform.claude.com/docs/en/build-with-claude/{extended-thinking,effort,adaptive-thinking} and the migration guides,
ai.google.dev/gemini-api/docs/{thinking,structured-output}, AWS's guides to Claude on Bedrock.
"""

from typing import NamedTuple

from tests.conformance.dialects import told
from tests.conformance.dialects.chat_caller import ASKS, TOOLS
from tests.conformance.dialects.pattern import ABSENT, Said
from tests.conformance.dialects.provider import Json, Pattern


class Special(NamedTuple):
    """`received`: what the provider must get; `param`: what is lost instead."""

    title: str
    provider: str
    model: str
    asked: Json
    outcome: str
    """For people."""
    received: Pattern = None
    param: str = ""


_WARM = {"temperature": told.TEMPERATURE}
_MEDIUM = {"reasoning_effort": "medium", "max_completion_tokens": 5 * told.ROOM}
_BUDGET = ASKS["budget"]
_ENABLED = {"type": "enabled", "budget_tokens": told.BUDGET}
_LATE = {
    "messages": [
        {"role": "user", "content": told.EARLIER[0]},
        {"role": "assistant", "content": told.EARLIER[1]},
        {"role": "system", "content": told.SYSTEM},
        {"role": "user", "content": told.PROMPT},
    ]
}
_SONNET, _OPUS = "claude-sonnet-4-5", "claude-opus-4-8"
_BEDROCK_SONNET, _BEDROCK_OPUS = "anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-opus-4-8"

SPECIALS = [
    Special("temperature, Claude 4.7 and newer", "messages", _OPUS, _WARM, "dropped", param="temperature"),
    Special("temperature, Claude 4.7 and newer", "bedrock", _BEDROCK_OPUS, _WARM, "dropped", param="temperature"),
    Special("temperature above 1", "messages", _SONNET, {"temperature": 1.5}, "dropped", param="temperature"),
    Special(
        "temperature and top_p, Claude 4.1 to 4.6",
        "messages",
        _SONNET,
        {**_WARM, "top_p": told.TOP_P},
        "top_p dropped",
        param="top_p",
    ),
    Special("temperature beside thinking", "messages", _SONNET, {**_WARM, **_MEDIUM}, "dropped", param="temperature"),
    Special(
        "thinking beside a forced tool call",
        "messages",
        _SONNET,
        {**_MEDIUM, **TOOLS, "tool_choice": "required"},
        "thinking dropped",
        param="reasoning_effort",
    ),
    Special(
        "thinking, max output below 1,024",
        "messages",
        _SONNET,
        {**_MEDIUM, "max_completion_tokens": 500},
        "thinking dropped",
        param="reasoning_effort",
    ),
    Special(
        "JSON schema beside tools, Gemini 2.5 and older",
        "gemini",
        "gemini-2.5-flash",
        {**ASKS["json_schema"], **TOOLS},
        "schema dropped",
        param="response_format",
    ),
    Special(
        "more than five stop sequences", "gemini", "gemini-2.5-flash", {"stop": [*"ABCDEF"]}, "dropped", param="stop"
    ),
    Special("`n` above 8", "gemini", "gemini-2.5-flash", {"n": 9}, "dropped", param="n"),
    Special(
        "tool choice: none, after calls",
        "bedrock",
        _BEDROCK_SONNET,
        {**ASKS["result_text"], "tool_choice": "none"},
        "dropped",
        param="tool_choice",
    ),
    Special(
        "effort, Claude 4.5 and older",
        "messages",
        _SONNET,
        _MEDIUM,
        "a budget: `medium` 8,192",
        {"thinking": _ENABLED},
    ),
    Special(
        "effort, Claude 4.5 and older",
        "bedrock",
        _BEDROCK_SONNET,
        _MEDIUM,
        "a budget: `medium` 8,192",
        {"additionalModelRequestFields": {"thinking": _ENABLED}},
    ),
    Special(
        "effort, Gemini 2.5",
        "gemini",
        "gemini-2.5-flash",
        _MEDIUM,
        "a budget: `medium` 8,192",
        {"generationConfig": {"thinkingConfig": {"thinkingBudget": told.BUDGET, "thinkingLevel": ABSENT}}},
    ),
    Special(
        "budget, Claude 4.6 and newer",
        "messages",
        _OPUS,
        _BUDGET,
        "an effort: 8,192 `medium`",
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}},
    ),
    Special(
        "budget, Claude 4.6 and newer",
        "bedrock",
        _BEDROCK_OPUS,
        _BUDGET,
        "an effort: 8,192 `medium`",
        {
            "additionalModelRequestFields": {"thinking": {"type": "adaptive"}},
            "outputConfig": {"effort": "medium"},
        },
    ),
    Special(
        "budget, Gemini 3",
        "gemini",
        "gemini-3-flash-preview",
        _BUDGET,
        "a level: 8,192 `MEDIUM`",
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "MEDIUM", "thinkingBudget": ABSENT}}},
    ),
    Special(
        "no thinking, Gemini 3",
        "gemini",
        "gemini-3-flash-preview",
        {"reasoning_effort": "none"},
        "as little as it can: `MINIMAL`",
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "MINIMAL"}}},
    ),
    Special(
        "a late system prompt",
        "messages",
        _SONNET,
        _LATE,
        "moved to the first",
        {"system": Said(told.SYSTEM), "messages": [{"role": "user"}, {"role": "assistant"}, {"role": "user"}]},
    ),
    Special(
        "a late system prompt",
        "gemini",
        "gemini-2.5-flash",
        _LATE,
        "moved to the first",
        {
            "systemInstruction": {"parts": Said(told.SYSTEM)},
            "contents": [{"role": "user"}, {"role": "model"}, {"role": "user"}],
        },
    ),
    Special(
        "no max output",
        "messages",
        _SONNET,
        {},
        "32,000 tokens, which Anthropic demands to be said",
        {"max_tokens": 32000},
    ),
    Special(
        "max output below 16",
        "responses",
        "gpt-4.1",
        {"max_completion_tokens": 5},
        "16, the least",
        {"max_output_tokens": 16},
    ),
]
