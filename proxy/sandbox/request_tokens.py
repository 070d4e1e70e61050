"""What parts of a prompt count in OpenAI's dialects; text is counted in `prose`."""

import msgspec

from proxy.sandbox.prose import count_tokens
from proxy.sandbox.request_bodies import ChatAsked

PER_MESSAGE, PER_PROMPT = 4, 3
PER_IMAGE = 85
PER_FILE = 85
"""Of a file that is elsewhere."""

_SOUND_CHARACTERS = 6_400
"""Base64 of a tenth of a second of 24 kHz, 16 bits, mono."""


def sound_tokens(data: str) -> int:
    """Ten a second and one, of base64."""
    return 1 + len(data) // _SOUND_CHARACTERS


def file_tokens(data: str | None) -> int:
    """Like text, of a data URL or base64: four bytes are one."""
    if data is None:
        return PER_FILE
    return -(-(len(data.rpartition(",")[2]) * 3 // 4) // 4)


def chat_tokens(asked: ChatAsked) -> tuple[int, int]:
    """Of a chat: all tokens of the prompt, and how many of them are audio."""
    total, audio = PER_PROMPT, 0
    for message in asked.messages:
        total += PER_MESSAGE
        if isinstance(message.content, str):
            total += count_tokens(message.content)
        else:
            for part in message.content or ():
                if part.get("type") == "image_url":
                    total += PER_IMAGE
                elif isinstance(sound := part.get("input_audio"), dict):
                    audio += sound_tokens(str(sound.get("data", "")))
                elif isinstance(file := part.get("file"), dict):
                    total += file_tokens(file.get("file_data"))
                else:
                    total += count_tokens(str(part.get("text", "")))
        if message.tool_calls:
            total += count_tokens(msgspec.json.encode(message.tool_calls).decode())
    if asked.tools:
        total += count_tokens(msgspec.json.encode(asked.tools).decode())
    return total + audio, audio
