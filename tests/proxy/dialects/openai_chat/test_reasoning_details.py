"""`reasoning_details` by OpenRouter's guide "Reasoning Tokens": text, summary, encrypted; merged by index."""

from typing import Any

from proxy.canonical.parts import Reasoning
from proxy.dialects.openai_chat.reasoning_details import (
    encrypted_entry,
    format_of,
    inward,
    outward,
    read_details,
    text_entry,
)


def test_text_summary_and_encrypted_entries_are_read() -> None:
    details: list[Any] = [
        {"type": "reasoning.summary", "summary": "I weighed it.", "id": "r1", "index": 0},
        {"type": "reasoning.text", "text": "First,", "signature": "sig", "index": 1},
        {"type": "reasoning.encrypted", "data": "b64", "id": "r3", "index": 2},
        {"type": "reasoning.unheard_of", "x": 1},
        "noise",
    ]
    assert read_details(details) == [
        Reasoning(text="I weighed it.", id="r1"),
        Reasoning(text="First,", signature="sig"),
        Reasoning(signature="b64", redacted=True, id="r3"),
    ]


def test_pieces_of_one_index_are_one_thought() -> None:
    pieces = [
        {"type": "reasoning.text", "text": "Let me", "index": 0},
        {"type": "reasoning.text", "text": " see.", "index": 0},
        {"type": "reasoning.text", "signature": "sig", "index": 0},
        {"type": "reasoning.text", "text": "Next.", "index": 1},
    ]
    assert read_details(pieces) == [Reasoning(text="Let me see.", signature="sig"), Reasoning(text="Next.")]


def test_a_foreign_signature_leaves_wrapped_and_comes_back_with_its_maker() -> None:
    left = outward("anthropic-messages", "abc=")
    assert left == "gw1.anthropic-messages.abc="
    assert inward(left) == ("anthropic-messages", "abc=")
    assert outward("openai-chat", "own") == "own"
    assert inward("own") == ("openai-chat", "own")


def test_entries_say_who_made_them_in_openrouters_words() -> None:
    assert text_entry("hm", 1, origin="anthropic-messages", signature="s") == {
        "type": "reasoning.text",
        "text": "hm",
        "index": 1,
        "signature": "gw1.anthropic-messages.s",
        "format": "anthropic-claude-v1",
    }
    assert encrypted_entry("blob", 0, origin="openai-responses", id="rs_1") == {
        "type": "reasoning.encrypted",
        "data": "gw1.openai-responses.blob",
        "format": "openai-responses-v1",
        "index": 0,
        "id": "rs_1",
    }
    assert format_of("somebody") == "unknown"
