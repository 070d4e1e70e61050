import base64
from typing import Any

from proxy.sandbox.demands import NONE
from proxy.sandbox.gemini_candidate import Candidate
from proxy.sandbox.gemini_request import GeminiAsked
from proxy.sandbox.prose import key_of
from proxy.sandbox.said import Call, Said
from proxy.sandbox.seals import is_sealed

KEY = key_of("a request")
TEXT = Said([], 0, ["one ", "two"], [], "stop", False)
CALLS = Said([], 0, [], [Call("f", ['{"a":1}']), Call("g", ['{"b"'])], "length", False)


def candidate(said: Said, model: str = "gemini-3-pro") -> Candidate:
    return Candidate(GeminiAsked({"contents": []}, model), KEY, 0, said, NONE)


def parts(content: dict[str, Any]) -> list[dict[str, Any]]:
    return content["content"].get("parts", [])  # type: ignore[no-any-return]


def test_the_signature_of_a_stream_is_on_an_empty_text() -> None:
    whole, pieces = candidate(TEXT).whole(), candidate(TEXT).pieces()
    signature = parts(whole)[0]["thoughtSignature"]
    assert is_sealed("thought", base64.b64decode(signature))
    assert parts(pieces[-1]) == [{"text": "", "thoughtSignature": signature}]
    assert [parts(piece)[0]["text"] for piece in pieces] == ["one ", "two", ""]


def test_a_call_that_was_cut_off_is_not_made() -> None:
    (call,) = parts(candidate(CALLS).whole())
    assert call["functionCall"]["name"] == "f"
    assert candidate(CALLS).whole()["finishReason"] == "MAX_TOKENS"
    assert len(candidate(CALLS).pieces()) == 2


def test_a_model_that_does_not_think_signs_nothing() -> None:
    assert parts(candidate(TEXT, "gemini-2.0-flash").whole()) == [{"text": "one two"}]
