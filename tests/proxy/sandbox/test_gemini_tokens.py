"""Media as ai.google.dev/gemini-api/docs/tokens counts them."""

import base64
from typing import Any

from proxy.sandbox.gemini_request import GeminiAsked
from proxy.sandbox.gemini_tokens import content_tokens, details, prompt_counts


def counts(*parts: dict[str, Any], **fields: Any) -> dict[str, int]:
    return prompt_counts(
        GeminiAsked({"contents": [{"role": "user", "parts": list(parts)}]} | fields, "gemini-2.5-flash")
    )


def test_text_counts_like_a_message_of_a_chat() -> None:
    assert counts({"text": "hi"}) == {"TEXT": 3 + 4 + 1}
    system = {"parts": [{"text": "Be brief."}]}
    assert counts({"text": "hi"}, systemInstruction=system) == {"TEXT": 3 + 4 + 1 + 4 + 3}
    assert counts({"text": "hi"}, tools=[{"googleSearch": {}}])["TEXT"] > 8


def test_media_count_by_modality() -> None:
    two_seconds = base64.b64encode(b"\0" * 96_000).decode()
    found = counts(
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://a/b.pdf"}},
        {"inlineData": {"mimeType": "audio/wav", "data": two_seconds}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "https://a.test/v"}},
        {"inlineData": {"mimeType": "text/plain", "data": base64.b64encode(b"x" * 12).decode()}},
    )
    assert found == {"TEXT": 3 + 4 + 3, "IMAGE": 258, "DOCUMENT": 258, "AUDIO": 64, "VIDEO": 263}
    assert details({"TEXT": 3, "IMAGE": 0}) == [{"modality": "TEXT", "tokenCount": 3}]


def test_calls_and_responses_count() -> None:
    found = counts(
        {"functionCall": {"name": "f", "args": {"a": 1}}},  # 1 and 2
        {"functionResponse": {"name": "f", "response": {"b": 2}}},  # 1 and 2
    )
    assert found == {"TEXT": 3 + 4 + 3 + 3}


def test_an_embedding_counts_its_text_alone() -> None:
    assert content_tokens({"parts": [{"text": "hello"}, {"text": "hi"}]}) == 3
