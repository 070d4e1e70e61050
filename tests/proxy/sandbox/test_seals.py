import base64

from proxy.sandbox.seals import encrypted_content, is_encrypted_content, is_sealed, item_id, seal, was_stored


def test_a_seal_is_known_again_and_any_change_of_it_is_not() -> None:
    made = seal("thought", b"key")
    assert made == seal("thought", b"key") != seal("thought", b"other")
    assert is_sealed("thought", made)
    assert not is_sealed("reasoning", made)
    for at in range(len(made)):
        assert not is_sealed("thought", made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :])
    assert not is_sealed("thought", made[:-1])


def test_encrypted_content_looks_like_openais() -> None:
    text = encrypted_content(b"key")
    assert text.startswith("gAAAAAB")
    assert is_encrypted_content(text)
    for other in ("", "gAAAAAB", "gAAAAAB!!!", text[:-4], base64.b64encode(b"x" * 60).decode(), "é"):
        assert not is_encrypted_content(other)


def test_an_id_says_whether_it_was_stored() -> None:
    assert was_stored(item_id("rs", b"key", True))
    for other in (item_id("rs", b"key", False), "rs_1", "", "resp_" + item_id("rs", b"key", True)[3:]):
        assert not was_stored(other)
