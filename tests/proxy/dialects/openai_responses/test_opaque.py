"""Reasoning state travels with the name of its maker, and never to another provider."""

from proxy.dialects.openai_responses.opaque import (
    call_encrypted_content,
    encrypted_content,
    item_id,
    response_id,
    sendable,
    state_of,
)

CALL_ID = "01939d0a-7e1c-7000-8000-000000000001"


def test_own_state_is_bare_and_foreign_state_is_wrapped() -> None:
    assert encrypted_content("abc", "openai-responses") == "abc"
    assert encrypted_content("abc", "anthropic-messages") == "gw1.anthropic-messages.abc"
    assert encrypted_content(None, "gemini") is None


def test_what_it_is_the_state_of_comes_back_with_it() -> None:
    redacted = encrypted_content("abc", "anthropic-messages", redacted=True)
    assert redacted == "gw1.redacted:anthropic-messages.abc"
    assert state_of(redacted, shown=False) == ("abc", "anthropic-messages", "redacted")
    unshown = encrypted_content("abc", "anthropic-messages")
    assert unshown
    assert state_of(unshown, shown=False) == ("abc", "anthropic-messages", "thoughts")
    call = call_encrypted_content("abc", "gemini")
    assert call == "gw1.call:gemini.abc"
    assert state_of(call, shown=False) == ("abc", "gemini", "call")


def test_a_bare_state_is_openais() -> None:
    assert state_of("gAAAA", shown=False) == ("gAAAA", "openai-responses", "redacted")
    assert state_of("gAAAA", shown=True) == ("gAAAA", "openai-responses", "thoughts")


def test_ids_have_openais_prefixes() -> None:
    assert response_id(CALL_ID) == "resp_gw101939d0a7e1c70008000000000000001"
    assert item_id("msg", CALL_ID, 2) == "msg_gw101939d0a7e1c70008000000000000001_2"


def test_openai_gets_its_own_items_back_as_they_are() -> None:
    for item in (
        {"type": "reasoning", "id": "rs_68af", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "message", "id": "msg_68af", "role": "assistant", "content": []},
        {"role": "user", "content": "hi"},
        {"type": "item_reference", "id": "msg_68af"},
        "not an item",
    ):
        assert sendable(item) is item


def test_openai_never_gets_what_it_never_made() -> None:
    ours = item_id("rs", CALL_ID, 0)
    assert sendable({"type": "reasoning", "id": ours, "summary": [], "encrypted_content": "gw1.gemini.x"}) is None
    assert sendable({"type": "reasoning", "summary": [], "encrypted_content": "gw1.call:gemini.x"}) is None
    assert sendable({"type": "reasoning", "id": ours, "summary": [{"type": "summary_text", "text": "hm"}]}) is None
    message = {"type": "message", "id": item_id("msg", CALL_ID, 1), "role": "assistant", "content": []}
    assert sendable(message) == {"type": "message", "role": "assistant", "content": []}
    assert "id" in message


def test_own_state_that_went_through_another_dialect_is_bare_again() -> None:
    item = {"type": "reasoning", "summary": [], "encrypted_content": "gw1.openai-responses.gAAAA"}
    assert sendable(item) == {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}
