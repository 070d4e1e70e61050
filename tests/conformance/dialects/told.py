"""The words, numbers and files that requests and replies of the table hold. All tables use the same ones."""

import base64
import json
import struct
import zlib
from typing import Any

PROMPT = "What is the weather in Zürich? Answer in JSON or in words."
SYSTEM = "You are a meteorologist: 晴れ."
DEVELOPER = "Answer in one sentence."
EARLIER = ("Is it cold there?", "Rather cold.")
TEXT = "Föhn, 18 °C – ☀ and “dry”."
THOUGHTS = "South wind over the Alps, so it is warm."
REFUSAL = "I'm sorry, but I can't help with that."
"""What the sandbox says where it declines."""
JSON_TEXT = '{"city":"Zürich","celsius":18}'

MAX_OUTPUT = 3000
ROOM = 4000
"""Most tokens of a reply where nothing else is said."""
TEMPERATURE = 0.25
TOP_P = 0.96
TOP_K = 40
STOP = ["END", "HALT"]
SEED = 42
PENALTIES = (0.5, 0.25)
"""Presence, frequency."""
TOP_LOGPROBS = 2
EFFORT = "high"
BUDGET = 8192
USER = "u-17"
SPEAKER = "anna"
CACHE_KEY = "weather-prompts"
STORED = "resp_0123456789abcdef0123456789abcdef"
LOGIT_BIAS = {"1234": -5}
FEATURE = "weather-page"

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "celsius": {"type": "integer"}},
    "required": ["city", "celsius"],
    "additionalProperties": False,
}
TOOL = "get_weather"
TOOL_ABOUT = "The weather of a city, now."
OTHER_TOOL = "get_time"
CUSTOM_TOOL = "apply_patch"
FREE_TEXT = "*** Begin Patch"
ONE_TEXT: dict[str, Any] = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}
"""Arguments of a tool of free text where tools take JSON."""
FREE_AS_JSON = {"calls": json.dumps([{"name": CUSTOM_TOOL, "arguments": {"input": FREE_TEXT}}])}
"""What a model is told to answer there."""
TOOL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
ARGUMENTS: list[dict[str, Any]] = [{"city": "Zürich"}, {"city": 'São "Paulo"\n'}]
CALLS: list[tuple[str, dict[str, Any]]] = [(TOOL, ARGUMENTS[0]), (OTHER_TOOL, ARGUMENTS[1])]
"""What a model calls: names and arguments."""
CALL_IDS = ("call_first0001", "call_second002")
RESULTS = ("18 °C", "12:34")
FAILURE = "no such city"

CITATION = {"url": "https://meteo.example/zurich", "title": "Zürich today", "quote": "18 °C"}

IMAGE_URL = "https://img.example/sky.png"
PDF_URL = "https://files.example/report.pdf"
PDF_NAME = "report.pdf"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


PNG = _base64(
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\0"))
    + _chunk(b"IEND", b"")
)
PDF = _base64(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
WAV = _base64(b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\4\0\0\0\0\0\0\0")


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
