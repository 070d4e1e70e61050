"""The wire formats that providers speak, by name."""

from typing import Literal

Dialect = Literal["openai-chat", "openai-responses", "anthropic-messages", "gemini", "bedrock-converse"]

DIALECTS: tuple[Dialect, ...] = ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "bedrock-converse")
WORKING_DIALECTS: tuple[Dialect, ...] = DIALECTS
"""What this version can speak to a provider."""
