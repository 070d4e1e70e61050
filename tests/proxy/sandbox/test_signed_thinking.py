import base64

import pytest

from proxy.sandbox.signed_thinking import is_ours, sign, signs

THOUGHT = "The harbour is quiet."


def test_a_signature_is_known_again_and_never_changes() -> None:
    assert sign(THOUGHT) == sign(THOUGHT)
    assert signs(sign(THOUGHT), THOUGHT)
    assert is_ours(sign(THOUGHT))


def test_a_thought_that_was_not_shown_may_be_missing() -> None:
    assert signs(sign(THOUGHT), "")


def test_a_changed_thought_breaks_its_signature() -> None:
    assert not signs(sign(THOUGHT), THOUGHT + " ")


@pytest.mark.parametrize(
    "signature", ["", "EkgA", "gw1.gemini.abc", "not base64 ✓", base64.b64encode(b"x" * 50).decode()]
)
def test_what_others_made_is_not_ours(signature: str) -> None:
    assert not is_ours(signature)
    assert not signs(signature, "")


def test_a_forged_byte_is_found() -> None:
    raw = bytearray(base64.b64decode(sign(THOUGHT)))
    for at in range(len(raw)):
        forged = bytes(raw[:at]) + bytes([raw[at] ^ 1]) + bytes(raw[at + 1 :])
        assert not signs(base64.b64encode(forged).decode(), THOUGHT)
