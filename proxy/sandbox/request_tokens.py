"""What parts of a prompt count in OpenAI's dialects; text is counted in `prose`."""

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
